//! What one server is told at its start.

use core::time::Duration;

use crate::engineio;
use crate::http;
use crate::socketio;
use crate::websocket;

/// The settings of a [`Server`](super::Server), with finite limits throughout.
///
/// ```
/// use sansocket::server::Config;
/// use sansocket::server::Protocol;
///
/// let config = Config { protocol: Protocol::EngineIo, ..Config::default() };
/// assert_eq!(config.connect_timeout.as_secs(), 45);
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// How far up the stack connections are taken.
    pub protocol: Protocol,
    /// Limits and timers of the WebSocket layer.
    ///
    /// Engine.IO and Socket.IO servers hold its `max_message_bytes` to
    /// [`engineio::Config::max_payload_bytes`]: one limit for every transport.
    pub websocket: websocket::Config,
    /// Whether plain WebSocket connections ([`Protocol::WebSocket`]) on
    /// [`Wire::Bytes`](super::Wire::Bytes) accept permessage-deflate; `None` never does.
    #[cfg(feature = "deflate")]
    pub deflate: Option<websocket::DeflateConfig>,
    /// Heartbeat, transports and limits of the Engine.IO layer.
    pub engineio: engineio::Config,
    /// Limits of the Socket.IO layer.
    pub socketio: socketio::Config,
    /// Which web origins may connect, and what a browser is told about it.
    pub cors: http::Cors,
    /// A cookie with the session id on the answer that opens a session; `None` sends none.
    pub cookie: Option<http::Cookie>,
    /// A session that has joined no namespace by then is closed.
    pub connect_timeout: Duration,
    /// What happens when a client asks for a namespace that was not added.
    pub namespaces: NamespacePolicy,
    /// Namespaces that one client may be in at once; one more closes it.
    pub max_namespaces_per_session: usize,
    /// Bytes that may wait for one plain WebSocket connection that does not read; past them it is
    /// closed. (Sessions have [`engineio::Config::max_buffered_bytes`].)
    pub max_buffered_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            protocol: Protocol::SocketIo,
            websocket: websocket::Config::default(),
            #[cfg(feature = "deflate")]
            deflate: None,
            engineio: engineio::Config::default(),
            socketio: socketio::Config::default(),
            cors: http::Cors::default(),
            cookie: None,
            connect_timeout: Duration::from_secs(45),
            namespaces: NamespacePolicy::Listed,
            max_namespaces_per_session: 1_024,
            max_buffered_bytes: 1024 * 1024,
        }
    }
}

/// How far up the stack a server takes its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// WebSocket messages, RFC 6455.
    WebSocket,
    /// Engine.IO messages: long polling, WebSocket, and the upgrade from one to the other.
    EngineIo,
    /// Socket.IO events, namespaces, rooms and acknowledgements.
    SocketIo,
}

/// What happens when a client asks for a namespace that was not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespacePolicy {
    /// It is told `Invalid namespace`.
    Listed,
    /// The application is asked, by the same [`Event::Connect`](super::Event::Connect) as for a
    /// namespace that was added.
    Ask,
}
