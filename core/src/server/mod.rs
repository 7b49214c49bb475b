//! The composite: one machine over the three protocols, for any mixture of transports.
//!
//! A host passes in what it reads (`handle_*`), says what the application wants (`emit`, `join`, …)
//! and drains [`Server::poll_output`] for what to write and what to tell the application. Calls may
//! come in any order; a call about something that is over returns
//! [`UsageError::Unknown`](crate::UsageError::Unknown) and does nothing.

use alloc::boxed::Box;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use self::conn::Conn;
use self::conn::StreamChange;
use self::namespaces::NamespaceIndex;
use self::namespaces::Namespaces;
use self::queue::Queue;
use self::route::PendingRequest;
use self::session::Session;
use self::socket::Socket;
use crate::ConnId;
use crate::Entropy;
use crate::EntropyError;
use crate::Instant;
use crate::SessionId;
use crate::SocketId;
use crate::engineio::CloseReason;
use crate::keyed::HashKey;
use crate::keyed::KeyedMap;
use crate::slab::Slab;
use crate::socketio::Acks;
use crate::socketio::Rooms;
use crate::time::Deadlines;
use crate::websocket;
use crate::websocket::CloseCode;

pub use self::batch::Batch;
pub use self::batch::BatchKind;
pub use self::config::Config;
pub use self::config::NamespacePolicy;
pub use self::config::Protocol;
pub use self::emit::EmitOptions;
pub use self::emit::EventData;
pub use self::emit::Target;
pub use self::output::DisconnectReason;
pub use self::output::Event;
pub use self::output::Frame;
pub use self::output::OpenedBy;
pub use self::output::Output;

mod batch;
mod config;
mod conn;
mod emit;
mod namespaces;
mod output;
mod queue;
mod route;
mod session;
mod socket;
#[cfg(test)]
mod tests;

/// A server of WebSocket, Engine.IO or Socket.IO: a state machine without sockets, clock or threads.
///
/// The drive loop of a host:
///
/// 1. pass in what happened: [`handle_request`](Self::handle_request) and
///    [`handle_body`](Self::handle_body) for HTTP, [`handle_upgrade`](Self::handle_upgrade) and
///    [`handle_input`](Self::handle_input) for WebSocket, [`handle_timeout`](Self::handle_timeout)
///    when [`poll_timeout`](Self::poll_timeout) has come;
/// 2. drain [`poll_output`](Self::poll_output) until `None`: write, answer, close, and tell the
///    application;
/// 3. pass in what the application says: [`accept`](Self::accept), [`emit`](Self::emit),
///    [`join`](Self::join), …, and drain again.
///
/// `now` may be any monotonic clock of the host's; time that runs backwards is clamped.
pub struct Server {
    /// The WebSocket machines of the connections on [`Wire::Bytes`], by the slot of their key.
    streams: Vec<Option<websocket::Connection>>,
    state: State,
}

/// Everything but the WebSocket machines: they lend messages while this handles them.
struct State {
    config: Config,
    entropy: Box<dyn Entropy + Send>,
    /// The latest time that a caller named.
    now: Instant,
    conns: Slab<Conn>,
    requests: Slab<PendingRequest>,
    sessions: Slab<Session>,
    sockets: Slab<Socket>,
    sids: KeyedMap<Box<str>, SessionId>,
    namespaces: Namespaces,
    rooms: Rooms,
    acks: Acks,
    deadlines: Deadlines<Timer>,
    outputs: Queue,
    stream_changes: Vec<StreamChange>,
    /// Sockets that the application has not answered yet.
    waiting_sockets: usize,
    /// Scratch of a fan-out: kept for its capacity.
    selected: Vec<SocketId>,
    octet_targets: Vec<ConnId>,
    message_targets: Vec<ConnId>,
}

/// Who carries the frames of a WebSocket connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// The host owns the raw socket: the core frames.
    Bytes,
    /// The host has a WebSocket of its own, such as an ASGI server: messages go in and out.
    Messages,
}

/// What a host read from a connection, or learned about it.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Octets, cut anywhere ([`Wire::Bytes`]).
    Bytes(&'a [u8]),
    /// A text message ([`Wire::Messages`]).
    Text(&'a str),
    /// A binary message ([`Wire::Messages`]).
    Binary(&'a [u8]),
    /// Whether writing has to wait: `true` when the host's own buffer is full, `false` when it has
    /// drained. Meanwhile the core queues, bounded, and drops what is volatile.
    Congested(bool),
    /// The transport has ended.
    Eof,
}

/// What a [`Server`] holds. When all clients have gone, all of it is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// WebSocket connections.
    pub connections: usize,
    /// HTTP requests that wait for their answer.
    pub requests: usize,
    /// Engine.IO sessions.
    pub sessions: usize,
    /// Sockets, those included that were not accepted yet.
    pub sockets: usize,
    /// Emits that wait for acknowledgements.
    pub acknowledgements: usize,
}

/// Every reason to wake up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// Heartbeat, upgrade, connect or close deadline of a session, or its end after a broken rule.
    Session(SessionId),
    /// Closing handshake of a connection, or the answer to its last frame.
    Conn(ConnId),
}

impl Server {
    /// A server without any connection.
    ///
    /// # Errors
    /// [`EntropyError`] when the host's source of randomness fails.
    pub fn new(
        mut config: Config,
        mut entropy: Box<dyn Entropy + Send>,
    ) -> Result<Self, EntropyError> {
        let hash_key = HashKey::draw(entropy.as_mut())?;
        let rooms = Rooms::new(&config.socketio, entropy.as_mut())?;
        if config.protocol != Protocol::WebSocket {
            config.websocket.max_message_bytes = config.engineio.max_payload_bytes;
        }
        let mut namespaces = Namespaces::new(hash_key);
        namespaces.add("/");
        Ok(Self {
            streams: Vec::new(),
            state: State {
                rooms,
                acks: Acks::new(&config.socketio),
                config,
                entropy,
                now: Instant::ZERO,
                conns: Slab::new(),
                requests: Slab::new(),
                sessions: Slab::new(),
                sockets: Slab::new(),
                sids: KeyedMap::with_hasher(hash_key),
                namespaces,
                deadlines: Deadlines::new(),
                outputs: Queue::default(),
                stream_changes: Vec::new(),
                waiting_sockets: 0,
                selected: Vec::new(),
                octet_targets: Vec::new(),
                message_targets: Vec::new(),
            },
        })
    }

    /// Does what is due. Calling it early or late is harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.state.advance(now);
        self.settle();
    }

    /// Closes everything: sessions with the reason `server shutting down`, plain connections with
    /// 1001. What was sent before is still written.
    pub fn shutdown(&mut self, now: Instant) {
        self.state.observe(now);
        let sessions: Vec<SessionId> = self.state.sessions.keys().map(SessionId).collect();
        for session in sessions {
            self.state
                .close_session(session, CloseReason::ServerShuttingDown);
        }
        let conns: Vec<ConnId> = self.state.conns.keys().map(ConnId).collect();
        for conn in conns {
            self.state.close_conn(conn, CloseCode::GOING_AWAY, "");
        }
        self.settle();
    }

    /// When to call [`handle_timeout`](Self::handle_timeout); `None` while nothing waits for time
    /// to pass.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match (self.state.deadlines.next(), self.state.acks.poll_timeout()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// How much of everything there is at the moment: for metrics, and for tests that look for leaks.
    #[must_use]
    pub fn load(&self) -> Load {
        Load {
            connections: self.state.conns.len(),
            requests: self.state.requests.len(),
            sessions: self.state.sessions.len(),
            sockets: self.state.sockets.len(),
            acknowledgements: self.state.acks.len(),
        }
    }

    /// The next thing to write, to answer, to close or to tell the application. What it borrows
    /// lives until the next call; drain it until `None`.
    pub fn poll_output(&mut self) -> Option<Output<'_>> {
        self.state.outputs.poll()
    }

    /// Whether [`poll_output`](Self::poll_output) has something.
    #[must_use]
    pub fn has_output(&self) -> bool {
        !self.state.outputs.is_empty()
    }
}

impl State {
    /// Takes the caller's time, clamped so that it never runs backwards. What the application says
    /// only observes it: an answer to what a client said before it broke a rule is still sent.
    fn observe(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    /// Takes the caller's time and does what has become due: so a request that arrives just after a
    /// deadline meets the state after it, however late the host's timer fires.
    fn advance(&mut self, now: Instant) {
        self.observe(now);
        while let Some(timer) = self.deadlines.pop_due(self.now) {
            match timer {
                Timer::Session(session) => self.wake_session(session),
                Timer::Conn(conn) => self.wake_conn(conn),
            }
        }
        self.acks.handle_timeout(self.now);
        self.drain_acks();
    }

    /// A fresh unguessable id of `N` random bytes, in base64 that needs no escaping anywhere.
    fn draw_id<const N: usize>(&mut self) -> Result<Box<str>, EntropyError> {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes)?;
        Ok(URL_SAFE_NO_PAD.encode(bytes).into_boxed_str())
    }
}
