//! UTF-8, whole or in pieces: wrong bytes are found in the piece that brings them.

use simdutf8::basic;
use simdutf8::compat;

/// Checks a whole text.
#[inline]
pub(crate) fn check(bytes: &[u8]) -> Result<&str, InvalidUtf8> {
    basic::from_utf8(bytes).map_err(|_| InvalidUtf8)
}

/// Checks a text piece by piece; a character may be cut anywhere.
///
/// Only the bytes of a character that a
/// piece ends in the middle of are kept, three at most.
///
/// ```
/// use sansocket::utf8::Validator;
///
/// let mut validator = Validator::new();
/// assert!(validator.feed(b"caf\xc3").is_ok());
/// assert!(validator.finish().is_err(), "the text ends inside a character");
/// assert!(validator.feed(b"\xa9").is_ok());
/// assert!(validator.finish().is_ok());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Validator {
    unfinished: [u8; 4],
    len: u8,
}

/// The bytes are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is not UTF-8")]
pub struct InvalidUtf8;

impl Validator {
    /// A validator at the start of a text.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            unfinished: [0; 4],
            len: 0,
        }
    }

    /// Checks the next piece.
    ///
    /// # Errors
    /// [`InvalidUtf8`] as soon as no continuation could make the text valid, even inside a
    /// character.
    pub fn feed(&mut self, piece: &[u8]) -> Result<(), InvalidUtf8> {
        let piece = self.finish_character(piece)?;
        let Err(error) = compat::from_utf8(piece) else {
            return Ok(());
        };
        if error.error_len().is_some() {
            return Err(InvalidUtf8);
        }
        let tail = piece.get(error.valid_up_to()..).unwrap_or_default();
        for &byte in tail {
            self.keep(byte);
        }
        Ok(())
    }

    /// Ends the text.
    ///
    /// # Errors
    /// [`InvalidUtf8`] when it ends inside a character.
    pub const fn finish(&self) -> Result<(), InvalidUtf8> {
        if self.len == 0 {
            Ok(())
        } else {
            Err(InvalidUtf8)
        }
    }

    /// Eats the bytes that the unfinished character still needs.
    fn finish_character<'a>(&mut self, mut piece: &'a [u8]) -> Result<&'a [u8], InvalidUtf8> {
        while self.len > 0
            && let Some((&byte, rest)) = piece.split_first()
        {
            piece = rest;
            self.keep(byte);
            let character = self.unfinished.get(..usize::from(self.len));
            match core::str::from_utf8(character.unwrap_or_default()) {
                Ok(_) => self.len = 0,
                Err(error) if error.error_len().is_some() => return Err(InvalidUtf8),
                Err(_) => {}
            }
        }
        Ok(piece)
    }

    /// A character has four bytes at most, so a fifth is never kept.
    fn keep(&mut self, byte: u8) {
        if let Some(slot) = self.unfinished.get_mut(usize::from(self.len)) {
            *slot = byte;
            self.len += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn whole(bytes: &[u8]) -> bool {
        let mut validator = Validator::new();
        validator
            .feed(bytes)
            .and_then(|()| validator.finish())
            .is_ok()
    }

    fn byte_by_byte(bytes: &[u8]) -> bool {
        let mut validator = Validator::new();
        bytes
            .iter()
            .try_for_each(|byte| validator.feed(&[*byte]))
            .and_then(|()| validator.finish())
            .is_ok()
    }

    #[test]
    fn a_wrong_byte_is_found_before_its_character_ends() {
        // F4 90 would be above U+10FFFF, whatever follows (Autobahn 6.4.x).
        let mut validator = Validator::new();
        validator.feed(b"\xce\xba\xf4").unwrap();
        assert_eq!(validator.feed(b"\x90"), Err(InvalidUtf8));
    }

    #[test]
    fn surrogates_overlong_forms_and_stray_bytes_are_refused() {
        for bytes in [
            &b"\xed\xa0\x80"[..],
            b"\xc0\xaf",
            b"\xe0\x80\xaf",
            b"\x80",
            b"\xff",
        ] {
            assert!(!whole(bytes), "{bytes:x?}");
            assert!(!byte_by_byte(bytes), "{bytes:x?}");
        }
    }

    proptest! {
        #[test]
        fn pieces_are_judged_like_the_whole(
            bytes in prop_oneof![
                any::<Vec<u8>>(),
                ".*".prop_map(alloc::string::String::into_bytes),
                prop::collection::vec(prop::sample::select(&b"\xf0\x9f\x98\x80\xc3\xa9a\xed\xa0\xe2\x82\xac"[..]), 0..8),
            ],
            cut in any::<prop::sample::Index>(),
        ) {
            let expected = core::str::from_utf8(&bytes).is_ok();
            prop_assert_eq!(whole(&bytes), expected);
            prop_assert_eq!(byte_by_byte(&bytes), expected);
            let (head, tail) = bytes.split_at(cut.index(bytes.len() + 1));
            let mut validator = Validator::new();
            let verdict = validator.feed(head).and_then(|()| validator.feed(tail)).and_then(|()| validator.finish());
            prop_assert_eq!(verdict.is_ok(), expected);
        }
    }
}
