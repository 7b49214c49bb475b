//! The sending direction of one connection, and the compressor under it.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use bytes::Bytes;
use zlib_rs::Deflate;
use zlib_rs::DeflateFlush;

use super::DeflateLevel;
use super::TAIL;
use super::WindowBits;
use super::shared::Choice;
use super::shared::SharedMessage;
use crate::websocket::DeflateWindow;

/// What is kept for the messages to the peer.
///
/// A compressor may know less than the peer's decompressor, never anything else. So it may be dropped
/// at any time, and what it has missed must be told to it, in order and without a gap that it can
/// refer across.
pub(super) struct Outgoing {
    window: DeflateWindow,
    level: DeflateLevel,
    /// Kept between messages only with context takeover.
    compressor: Option<Deflater>,
    /// Shared messages that the peer got since the compressor was used.
    missed: VecDeque<Bytes>,
    missed_bytes: usize,
}

impl Outgoing {
    pub(super) const fn new(window: DeflateWindow, level: DeflateLevel) -> Self {
        Self {
            window,
            level,
            compressor: None,
            missed: VecDeque::new(),
            missed_bytes: 0,
        }
    }

    /// `None` when the message had better be sent as it is.
    pub(super) fn compress(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        if !self.window.context_takeover {
            // What is thrown away afterwards is made no larger than the message.
            let bits = self.window.bits.min(bits_for(message.len()));
            let compressed = Deflater::new(bits, self.level).compress(message)?;
            return (compressed.len() < message.len()).then_some(compressed);
        }
        let in_step = self.compressor.take();
        let in_step = in_step.and_then(|compressor| self.tell_missed(compressor));
        self.forget_missed();
        let mut compressor = in_step.unwrap_or_else(|| Deflater::new(self.window.bits, self.level));
        // Sent even if it became longer: the compressor refers to it from now on.
        let compressed = compressor.compress(message)?;
        self.compressor = Some(compressor);
        Some(compressed)
    }

    /// Which form of a shared message the peer gets.
    pub(super) fn choose(&mut self, message: &mut SharedMessage<'_>) -> Choice {
        let choice = message.choose(self.window.bits);
        if let Choice::Compressed(_) = choice
            && self.compressor.is_some()
        {
            self.miss(message.end());
        }
        choice
    }

    /// Gives all memory back. The next message starts with an empty window.
    pub(super) fn release(&mut self) {
        self.compressor = None;
        self.forget_missed();
        self.missed.shrink_to_fit();
    }

    /// Takes note of what the peer's window has, and the compressor's has not.
    fn miss(&mut self, message: Bytes) {
        self.missed_bytes += message.len();
        self.missed.push_back(message);
        // What lies beyond the window is not referred to any more.
        while let Some(oldest) = self.missed.front()
            && self.missed_bytes - oldest.len() >= self.window.bits.bytes()
        {
            self.missed_bytes -= oldest.len();
            self.missed.pop_front();
        }
        if self.missed.len() > MAX_MISSED {
            self.release();
        }
    }

    /// The compressor, once it knows what it has missed.
    fn tell_missed(&self, mut compressor: Deflater) -> Option<Deflater> {
        self.missed
            .iter()
            .all(|message| compressor.extend_window(message))
            .then_some(compressor)
    }

    fn forget_missed(&mut self) {
        self.missed.clear();
        self.missed_bytes = 0;
    }
}

/// A compressor of raw DEFLATE that ends every message on a whole byte.
pub(super) struct Deflater {
    stream: Deflate,
    bits: WindowBits,
}

impl Deflater {
    pub(super) fn new(bits: WindowBits, level: DeflateLevel) -> Self {
        // zlib has no window of 8 bits. It refers back no further than its window less 262 bytes,
        // which for one of 9 bits are 250: that fits into 8.
        let bits = bits.max(MIN_ZLIB_BITS);
        let config = zlib_rs::DeflateConfig {
            level: i32::from(level.get()),
            window_bits: -i32::from(bits.get()),
            // As many symbols in a block as the window has bytes, within zlib's default.
            mem_level: (i32::from(bits.get()) - 6).min(8),
            ..zlib_rs::DeflateConfig::default()
        };
        Self {
            stream: Deflate::new_with_config(config),
            bits,
        }
    }

    /// Section 7.2.1: flushed to a whole byte, without the four bytes that every flush ends with.
    ///
    /// `None` for what has no such form; the compressor must not be used again then.
    pub(super) fn compress(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        let mut rest = message;
        let mut compressed = Vec::new();
        loop {
            let start = compressed.len();
            let room = (rest.len() / USUAL_RATIO).clamp(MIN_ROOM, MAX_ROOM);
            compressed.resize(start + room, 0);
            let (total_in, total_out) = (self.stream.total_in(), self.stream.total_out());
            let target = compressed.get_mut(start..)?;
            self.stream
                .compress(rest, target, DeflateFlush::SyncFlush)
                .ok()?;
            let eaten = (self.stream.total_in() - total_in) as usize;
            let produced = (self.stream.total_out() - total_out) as usize;
            compressed.truncate(start + produced);
            rest = rest.get(eaten..)?;
            // Room that is left over says that everything was flushed.
            if produced < room {
                break;
            }
        }
        if !rest.is_empty() || !compressed.ends_with(&TAIL) {
            return None;
        }
        compressed.truncate(compressed.len() - TAIL.len());
        Some(compressed)
    }

    /// Puts a message into the window that the peer got without this compressor.
    pub(super) fn extend_window(&mut self, message: &[u8]) -> bool {
        let start = message.len().saturating_sub(self.bits.bytes());
        let end = message.get(start..).unwrap_or_default();
        self.stream.set_dictionary(end).is_ok()
    }

    /// Starts with an empty window.
    pub(super) fn reset(&mut self) {
        self.stream.reset();
    }
}

/// The smallest window that reaches from the end of a message to its start.
fn bits_for(len: usize) -> WindowBits {
    (MIN_ZLIB_BITS.get()..WindowBits::MAX.get())
        .filter_map(WindowBits::new)
        .find(|bits| len + UNREACHED_BYTES <= bits.bytes())
        .unwrap_or(WindowBits::MAX)
}

const MIN_ZLIB_BITS: WindowBits = match WindowBits::new(9) {
    Some(bits) => bits,
    None => WindowBits::MAX,
};
/// How much less than its window zlib refers back.
const UNREACHED_BYTES: usize = 262;
/// More shared messages than this between two own ones: starting over costs less than keeping them.
const MAX_MISSED: usize = 64;
/// How much room a message gets at once, as a part of its length.
const USUAL_RATIO: usize = 3;
const MIN_ROOM: usize = 128;
const MAX_ROOM: usize = 16 * 1024;
