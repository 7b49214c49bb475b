//! Escapes in JSON strings, RFC 8259 section 7: written the way JavaScript writes them.

use alloc::borrow::Cow;
use alloc::string::String;
use core::str::Chars;

/// Appends `text` as a JSON string, quotes included.
///
/// ```
/// let mut out = String::new();
/// sansocket::json::write_string(&mut out, "say \"hi\"\n");
/// assert_eq!(out, r#""say \"hi\"\n""#);
/// ```
pub fn write_string(out: &mut String, text: &str) {
    out.reserve(text.len() + 2);
    out.push('"');
    for piece in escape(text) {
        out.push_str(piece);
    }
    out.push('"');
}

/// The characters that the inside of a JSON string (without its quotes) stands for.
///
/// Half a surrogate pair, which the grammar allows and UTF-8 does not, becomes U+FFFD.
#[must_use]
pub fn unescape(inside: &str) -> Cow<'_, str> {
    if inside.contains('\\') {
        Cow::Owned(Characters::new(inside).collect())
    } else {
        Cow::Borrowed(inside)
    }
}

/// The pieces that `text` becomes inside the quotes of a JSON string.
pub(crate) fn escape(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(needs_escape).flat_map(|piece| {
        let plain = piece.trim_end_matches(needs_escape);
        let escaped = piece.as_bytes().get(plain.len());
        [plain, escaped.map_or("", |byte| escape_sequence(*byte))]
    })
}

fn needs_escape(character: char) -> bool {
    matches!(character, '"' | '\\' | ..' ')
}

const fn escape_sequence(byte: u8) -> &'static str {
    const CONTROLS: [&str; 32] = [
        "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007",
        "\\b", "\\t", "\\n", "\\u000b", "\\f", "\\r", "\\u000e", "\\u000f", "\\u0010", "\\u0011",
        "\\u0012", "\\u0013", "\\u0014", "\\u0015", "\\u0016", "\\u0017", "\\u0018", "\\u0019",
        "\\u001a", "\\u001b", "\\u001c", "\\u001d", "\\u001e", "\\u001f",
    ];
    match byte {
        b'"' => "\\\"",
        b'\\' => "\\\\",
        #[allow(
            clippy::indexing_slicing,
            reason = "the arm's range is the table's length"
        )]
        0..32 => CONTROLS[byte as usize],
        _ => "",
    }
}

/// The characters that the inside of a JSON string stands for; nothing a peer sends makes it stop early.
pub(crate) struct Characters<'a> {
    rest: Chars<'a>,
}

impl<'a> Characters<'a> {
    pub(crate) fn new(inside: &'a str) -> Self {
        Self {
            rest: inside.chars(),
        }
    }

    /// The four digits of a `\u`, which is eaten already.
    fn code_unit(&mut self) -> Option<u32> {
        let digits = self.rest.as_str().get(..4)?;
        let unit = u32::from_str_radix(digits, 16).ok()?;
        self.rest.nth(3);
        Some(unit)
    }

    /// The second half of a surrogate pair, if it is there.
    fn low_surrogate(&mut self) -> Option<u32> {
        let mut ahead = Self::new(self.rest.as_str().strip_prefix("\\u")?);
        let unit = ahead.code_unit()?;
        if !(0xdc00..0xe000).contains(&unit) {
            return None;
        }
        self.rest = ahead.rest;
        Some(unit)
    }
}

impl Iterator for Characters<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let character = self.rest.next()?;
        if character != '\\' {
            return Some(character);
        }
        Some(match self.rest.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let unit = self.code_unit()?;
                let scalar = match unit {
                    0xd800..0xdc00 => self.low_surrogate().map_or(unit, |low| {
                        0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
                    }),
                    _ => unit,
                };
                char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Kind;
    use crate::json::check;
    use proptest::prelude::*;

    #[test]
    fn escaping_is_what_javascript_writes() {
        let mut out = String::new();
        write_string(
            &mut out,
            "a\"b\\c\u{8}\t\n\u{b}\u{c}\r\u{1f}\u{7f}/é\u{2028}\"\"",
        );
        assert_eq!(
            out,
            "\"a\\\"b\\\\c\\b\\t\\n\\u000b\\f\\r\\u001f\u{7f}/é\u{2028}\\\"\\\"\""
        );
    }

    #[test]
    fn unescaping_joins_surrogates_and_replaces_halves() {
        assert_eq!(unescape("a\\u0062\\ud83d\\ude00\\/"), "ab😀/");
        assert_eq!(unescape("\\ud83dx"), "\u{fffd}x");
        assert_eq!(
            unescape("\\ude00\\ud83d\\ud83d\\ude00"),
            "\u{fffd}\u{fffd}😀"
        );
        assert!(matches!(unescape("plain"), Cow::Borrowed("plain")));
    }

    proptest! {
        #[test]
        fn any_string_survives_escaping_and_unescaping(text in "\\PC*|[\\x00-\\x7f]*") {
            let mut out = String::new();
            write_string(&mut out, &text);
            prop_assert_eq!(check(&out), Ok(Kind::String));
            prop_assert_eq!(unescape(&out[1..out.len() - 1]), text);
        }
    }
}
