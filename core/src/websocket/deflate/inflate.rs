//! The receiving direction: a compressed message becomes its bytes, and never more of them than the
//! limits allow.

use alloc::vec::Vec;
use zlib_rs::Inflate;
use zlib_rs::InflateFlush;
use zlib_rs::Status;

use super::TAIL;
use crate::websocket::DeflateWindow;
use crate::websocket::Error;
use crate::websocket::LimitError;
use crate::websocket::WindowBits;

/// What is kept for the messages of the peer.
pub(super) struct Incoming {
    /// Bytes that the frames of the message in progress have declared.
    declared: u64,
    /// The message in progress. Between messages there is no decompressor, which takes 50 KiB.
    message: Option<Message>,
    /// The end of what the messages before said, when the peer may refer to it.
    history: Vec<u8>,
    /// How much of it the peer may refer to.
    window_bytes: usize,
    max_ratio: u32,
}

struct Message {
    stream: Inflate,
    /// Bytes received for this message.
    compressed: usize,
    /// A final block has ended; what follows is another stream.
    ended: bool,
    /// Bytes that were cleared to make room, for the test that holds this linear.
    #[cfg(test)]
    cleared: usize,
}

impl Incoming {
    pub(super) const fn new(window: DeflateWindow, max_ratio: u32) -> Self {
        Self {
            declared: 0,
            message: None,
            history: Vec::new(),
            window_bytes: if window.context_takeover {
                window.bits.bytes()
            } else {
                0
            },
            max_ratio,
        }
    }

    /// Judges the length of a frame before any of it has come, and reserves nothing for it.
    pub(super) fn declare(&mut self, payload_len: u64, max_bytes: usize) -> Result<(), Error> {
        // What cannot be compressed becomes longer, by a bit for each byte and some more for flushes.
        let max_bytes = max_bytes as u64;
        let max_declared = max_bytes.saturating_add(max_bytes / 8).saturating_add(64);
        match self.declared.checked_add(payload_len) {
            Some(declared) if declared <= max_declared => {
                self.declared = declared;
                Ok(())
            }
            _ => Err(LimitError::MessageBytes.into()),
        }
    }

    /// Inflates a piece of a message behind what `output` has of it already.
    pub(super) fn inflate(
        &mut self,
        piece: &[u8],
        output: &mut Vec<u8>,
        max_bytes: usize,
    ) -> Result<(), Error> {
        if piece.is_empty() {
            return Ok(());
        }
        let message = match &mut self.message {
            Some(message) => message,
            none => none.insert(Message::new(&self.history)?),
        };
        message.inflate(piece, output, max_bytes, self.max_ratio)
    }

    /// Ends the message that `output` has.
    pub(super) fn finish(&mut self, output: &mut Vec<u8>, max_bytes: usize) -> Result<(), Error> {
        self.declared = 0;
        // Section 7.2.3.6 has an empty message take one byte. Older peers send none for it.
        let Some(mut message) = self.message.take() else {
            return Ok(());
        };
        // Section 7.2.3.4: a final block is followed by the start of another one, which the tail
        // completes. Some peers leave that out.
        if !message.ended {
            message.inflate(&TAIL, output, max_bytes, self.max_ratio)?;
            message.expect_boundary()?;
        }
        message.judge_ratio(output.len(), self.max_ratio)?;
        self.remember(output);
        Ok(())
    }

    /// Keeps the end of a message, within the window.
    fn remember(&mut self, message: &[u8]) {
        let start = message.len().saturating_sub(self.window_bytes);
        let kept = message.get(start..).unwrap_or_default();
        let forgotten = (self.history.len() + kept.len()).saturating_sub(self.window_bytes);
        self.history.drain(..forgotten);
        // Room for a power of two of bytes, as the window has, and no more.
        let room = (self.history.len() + kept.len()).next_power_of_two();
        self.history.reserve_exact(room - self.history.len());
        self.history.extend_from_slice(kept);
    }

    #[cfg(test)]
    pub(super) fn history_capacity(&self) -> usize {
        self.history.capacity()
    }
}

impl Message {
    fn new(history: &[u8]) -> Result<Self, Error> {
        let mut stream = Inflate::new(RAW, WindowBits::MAX.get());
        if !history.is_empty() {
            stream
                .set_dictionary(history)
                .map_err(|_| Error::InvalidDeflate)?;
        }
        Ok(Self {
            stream,
            compressed: 0,
            ended: false,
            #[cfg(test)]
            cleared: 0,
        })
    }

    /// Appends what a piece says. Before an error, that is what was said before the fault.
    fn inflate(
        &mut self,
        piece: &[u8],
        output: &mut Vec<u8>,
        max_bytes: usize,
        max_ratio: u32,
    ) -> Result<(), Error> {
        let mut len = output.len();
        let result = self.inflate_into(piece, output, &mut len, max_bytes, max_ratio);
        output.truncate(len);
        result
    }

    /// The same, with room behind the first `len` bytes of `output`, which are those that count.
    fn inflate_into(
        &mut self,
        mut piece: &[u8],
        output: &mut Vec<u8>,
        len: &mut usize,
        max_bytes: usize,
        max_ratio: u32,
    ) -> Result<(), Error> {
        while !(self.ended && piece.is_empty()) {
            if self.ended {
                // Section 7.2.1: after a final block the next one starts on a whole byte. It ends
                // the stream of RFC 1951, so nothing behind it refers to what lies before.
                self.stream.reset(RAW);
            }
            if output.len() == *len {
                let usual = piece.len().saturating_mul(USUAL_RATIO).max(MIN_ROOM);
                // One byte past the limit is enough to see that it is passed.
                let budget = max_bytes.saturating_add(1).saturating_sub(*len);
                let room = usual.min(budget).min(JUDGED_BYTES - *len % JUDGED_BYTES);
                output.resize(*len + room, 0);
                #[cfg(test)]
                {
                    self.cleared += room;
                }
            }
            let target = output.get_mut(*len..).unwrap_or_default();
            let room = target.len();
            let (status, eaten, produced) = self.step(piece, target);
            *len += produced;
            piece = piece.get(eaten..).unwrap_or_default();
            self.compressed = self.compressed.saturating_add(eaten);
            self.ended = status? == Status::StreamEnd;
            if *len > max_bytes {
                return Err(LimitError::MessageBytes.into());
            }
            if len.is_multiple_of(JUDGED_BYTES) {
                self.judge_ratio(*len, max_ratio)?;
            }
            if self.ended || produced == room {
                continue;
            }
            if piece.is_empty() {
                break;
            }
            // There was room and input, and the stream stands still.
            if eaten == 0 && produced == 0 {
                return Err(Error::InvalidDeflate);
            }
        }
        Ok(())
    }

    /// Judged in steps, so that the verdict does not depend on the pieces that the input comes in.
    fn judge_ratio(&self, len: usize, max_ratio: u32) -> Result<(), Error> {
        let allowed = self.compressed.saturating_mul(max_ratio as usize);
        if len > RATIO_FREE_BYTES.max(allowed) {
            return Err(LimitError::DeflateRatio.into());
        }
        Ok(())
    }

    /// Looks whether the message ended between two blocks, on a whole byte, by a final block that
    /// is empty: only there it ends the stream and says nothing.
    fn expect_boundary(&mut self) -> Result<(), Error> {
        match self.step(&EMPTY_FINAL_BLOCK, &mut [0]) {
            (Ok(Status::StreamEnd), _, 0) => Ok(()),
            _ => Err(Error::InvalidDeflate),
        }
    }

    /// One call of zlib: how it went, and how many bytes it ate and produced.
    fn step(&mut self, piece: &[u8], target: &mut [u8]) -> (Result<Status, Error>, usize, usize) {
        let (total_in, total_out) = (self.stream.total_in(), self.stream.total_out());
        let status = self
            .stream
            .decompress(piece, target, InflateFlush::SyncFlush)
            .map_err(|_| Error::InvalidDeflate);
        let eaten = self.stream.total_in().saturating_sub(total_in);
        let produced = self.stream.total_out().saturating_sub(total_out);
        (status, eaten as usize, produced as usize)
    }
}

/// RFC 1951 without the header of RFC 1950.
const RAW: bool = false;
/// RFC 1951 section 3.2.4: the last block of a stream, stored, without a byte.
const EMPTY_FINAL_BLOCK: [u8; 5] = [0x01, 0x00, 0x00, 0xFF, 0xFF];
/// How much room a piece gets at once, as a multiple of its length.
const USUAL_RATIO: usize = 4;
const MIN_ROOM: usize = 256;
/// How much is said at most before the ratio is looked at again.
const JUDGED_BYTES: usize = 16 * 1024;
/// Up to here nobody asks how well a message was compressed.
const RATIO_FREE_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t33_many_streams_in_one_message_are_linear() {
        // A final block without a byte, in every two bytes.
        let payload = b"\x03\x00".repeat(100_000);
        let mut message = Message::new(&[]).unwrap();
        let mut output = Vec::new();
        message
            .inflate(&payload, &mut output, 1_000_000, 100)
            .unwrap();
        assert_eq!((output.len(), message.ended), (0, true));
        assert_eq!(message.compressed, payload.len());
        assert!(message.cleared <= JUDGED_BYTES, "{}", message.cleared);
    }
}
