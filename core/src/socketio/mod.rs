//! The Socket.IO protocol, version 5: packets, namespaces, acknowledgements and rooms.
//!
//! Four machines that know nothing of each other, nor of the transport below them:
//!
//! - [`Decoder`] turns messages into packets, attachments included; [`encode`] is the way back.
//! - [`Acks`] remembers which packets wait for an answer, and until when.
//! - [`Rooms`] knows who is in which room, and whom a broadcast is for.
//!
//! Arguments stay JSON text all the way: they are checked on the way in and handed on.

pub mod encode;

mod acks;
mod config;
mod decode;
mod error;
mod namespace;
mod packet;
mod placeholders;
mod rooms;

pub use acks::AckId;
pub use acks::Acks;
pub use acks::Answer;
pub use acks::Issued;
pub use acks::Outcome;
pub use acks::Settled;
pub use config::Config;
pub use decode::Decoded;
pub use decode::Decoder;
pub use decode::decode;
pub use error::DecodeError;
pub use namespace::normalize;
pub use packet::Packet;
pub use packet::PacketKind;
pub use packet::is_reserved_event_name;
pub use rooms::Join;
pub use rooms::Leave;
pub use rooms::Rooms;
pub use rooms::Selection;

/// The largest acknowledgement id: the largest integer that every JSON number holds exactly, 2^53 - 1.
pub const MAX_PACKET_ID: u64 = (1 << 53) - 1;
