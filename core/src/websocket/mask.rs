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
            *block = (u128::from_ne_bytes(*block) ^ wide).to_ne_bytes();
        }
        for (byte, key) in rest.iter_mut().zip(self.0.iter().cycle()) {
            *byte ^= key;
        }
    }

    /// Unmasks `payload` into `target`, which is as long, in one pass.
    pub(crate) fn copy(self, payload: &[u8], target: &mut [u8]) {
        debug_assert_eq!(payload.len(), target.len());
        let wide = self.wide();
        let (blocks, tail) = payload.as_chunks::<WIDTH>();
        let (target_blocks, target_tail) = target.as_chunks_mut::<WIDTH>();
        for (target, block) in target_blocks.iter_mut().zip(blocks) {
            *target = (u128::from_ne_bytes(*block) ^ wide).to_ne_bytes();
        }
        self.copy_tail(tail, target_tail);
    }

    /// Unmasks `payload` into new memory, in one pass that does not clear the memory first.
    pub(crate) fn unmasked(self, payload: &[u8]) -> Vec<u8> {
        let wide = self.wide();
        let (blocks, tail) = payload.as_chunks::<BLOCK>();
        let mut unmasked: Vec<[u8; BLOCK]> = Vec::with_capacity(blocks.len() + 1);
        unmasked.extend(blocks.iter().map(|block| {
            let mut block = *block;
            for word in block.as_chunks_mut::<WIDTH>().0 {
                *word = (u128::from_ne_bytes(*word) ^ wide).to_ne_bytes();
            }
            block
        }));
        let mut unmasked = unmasked.into_flattened();
        let start = unmasked.len();
        unmasked.extend_from_slice(tail);
        if let Some(tail) = unmasked.get_mut(start..) {
            self.apply(tail);
        }
        unmasked
    }

    /// Fewer than `WIDTH` bytes.
    fn copy_tail(self, mut payload: &[u8], mut target: &mut [u8]) {
        let wide = self.wide();
        if let Some((word, rest)) = payload.split_first_chunk::<8>()
            && let Some((target_word, _)) = target.split_first_chunk_mut::<8>()
        {
            *target_word = (u64::from_ne_bytes(*word) ^ wide as u64).to_ne_bytes();
            payload = rest;
            target = target.get_mut(8..).unwrap_or_default();
        }
        for ((target, byte), key) in target.iter_mut().zip(payload).zip(self.0.iter().cycle()) {
            *target = byte ^ key;
        }
    }

    const fn wide(self) -> u128 {
        let word = u32::from_ne_bytes(self.0) as u128;
        let double = word | word << 32;
        double | double << 64
    }
}

const WIDTH: usize = size_of::<u128>();
const BLOCK: usize = 256;
