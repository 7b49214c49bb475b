//! Payloads put together: fragments into messages, with control frames between them.

use alloc::vec::Vec;

use crate::MessageKind;
use crate::utf8::Validator;
use crate::websocket::Config;
use crate::websocket::Error;
use crate::websocket::LimitError;
use crate::websocket::ProtocolError;
use crate::websocket::frame::Header;
use crate::websocket::frame::Opcode;
use crate::websocket::mask::MaskKey;

/// The one buffer of a connection: the message in progress, and behind it, for a moment, the
/// payload of a control frame that came between two fragments.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    buffer: Vec<u8>,
    /// Bytes of the message in progress. What follows them is a control payload or was lent.
    message_len: usize,
    message: Option<Progress>,
    /// Bytes that were moved and checked, for the tests that hold this linear.
    #[cfg(test)]
    steps: usize,
}

/// A message of which at least one frame has begun.
#[derive(Clone, Copy, Debug)]
struct Progress {
    kind: MessageKind,
    compressed: bool,
    frames: u32,
    utf8: Validator,
}

impl Assembler {
    /// Takes note of the next frame, before any byte of its payload.
    pub(crate) fn begin(&mut self, header: &Header, config: &Config) -> Result<(), Error> {
        let progress = match (header.opcode, &mut self.message) {
            (Opcode::Close | Opcode::Ping | Opcode::Pong, _) => return Ok(()),
            (Opcode::Continuation, Some(progress)) => progress,
            (Opcode::Continuation, None) => {
                return Err(ProtocolError::UnexpectedContinuation.into());
            }
            (Opcode::Text | Opcode::Binary, Some(_)) => {
                return Err(ProtocolError::ExpectedContinuation.into());
            }
            (Opcode::Text, message) => message.insert(Progress::new(MessageKind::Text, header)),
            (Opcode::Binary, message) => message.insert(Progress::new(MessageKind::Binary, header)),
        };
        // Empty frames count too: an endless row of them is an endless message.
        progress.frames = progress.frames.saturating_add(1);
        if progress.frames > config.max_fragments {
            return Err(LimitError::Fragments.into());
        }
        // The declared length is judged, and never reserved: memory follows the bytes that arrive.
        // Of a compressed message, what counts is what comes out of it.
        if progress.compressed {
            return Ok(());
        }
        let total = (self.message_len as u64).checked_add(header.payload_len);
        if total.is_none_or(|total| total > config.max_message_bytes as u64) {
            return Err(LimitError::MessageBytes.into());
        }
        Ok(())
    }

    /// Appends a piece of a message's payload. A text fails at its first wrong byte.
    pub(crate) fn append_message(
        &mut self,
        piece: &[u8],
        mask: Option<MaskKey>,
    ) -> Result<(), Error> {
        append(&mut self.buffer, piece, mask);
        self.check_appended()
    }

    /// Appends what `produce` puts behind the message in progress, judged like what comes as it is.
    #[cfg(feature = "deflate")]
    pub(crate) fn append_with(
        &mut self,
        produce: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let produced = produce(&mut self.buffer);
        // What was said before a fault is judged before it, whatever the pieces of the input.
        self.check_appended()?;
        produced
    }

    fn check_appended(&mut self) -> Result<(), Error> {
        let appended = self.buffer.get(self.message_len..).unwrap_or_default();
        self.message_len = self.buffer.len();
        #[cfg(test)]
        {
            self.steps += appended.len();
        }
        match &mut self.message {
            Some(Progress {
                kind: MessageKind::Text,
                utf8,
                ..
            }) => Ok(utf8.feed(appended)?),
            _ => Ok(()),
        }
    }

    /// Appends a piece of a control frame's payload.
    pub(crate) fn append_control(&mut self, piece: &[u8], mask: Option<MaskKey>) {
        append(&mut self.buffer, piece, mask);
    }

    /// Ends the message in progress. Its bytes stay until [`forget_lent`](Self::forget_lent).
    pub(crate) fn end_message(&mut self) -> Result<MessageKind, Error> {
        self.message_len = 0;
        // Only called for a frame that `begin` accepted.
        let Some(progress) = self.message.take() else {
            return Err(ProtocolError::UnexpectedContinuation.into());
        };
        progress.utf8.finish()?;
        Ok(progress.kind)
    }

    /// Unmasks a message that came whole, in one pass. Only while no message is in progress.
    #[inline]
    pub(crate) fn unmask_whole(&mut self, payload: &[u8], mask: MaskKey) -> &[u8] {
        if payload.len() > KEPT_BYTES {
            self.buffer = mask.unmasked(payload);
            return &self.buffer;
        }
        if self.buffer.len() < payload.len() {
            self.buffer.resize(payload.len(), 0);
        }
        match self.buffer.get_mut(..payload.len()) {
            Some(target) => {
                mask.copy(payload, target);
                target
            }
            None => &[],
        }
    }

    /// The whole buffer, when a message is complete.
    pub(crate) fn message(&self) -> &[u8] {
        &self.buffer
    }

    /// The payload of a complete control frame.
    pub(crate) fn control(&self) -> &[u8] {
        self.buffer.get(self.message_len..).unwrap_or_default()
    }

    /// Drops what was lent. Only between two frames.
    pub(crate) fn forget_lent(&mut self) {
        self.buffer.truncate(self.message_len);
        self.release_if_large();
    }

    /// Gives a buffer back that is too large to keep, unless a message is in progress in it. Only
    /// between two frames.
    #[inline]
    pub(crate) fn release_if_large(&mut self) {
        if self.buffer.capacity() > KEPT_BYTES && self.message.is_none() {
            self.buffer = Vec::new();
        }
    }

    /// The message in progress is compressed.
    pub(crate) fn is_compressed(&self) -> bool {
        self.message.is_some_and(|message| message.compressed)
    }

    /// Between two messages.
    pub(crate) const fn is_idle(&self) -> bool {
        self.message.is_none()
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    #[cfg(test)]
    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    /// Gives all memory back: the connection is over.
    pub(crate) fn release(&mut self) {
        *self = Self::default();
    }
}

impl Progress {
    const fn new(kind: MessageKind, first: &Header) -> Self {
        Self {
            kind,
            compressed: first.compressed,
            frames: 0,
            utf8: Validator::new(),
        }
    }
}

fn append(buffer: &mut Vec<u8>, piece: &[u8], mask: Option<MaskKey>) {
    let start = buffer.len();
    buffer.extend_from_slice(piece);
    if let (Some(mask), Some(unmasked)) = (mask, buffer.get_mut(start..)) {
        mask.apply(unmasked);
    }
}

/// A buffer up to this size is kept for the next message; a larger one is given back at once.
const KEPT_BYTES: usize = 1024;
