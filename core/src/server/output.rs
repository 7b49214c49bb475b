//! What a server wants done, and what it tells the application.
use bytes::Bytes;

use crate::ConnId;
use crate::Message;
use crate::RequestId;
use crate::SessionId;
use crate::SocketId;
use crate::engineio;
use crate::http;
use crate::socketio::AckId;
use crate::socketio::Outcome;

/// One thing for the host to do, or one thing for the application to know.
#[derive(Debug)]
pub enum Output<'a> {
    /// Write this one buffer to each of these connections.
    Transmit {
        /// The receivers; each appears once.
        to: &'a [ConnId],
        /// What to write.
        frame: Frame<'a>,
    },
    /// The answer to an HTTP request. The [`RequestId`] is dead afterwards.
    Reply {
        /// Which request.
        request: RequestId,
        /// Status, headers (CORS and cookie included) and body.
        response: &'a http::Response,
    },
    /// End this connection once everything written before is flushed. The [`ConnId`] is dead
    /// afterwards.
    Close {
        /// Which connection.
        conn: ConnId,
        /// The WebSocket close code, for a host that frames by itself.
        code: u16,
        /// The WebSocket close reason, for a host that frames by itself.
        reason: &'a str,
    },
    /// Something for the application.
    Event(Event<'a>),
}

/// What to write, in the unit that the connection's [`Wire`](super::Wire) has.
#[derive(Clone, Copy, Debug)]
pub enum Frame<'a> {
    /// Octets for the socket ([`Wire::Bytes`](super::Wire::Bytes)).
    Bytes(&'a Bytes),
    /// A text message, valid UTF-8 ([`Wire::Messages`](super::Wire::Messages)).
    Text(&'a Bytes),
    /// A binary message ([`Wire::Messages`](super::Wire::Messages)).
    Binary(&'a Bytes),
}

/// Something for the application. Texts and attachments are lent until the next call.
#[derive(Debug)]
pub enum Event<'a> {
    /// A plain WebSocket connection is open ([`Protocol::WebSocket`](super::Protocol::WebSocket)).
    Opened {
        /// The connection.
        conn: ConnId,
    },
    /// A message on a plain WebSocket connection.
    Message {
        /// The connection.
        conn: ConnId,
        /// The message.
        message: Message<'a>,
    },
    /// A plain WebSocket connection is over.
    Closed {
        /// The connection.
        conn: ConnId,
        /// The close code; 1006 when the transport just went away (RFC 6455, 7.1.5).
        code: u16,
        /// The peer's reason, or ours.
        reason: &'a str,
        /// Whether the closing handshake was completed.
        clean: bool,
    },
    /// An Engine.IO session is open.
    SessionOpened {
        /// The session.
        session: SessionId,
        /// Its id on the wire: a bearer secret, keep it out of logs.
        sid: &'a str,
        /// The request or the connection that opened it.
        by: OpenedBy,
    },
    /// A session has moved from long polling to a WebSocket connection.
    SessionUpgraded {
        /// The session.
        session: SessionId,
        /// The connection that it uses from now on.
        conn: ConnId,
    },
    /// An Engine.IO message ([`Protocol::EngineIo`](super::Protocol::EngineIo)).
    SessionMessage {
        /// The session.
        session: SessionId,
        /// The message.
        message: Message<'a>,
    },
    /// A session is over; all its sockets were disconnected before.
    SessionClosed {
        /// The session.
        session: SessionId,
        /// Why.
        reason: engineio::CloseReason,
        /// More about it, for a log; may be empty.
        detail: &'a str,
    },
    /// A client asks to join a namespace: answer with `accept` or `reject`, now or later.
    Connect {
        /// The socket.
        socket: SocketId,
        /// Its session.
        session: SessionId,
        /// The socket's public id, 20 characters; also the name of its own room.
        id: &'a str,
        /// The namespace, with its leading slash.
        namespace: &'a str,
        /// The client's `auth`: the text of a JSON object, `{}` when it sent none.
        auth: &'a str,
    },
    /// A client emitted an event.
    Event {
        /// The socket.
        socket: SocketId,
        /// The text of a JSON array, event name first, grammar checked.
        data: &'a str,
        /// The attachments that the placeholders in `data` number.
        attachments: &'a [Bytes],
        /// Present when the client wants an acknowledgement: pass it to `acknowledge`.
        packet_id: Option<u64>,
    },
    /// A client acknowledged one of our events.
    Answer {
        /// What `emit_with_ack` returned.
        ack: AckId,
        /// Who answered.
        socket: SocketId,
        /// The text of a JSON array of the answer's arguments.
        data: &'a str,
        /// The attachments that the placeholders in `data` number.
        attachments: &'a [Bytes],
        /// Nobody else is expected to answer: the acknowledgement is settled.
        last: bool,
    },
    /// An acknowledgement has ended other than by its last answer; the answers that came before are
    /// its result, maybe a partial one.
    AckSettled {
        /// What `emit_with_ack` returned.
        ack: AckId,
        /// Why.
        outcome: Outcome,
        /// How many answers are missing.
        missing: u32,
    },
    /// A socket has left its namespace. It came once for every accepted socket, and never for another.
    Disconnect {
        /// The socket; its key is dead.
        socket: SocketId,
        /// Its session.
        session: SessionId,
        /// Why.
        reason: DisconnectReason,
        /// More about it, for a log; may be empty.
        detail: &'a str,
        /// The rooms it was in, as the text of a JSON array, its own first.
        rooms: &'a str,
    },
    /// A peer broke a rule and was refused: which one, in words.
    Refused {
        /// Its session, if it had one.
        session: Option<SessionId>,
        /// Its connection, if it had one.
        conn: Option<ConnId>,
        /// The rule.
        reason: &'a str,
    },
}

/// What opened a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenedBy {
    /// A long-polling handshake.
    Request(RequestId),
    /// A WebSocket handshake.
    Connection(ConnId),
}

/// Why a socket left its namespace, in the words that users of Socket.IO know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectReason {
    /// The client called `disconnect()`.
    ClientNamespaceDisconnect,
    /// The application disconnected this socket.
    ServerNamespaceDisconnect,
    /// The session ended.
    Session(engineio::CloseReason),
}

impl DisconnectReason {
    /// The words that users of Socket.IO know.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientNamespaceDisconnect => "client namespace disconnect",
            Self::ServerNamespaceDisconnect => "server namespace disconnect",
            Self::Session(reason) => reason.as_str(),
        }
    }
}
