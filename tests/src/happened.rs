//! Events that a test can keep and compare.

use bytes::Bytes;
use sansocket::ConnId;
use sansocket::Message;
use sansocket::SessionId;
use sansocket::SocketId;
use sansocket::server::Event;
use sansocket::socketio::AckId;
use sansocket::socketio::Outcome;

/// An [`Event`] that owns what it says. Reasons are the words that applications see.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are those of the event")]
pub enum Happened {
    Opened {
        conn: ConnId,
    },
    Text {
        conn: ConnId,
        text: String,
    },
    Binary {
        conn: ConnId,
        bytes: Vec<u8>,
    },
    Closed {
        conn: ConnId,
        code: u16,
        reason: String,
        clean: bool,
    },
    SessionOpened {
        session: SessionId,
        sid: String,
    },
    SessionUpgraded {
        session: SessionId,
    },
    SessionText {
        session: SessionId,
        text: String,
    },
    SessionBinary {
        session: SessionId,
        bytes: Vec<u8>,
    },
    SessionClosed {
        session: SessionId,
        reason: &'static str,
    },
    Connect {
        socket: SocketId,
        session: SessionId,
        namespace: String,
        auth: String,
    },
    Event {
        socket: SocketId,
        data: String,
        attachments: Vec<Bytes>,
        packet_id: Option<u64>,
    },
    Answer {
        ack: AckId,
        socket: SocketId,
        data: String,
        last: bool,
    },
    AckSettled {
        ack: AckId,
        outcome: Outcome,
        missing: u32,
    },
    Disconnect {
        socket: SocketId,
        reason: &'static str,
        rooms: String,
    },
    Refused {
        reason: String,
    },
}

impl From<&Event<'_>> for Happened {
    fn from(event: &Event<'_>) -> Self {
        match *event {
            Event::Opened { conn } => Self::Opened { conn },
            Event::Message { conn, message } => match message {
                Message::Text(text) => Self::Text {
                    conn,
                    text: text.into(),
                },
                Message::Binary(bytes) => Self::Binary {
                    conn,
                    bytes: bytes.into(),
                },
            },
            Event::Closed {
                conn,
                code,
                reason,
                clean,
            } => Self::Closed {
                conn,
                code,
                reason: reason.into(),
                clean,
            },
            Event::SessionOpened { session, sid, .. } => Self::SessionOpened {
                session,
                sid: sid.into(),
            },
            Event::SessionUpgraded { session, .. } => Self::SessionUpgraded { session },
            Event::SessionMessage { session, message } => match message {
                Message::Text(text) => Self::SessionText {
                    session,
                    text: text.into(),
                },
                Message::Binary(bytes) => Self::SessionBinary {
                    session,
                    bytes: bytes.into(),
                },
            },
            Event::SessionClosed {
                session, reason, ..
            } => Self::SessionClosed {
                session,
                reason: reason.as_str(),
            },
            Event::Connect {
                socket,
                session,
                namespace,
                auth,
                ..
            } => Self::Connect {
                socket,
                session,
                namespace: namespace.into(),
                auth: auth.into(),
            },
            Event::Event {
                socket,
                data,
                attachments,
                packet_id,
            } => Self::Event {
                socket,
                data: data.into(),
                attachments: attachments.to_vec(),
                packet_id,
            },
            Event::Answer {
                ack,
                socket,
                data,
                last,
                ..
            } => Self::Answer {
                ack,
                socket,
                data: data.into(),
                last,
            },
            Event::AckSettled {
                ack,
                outcome,
                missing,
            } => Self::AckSettled {
                ack,
                outcome,
                missing,
            },
            Event::Disconnect {
                socket,
                reason,
                rooms,
                ..
            } => Self::Disconnect {
                socket,
                reason: reason.as_str(),
                rooms: rooms.into(),
            },
            Event::Refused { reason, .. } => Self::Refused {
                reason: reason.into(),
            },
        }
    }
}
