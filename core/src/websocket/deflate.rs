//! permessage-deflate at work, RFC 7692 section 7.2: what a connection keeps for it, and what it
//! does with a message.
//!
//! What is kept between messages follows one observation: at the end of a message both ends are
//! between two DEFLATE blocks, on a whole byte, so all that a decompressor knows is the window. Of the
//! sender's window, any suffix will do.

mod compress;
mod inflate;
mod shared;

use alloc::vec::Vec;
use core::fmt;

pub(crate) use shared::Choice;
pub use shared::Compressor;
pub use shared::SharedMessage;

use crate::websocket::Error;
use crate::websocket::PermessageDeflate;
use crate::websocket::Role;
use crate::websocket::assemble::Assembler;
use crate::websocket::mask::MaskKey;
use compress::Outgoing;
use inflate::Incoming;

/// What to ask for when permessage-deflate is negotiated, and how to use it.
///
/// The default is frugal: no context takeover in either direction, so that an idle connection keeps
/// nothing for compression. Takeover makes short, similar messages much smaller; see
/// [`server_no_context_takeover`](Self::server_no_context_takeover) for what it costs.
///
/// ```
/// use sansocket::websocket::{DeflateConfig, WindowBits};
///
/// let chatty = DeflateConfig {
///     server_no_context_takeover: false,
///     server_max_window_bits: WindowBits::new(12).unwrap(),
///     threshold: 64,
///     ..DeflateConfig::default()
/// };
/// assert!(chatty.client_no_context_takeover);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeflateConfig {
    /// The server forgets each message before it compresses the next one. Default: true.
    ///
    /// Otherwise a server keeps a compressor for every connection that it has sent a compressed
    /// message to: 175 KiB with a window of 12 bits, 370 KiB with 15. They are given back by
    /// [`Connection::release_compressor`](super::Connection::release_compressor).
    pub server_no_context_takeover: bool,
    /// The client forgets each message before it compresses the next one. Default: true.
    ///
    /// Otherwise a server keeps the last bytes of the messages it has received, as many as the
    /// window has at most: 32 KiB with 15 bits.
    pub client_no_context_takeover: bool,
    /// The largest window that the server compresses with. Default: 15.
    pub server_max_window_bits: WindowBits,
    /// The largest window that the client compresses with, if it can limit it. Default: 15.
    pub client_max_window_bits: WindowBits,
    /// Messages of fewer bytes are sent uncompressed. Default: 1,024; less makes sense with context
    /// takeover.
    pub threshold: usize,
    /// How hard to try. Default: 6.
    pub level: DeflateLevel,
    /// A message of more than 64 KiB that is more than this many times as long as what was received
    /// for it ends the connection with 1009. The limit that always holds is
    /// [`Config::max_message_bytes`](super::Config::max_message_bytes). Default: 100.
    pub max_ratio: u32,
}

impl Default for DeflateConfig {
    fn default() -> Self {
        Self {
            server_no_context_takeover: true,
            client_no_context_takeover: true,
            server_max_window_bits: WindowBits::MAX,
            client_max_window_bits: WindowBits::MAX,
            threshold: 1024,
            level: DeflateLevel::DEFAULT,
            max_ratio: 100,
        }
    }
}

/// The size of a window as a power of two, from 8 (256 bytes) to 15 (32 KiB).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowBits(u8);

impl WindowBits {
    /// 256 bytes.
    pub const MIN: Self = Self(8);
    /// 32 KiB.
    pub const MAX: Self = Self(15);

    /// `None` below 8 and above 15.
    #[must_use]
    pub const fn new(bits: u8) -> Option<Self> {
        match bits {
            8..=15 => Some(Self(bits)),
            _ => None,
        }
    }

    /// The number of bits.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The size of the window in bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        1 << self.0
    }
}

/// How hard a compressor tries, from 1 (fast) to 9 (small).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeflateLevel(u8);

impl DeflateLevel {
    /// 6, as of all zlibs.
    pub const DEFAULT: Self = Self(6);

    /// `None` below 1 and above 9.
    #[must_use]
    pub const fn new(level: u8) -> Option<Self> {
        match level {
            1..=9 => Some(Self(level)),
            _ => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// Both directions of one connection.
pub(crate) struct Codec {
    incoming: Incoming,
    outgoing: Outgoing,
    threshold: usize,
}

impl Codec {
    pub(crate) fn new(agreed: &PermessageDeflate, role: Role) -> Self {
        let peer = match role {
            Role::Client => Role::Server,
            Role::Server => Role::Client,
        };
        let config = agreed.config();
        Self {
            incoming: Incoming::new(agreed.window(peer), config.max_ratio),
            outgoing: Outgoing::new(agreed.window(role), config.level),
            threshold: config.threshold,
        }
    }

    /// Takes note of the next frame of a compressed message, before any byte of its payload.
    pub(crate) fn begin_frame(&mut self, payload_len: u64, max_bytes: usize) -> Result<(), Error> {
        self.incoming.declare(payload_len, max_bytes)
    }

    /// Inflates a piece of a message's payload, and appends what it says.
    pub(crate) fn append_message(
        &mut self,
        assembler: &mut Assembler,
        piece: &[u8],
        mask: Option<MaskKey>,
        max_bytes: usize,
    ) -> Result<(), Error> {
        let incoming = &mut self.incoming;
        let Some(mask) = mask else {
            return assembler.append_with(|output| incoming.inflate(piece, output, max_bytes));
        };
        let mut unmasked = [0; UNMASK_BYTES];
        for (at, masked) in piece.chunks(UNMASK_BYTES).enumerate() {
            if let Some(unmasked) = unmasked.get_mut(..masked.len()) {
                mask.after(at * UNMASK_BYTES).copy(masked, unmasked);
                assembler.append_with(|output| incoming.inflate(unmasked, output, max_bytes))?;
            }
        }
        Ok(())
    }

    /// All of the message's payload was appended.
    pub(crate) fn end_message(
        &mut self,
        assembler: &mut Assembler,
        max_bytes: usize,
    ) -> Result<(), Error> {
        assembler.append_with(|output| self.incoming.finish(output, max_bytes))
    }

    /// The payload of the frame for this message, if it is worth to be compressed.
    pub(crate) fn compress(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        if message.len() < self.threshold {
            return None;
        }
        self.outgoing.compress(message)
    }

    /// Which form of a shared message this connection gets. It is sent from now on.
    pub(crate) fn choose(&mut self, message: &mut SharedMessage<'_>) -> Choice {
        if message.len() < self.threshold {
            return Choice::Plain;
        }
        self.outgoing.choose(message)
    }

    pub(crate) fn release_compressor(&mut self) {
        self.outgoing.release();
    }

    #[cfg(test)]
    pub(crate) fn history_capacity(&self) -> usize {
        self.incoming.history_capacity()
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec").finish_non_exhaustive()
    }
}

/// Section 7.2.1: the end of every flushed block, which is left out on the wire.
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// Masked payload is unmasked on the stack, as much of it at once.
const UNMASK_BYTES: usize = 4096;

#[cfg(test)]
mod tests;
