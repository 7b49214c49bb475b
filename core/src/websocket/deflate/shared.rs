//! One message for many connections: compressed once, whatever each of them has negotiated.

use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;

use super::DeflateLevel;
use super::WindowBits;
use super::compress::Deflater;
use crate::Message;
use crate::websocket::frame;

/// A compressor for messages that go to many connections, and for those of connections that take no
/// context over. A program needs one of them; it keeps 370 KiB.
///
/// A message is compressed against an empty window, which is legal for every peer, and whatever a
/// connection compresses by itself afterwards refers to it correctly.
///
/// ```
/// use sansocket::Message;
/// use sansocket::websocket::{Compressor, Config, Connection, DeflateLevel};
///
/// let mut connections = [Connection::server(Config::default()), Connection::server(Config::default())];
/// let mut compressor = Compressor::new(DeflateLevel::DEFAULT);
/// let mut news = compressor.share(Message::Text("news"));
/// for connection in &mut connections {
///     // The same buffer for both: these connections have not negotiated compression.
///     assert_eq!(connection.send_shared(&mut news).unwrap().unwrap(), &b"\x81\x04news"[..]);
/// }
/// ```
pub struct Compressor {
    level: DeflateLevel,
    /// With the largest window.
    deflater: Option<Deflater>,
}

/// A message on its way to many connections, made by [`Compressor::share`].
pub struct SharedMessage<'a> {
    compressor: &'a mut Compressor,
    message: Message<'a>,
    plain: Option<Bytes>,
    /// One form for each window that is too small for the one before.
    compressed: Vec<(WindowBits, Choice)>,
    /// What of the message a window can hold, for compressors to be told of.
    end: Option<Bytes>,
}

/// The form of a shared message that one connection gets.
#[derive(Clone)]
pub(crate) enum Choice {
    /// The whole frame, with a compressed payload.
    Compressed(Bytes),
    /// As it is.
    Plain,
}

impl Compressor {
    /// A compressor that takes its memory when it is first needed.
    #[must_use]
    pub const fn new(level: DeflateLevel) -> Self {
        Self {
            level,
            deflater: None,
        }
    }

    /// Starts to share a message: see [`Connection::send_shared`](crate::websocket::Connection::send_shared).
    pub const fn share<'a>(&'a mut self, message: Message<'a>) -> SharedMessage<'a> {
        SharedMessage {
            compressor: self,
            message,
            plain: None,
            compressed: Vec::new(),
            end: None,
        }
    }

    fn compress(&mut self, message: &[u8], bits: WindowBits) -> Option<Vec<u8>> {
        if bits < WindowBits::MAX {
            // For the few peers with a smaller window, and messages that do not fit into it.
            return Deflater::new(bits, self.level).compress(message);
        }
        let mut deflater = match self.deflater.take() {
            Some(mut deflater) => {
                deflater.reset();
                deflater
            }
            None => Deflater::new(bits, self.level),
        };
        let compressed = deflater.compress(message)?;
        self.deflater = Some(deflater);
        Some(compressed)
    }
}

impl SharedMessage<'_> {
    /// The message.
    #[must_use]
    pub const fn message(&self) -> Message<'_> {
        self.message
    }

    pub(crate) fn len(&self) -> usize {
        self.message.as_bytes().len()
    }

    /// A server's frame with the message as it is.
    pub(crate) fn plain(&mut self) -> Bytes {
        let message = self.message;
        let encode = || frame::encode_frame(message.kind().into(), message.as_bytes(), None);
        self.plain.get_or_insert_with(encode).clone()
    }

    /// The form for a peer with this window.
    pub(super) fn choose(&mut self, bits: WindowBits) -> Choice {
        // Nothing in a message lies further back than the message is long.
        let bits = if self.len() <= bits.bytes() {
            WindowBits::MAX
        } else {
            bits
        };
        if let Some((_, choice)) = self.compressed.iter().find(|(known, _)| *known == bits) {
            return choice.clone();
        }
        let payload = self.message.as_bytes();
        let choice = match self.compressor.compress(payload, bits) {
            Some(compressed) if compressed.len() < payload.len() => {
                let opcode = self.message.kind().into();
                Choice::Compressed(frame::encode_compressed_frame(opcode, &compressed))
            }
            _ => Choice::Plain,
        };
        self.compressed.push((bits, choice.clone()));
        choice
    }

    /// The end of the message, as much of it as the largest window holds.
    pub(super) fn end(&mut self) -> Bytes {
        let message = self.message.as_bytes();
        let start = message.len().saturating_sub(WindowBits::MAX.bytes());
        let copy = || Bytes::copy_from_slice(message.get(start..).unwrap_or_default());
        self.end.get_or_insert_with(copy).clone()
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressor")
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SharedMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedMessage")
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}
