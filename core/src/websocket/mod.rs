//! The WebSocket protocol, RFC 6455: both roles, without I/O.
//!
//! [`handshake`] turns an HTTP request into a connection; [`Connection`] eats bytes and lends
//! messages; [`frame`] writes frames for whoever frames by itself, such as a broadcast.
//!
//! With the feature `deflate` the two ends can agree on permessage-deflate, RFC 7692: a server by
//! `Accepted::negotiate_deflate`, a client by `Opening::with_deflate`. Nothing is offered or accepted
//! unasked.

pub mod frame;
pub mod handshake;

mod assemble;
mod close;
mod config;
mod connection;
#[cfg_attr(not(feature = "deflate"), path = "deflate/absent.rs")]
mod deflate;
mod error;
#[cfg(feature = "deflate")]
mod extension;
mod mask;
#[cfg(test)]
mod tests;

pub use close::CloseCode;
pub use close::CloseFrame;
pub use close::MAX_REASON_BYTES;
pub use config::Config;
pub use connection::Closed;
pub use connection::Connection;
pub use connection::Event;
#[cfg(feature = "deflate")]
pub use deflate::Compressor;
#[cfg(feature = "deflate")]
pub use deflate::DeflateConfig;
#[cfg(feature = "deflate")]
pub use deflate::DeflateLevel;
#[cfg(feature = "deflate")]
pub use deflate::SharedMessage;
#[cfg(feature = "deflate")]
pub use deflate::WindowBits;
pub use error::Error;
pub use error::LimitError;
pub use error::ProtocolError;
#[cfg(feature = "deflate")]
pub use extension::DeflateWindow;
#[cfg(feature = "deflate")]
pub use extension::PermessageDeflate;

/// One of the two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The end that opened the connection: it masks its frames.
    Client,
    /// The end that accepted the connection.
    Server,
}
