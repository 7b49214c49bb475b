//! What a fuzzer's bytes decide.

use std::time::Duration;

use crate::Seeded;

/// Decisions read from bytes, one after the other; when the bytes run out, all of them are zero.
pub(super) struct Choices<'a> {
    rest: &'a [u8],
}

impl<'a> Choices<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { rest: data }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.rest.split_first() else {
            return 0;
        };
        self.rest = rest;
        *byte
    }

    /// A number below `end`, which is 256 at most.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    pub(super) fn flip(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// As many bytes as the next byte says, or as there are.
    pub(super) fn bytes(&mut self) -> &'a [u8] {
        let len = usize::from(self.byte()).min(self.rest.len());
        let (bytes, rest) = self.rest.split_at(len);
        self.rest = rest;
        bytes
    }

    /// As [`bytes`](Self::bytes), made into text where it is none.
    pub(super) fn text(&mut self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    pub(super) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// From nothing to about two minutes, most often short.
    pub(super) fn duration(&mut self) -> Duration {
        Duration::from_millis(1 << self.below(18)) - Duration::from_millis(1)
    }
}

/// The same bytes in pieces, cut at places that the bytes themselves decide; some are empty.
pub(super) fn pieces(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let seed = data.iter().fold(data.len() as u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut random = Seeded::new(seed);
    let widest = 1 + random.below(20);
    let mut rest = data;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = rest.split_at(random.below(widest + 1).min(rest.len()));
        rest = after;
        Some(piece)
    })
}
