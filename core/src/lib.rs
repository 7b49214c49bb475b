//! placeholder
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod engineio;
pub mod http;
pub mod server;
pub mod socketio;
pub mod websocket;

pub mod json;
pub mod utf8;

mod entropy;
mod error;
mod id;
mod keyed;
mod message;
mod slab;
mod time;

pub use entropy::Entropy;
pub use entropy::EntropyError;
#[cfg(feature = "std")]
pub use entropy::OsEntropy;
pub use error::UsageError;
pub use id::ConnId;
pub use id::RequestId;
pub use id::SessionId;
pub use id::SocketId;
pub use message::Message;
pub use message::MessageKind;
pub use time::Instant;
