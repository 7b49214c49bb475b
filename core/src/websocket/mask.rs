//! Masking, RFC 6455 section 5.3: the payload XOR a key of four bytes, repeated.
//!
//! Both functions work on blocks that the compiler turns into vector instructions.

use alloc::vec::Vec;

/// A mask key, turned so that its first byte meets the next byte of the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MaskKey([u8; 4]);

impl MaskKey {
    pub(crate) const fn new(key: [u8; 4]) -> Self {
        Self(key)
    }

    /// The key for the bytes that follow the next `count` bytes.
    pub(crate) const fn after(self, count: usize) -> Self {
        // `count % 4 * 8` bits; the first byte of the key is the lowest of the little-endian word.
        let word = u32::from_le_bytes(self.0);
        Self(word.rotate_right((count % 4) as u32 * 8).to_le_bytes())
    }

    /// Masks or unmasks in place: the operation is its own inverse.
    pub(crate) fn apply(self, bytes: &mut [u8]) {
        let wide = self.wide();
        let (blocks, rest) = bytes.as_chunks_mut::<WIDTH>();
        for block in blocks {
            *block = mask_block(*block, wide);
        }
        for (byte, key) in rest.iter_mut().zip(self.0.iter().cycle()) {
            *byte ^= key;
        }
    }

    /// Unmasks `payload` into `target`, which is as long, in one pass.
    pub(crate) fn copy(self, payload: &[u8], target: &mut [u8]) {
        debug_assert_eq!(payload.len(), target.len());
        let wide = self.wide();
        let (blocks, payload) = payload.as_chunks::<SMALL_BLOCK>();
        let (target_blocks, target) = target.as_chunks_mut::<SMALL_BLOCK>();
        for (target, block) in target_blocks.iter_mut().zip(blocks) {
            *target = mask_block(*block, wide);
        }
        let (words, tail) = payload.as_chunks::<WIDTH>();
        let (target_words, target_tail) = target.as_chunks_mut::<WIDTH>();
        for (target, word) in target_words.iter_mut().zip(words) {
            *target = mask_block(*word, wide);
        }
        for ((target, byte), key) in target_tail.iter_mut().zip(tail).zip(self.0.iter().cycle()) {
            *target = byte ^ key;
        }
    }

    /// Unmasks `payload` into new memory, in one pass that does not clear the memory first.
    pub(crate) fn unmasked(self, payload: &[u8]) -> Vec<u8> {
        let wide = self.wide();
        let (blocks, tail) = payload.as_chunks::<BLOCK>();
        let mut unmasked: Vec<[u8; BLOCK]> = Vec::with_capacity(blocks.len() + 1);
        unmasked.extend(blocks.iter().map(|block| mask_block(*block, wide)));
        let mut unmasked = unmasked.into_flattened();
        let start = unmasked.len();
        unmasked.extend_from_slice(tail);
        if let Some(tail) = unmasked.get_mut(start..) {
            self.apply(tail);
        }
        unmasked
    }

    const fn wide(self) -> u64 {
        let word = u32::from_ne_bytes(self.0) as u64;
        word | word << 32
    }
}

#[inline]
fn mask_block<const N: usize>(mut block: [u8; N], wide: u64) -> [u8; N] {
    for word in block.as_chunks_mut::<WIDTH>().0 {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    block
}

const WIDTH: usize = size_of::<u64>();
const SMALL_BLOCK: usize = 64;
const BLOCK: usize = 512;
