//! The Engine.IO protocol, version 4: one session over HTTP long-polling, WebSocket, or first one
//! and then the other.
//!
//! The pieces, in the order in which a request meets them:
//!
//! 1. [`Request::admit`] reads the query and says what is asked for, or with which [`Refusal`] to answer.
//! 2. [`Session`] holds what is true of one client: heartbeat, buffered packets, polls that wait, the upgrade.
//! 3. [`Packet`] is what a WebSocket message means; [`payload`] is the same for the body of a POST.
//!
//! Nothing here knows HTTP or WebSocket framing: whoever does feeds the session and obeys its [`Output`]s.
//!
//! Source of the rules: the Engine.IO protocol, revision 4, named by its section titles in the
//! comments ("§Upgrade").

pub mod payload;

mod config;
mod error;
mod handshake;
mod heartbeat;
mod output;
mod packet;
mod session;

pub use config::Config;
pub use config::Transports;
pub use error::CloseReason;
pub use error::PacketError;
pub use error::PayloadError;
pub use error::SendError;
pub use handshake::Admission;
pub use handshake::Parameter;
pub use handshake::Refusal;
pub use handshake::Request;
pub use handshake::Transport;
pub use handshake::open_packet;
pub use output::Output;
pub use output::Source;
pub use packet::OutgoingPacket;
pub use packet::Packet;
pub use session::Session;
