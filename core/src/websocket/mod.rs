//! The WebSocket protocol, RFC 6455: both roles, without I/O.
//!
//! [`handshake`] turns an HTTP request into a connection; [`Connection`] eats bytes and lends
//! messages; [`frame`] writes frames for whoever frames by itself, such as a broadcast.

pub mod frame;
pub mod handshake;

mod assemble;
mod close;
mod config;
mod connection;
mod error;
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
pub use error::Error;
pub use error::LimitError;
pub use error::ProtocolError;

/// One of the two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The end that opened the connection: it masks its frames.
    Client,
    /// The end that accepted the connection.
    Server,
}
