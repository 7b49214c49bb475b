//! The outputs that wait: records in order, and the arenas that they lend from, which are reused once
//! they are drained.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use bytes::Bytes;
use bytes::BytesMut;

use super::output::DisconnectReason;
use super::output::Event;
use super::output::Frame;
use super::output::OpenedBy;
use super::output::Output;
use crate::ConnId;
use crate::Message;
use crate::MessageKind;
use crate::RequestId;
use crate::SessionId;
use crate::SocketId;
use crate::engineio;
use crate::http;
use crate::socketio::AckId;
use crate::socketio::Outcome;

/// The outputs that wait, with the texts, attachments and targets that they lend.
#[derive(Debug, Default)]
pub(super) struct Queue {
    records: VecDeque<Record>,
    /// The record that was lent last: its buffers live until the next poll.
    lent: Option<Record>,
    text: String,
    binary: Vec<u8>,
    attachments: Vec<Bytes>,
    targets: Vec<ConnId>,
}

impl Queue {
    pub(super) fn push(&mut self, record: Record) {
        self.records.push_back(record);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Copies a text into the arena.
    pub(super) fn keep_text(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        start..self.text.len()
    }

    /// Lets `write` append a text to the arena.
    pub(super) fn write_text(&mut self, write: impl FnOnce(&mut String)) -> Span {
        let start = self.text.len();
        write(&mut self.text);
        start..self.text.len()
    }

    pub(super) fn keep_message(&mut self, message: Message<'_>) -> (MessageKind, Span) {
        match message {
            Message::Text(text) => (MessageKind::Text, self.keep_text(text)),
            Message::Binary(bytes) => {
                let start = self.binary.len();
                self.binary.extend_from_slice(bytes);
                (MessageKind::Binary, start..self.binary.len())
            }
        }
    }

    pub(super) fn keep_attachments(&mut self, attachments: &[Bytes]) -> Span {
        let start = self.attachments.len();
        self.attachments.extend_from_slice(attachments);
        start..self.attachments.len()
    }

    /// Queues one buffer for one connection.
    pub(super) fn transmit(&mut self, to: ConnId, frame: KeptFrame) {
        if self.extend_last(&[to], &frame) {
            return;
        }
        let start = self.targets.len();
        self.targets.push(to);
        self.push(Record::Transmit {
            to: start..self.targets.len(),
            frame,
        });
    }

    /// Queues one buffer for many connections. The targets are drained out of `to`.
    pub(super) fn transmit_all(&mut self, to: &mut Vec<ConnId>, frames: &[KeptFrame]) {
        if let [frame] = frames
            && self.extend_last(to, frame)
        {
            to.clear();
            return;
        }
        let start = self.targets.len();
        self.targets.append(to);
        let to = start..self.targets.len();
        for frame in frames {
            self.push(Record::Transmit {
                to: to.clone(),
                frame: frame.clone(),
            });
        }
    }

    /// Octets for exactly the receivers of the last record go out behind its own, in one buffer: so a
    /// burst to one room, or many answers to one client, is one write for each connection.
    fn extend_last(&mut self, to: &[ConnId], frame: &KeptFrame) -> bool {
        let KeptFrame::Bytes(octets) = frame else {
            return false;
        };
        let Some(Record::Transmit {
            to: last_to,
            frame: KeptFrame::Bytes(last),
        }) = self.records.back_mut()
        else {
            return false;
        };
        if last.len() + octets.len() > MAX_JOINED || self.targets.get(last_to.clone()) != Some(to) {
            return false;
        }
        let mut joined = match core::mem::take(last).try_into_mut() {
            Ok(joined) => joined,
            // Somebody else still looks at it: this once, it is copied.
            Err(shared) => BytesMut::from(&shared[..]),
        };
        joined.extend_from_slice(octets);
        *last = joined.freeze();
        true
    }

    /// Lends the next output. What it borrows lives until the next call.
    pub(super) fn poll(&mut self) -> Option<Output<'_>> {
        let Some(record) = self.records.pop_front() else {
            self.reset();
            return None;
        };
        let record = self.lent.insert(record);
        let text = |span: &Span| self.text.get(span.clone()).unwrap_or_default();
        let attachments = |span: &Span| self.attachments.get(span.clone()).unwrap_or_default();
        let message = |kind: &MessageKind, span: &Span| match kind {
            MessageKind::Text => Message::Text(text(span)),
            MessageKind::Binary => {
                Message::Binary(self.binary.get(span.clone()).unwrap_or_default())
            }
        };
        let event = match record {
            Record::Transmit { to, frame } => {
                return Some(Output::Transmit {
                    to: self.targets.get(to.clone()).unwrap_or_default(),
                    frame: frame.lend(),
                });
            }
            Record::Reply { request, response } => {
                return Some(Output::Reply {
                    request: *request,
                    response,
                });
            }
            Record::Close { conn, code, reason } => {
                return Some(Output::Close {
                    conn: *conn,
                    code: *code,
                    reason: text(reason),
                });
            }
            Record::Opened { conn } => Event::Opened { conn: *conn },
            Record::Message { conn, kind, span } => Event::Message {
                conn: *conn,
                message: message(kind, span),
            },
            Record::Closed {
                conn,
                code,
                reason,
                clean,
            } => Event::Closed {
                conn: *conn,
                code: *code,
                reason: text(reason),
                clean: *clean,
            },
            Record::SessionOpened { session, sid, by } => Event::SessionOpened {
                session: *session,
                sid: text(sid),
                by: *by,
            },
            Record::SessionUpgraded { session, conn } => Event::SessionUpgraded {
                session: *session,
                conn: *conn,
            },
            Record::SessionMessage {
                session,
                kind,
                span,
            } => Event::SessionMessage {
                session: *session,
                message: message(kind, span),
            },
            Record::SessionClosed {
                session,
                reason,
                detail,
            } => Event::SessionClosed {
                session: *session,
                reason: *reason,
                detail: text(detail),
            },
            Record::Connect {
                socket,
                session,
                id,
                namespace,
                auth,
            } => Event::Connect {
                socket: *socket,
                session: *session,
                id: text(id),
                namespace: text(namespace),
                auth: text(auth),
            },
            Record::Event {
                socket,
                data,
                attachments: span,
                packet_id,
            } => Event::Event {
                socket: *socket,
                data: text(data),
                attachments: attachments(span),
                packet_id: *packet_id,
            },
            Record::Answer {
                ack,
                socket,
                data,
                attachments: span,
                last,
            } => Event::Answer {
                ack: *ack,
                socket: *socket,
                data: text(data),
                attachments: attachments(span),
                last: *last,
            },
            Record::AckSettled {
                ack,
                outcome,
                missing,
            } => Event::AckSettled {
                ack: *ack,
                outcome: *outcome,
                missing: *missing,
            },
            Record::Disconnect {
                socket,
                session,
                reason,
                detail,
                rooms,
            } => Event::Disconnect {
                socket: *socket,
                session: *session,
                reason: *reason,
                detail: text(detail),
                rooms: text(rooms),
            },
            Record::Refused {
                session,
                conn,
                reason,
            } => Event::Refused {
                session: *session,
                conn: *conn,
                reason: text(reason),
            },
        };
        Some(Output::Event(event))
    }

    /// Everything was taken: the arenas start again, and a large one is given back.
    fn reset(&mut self) {
        self.lent = None;
        self.text.clear();
        self.binary.clear();
        self.attachments.clear();
        self.targets.clear();
        if self.text.capacity() > ARENA_KEPT {
            self.text = String::new();
        }
        if self.binary.capacity() > ARENA_KEPT {
            self.binary = Vec::new();
        }
    }
}

/// A range in one of the arenas.
pub(super) type Span = Range<usize>;

/// A frame as the queue holds it.
#[derive(Clone, Debug)]
pub(super) enum KeptFrame {
    Bytes(Bytes),
    Text(Bytes),
    Binary(Bytes),
}

impl KeptFrame {
    pub(super) fn of(message: Message<'_>) -> Self {
        let bytes = Bytes::copy_from_slice(message.as_bytes());
        match message.kind() {
            MessageKind::Text => Self::Text(bytes),
            MessageKind::Binary => Self::Binary(bytes),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) | Self::Text(bytes) | Self::Binary(bytes) => bytes.len(),
        }
    }

    fn lend(&self) -> Frame<'_> {
        match self {
            Self::Bytes(bytes) => Frame::Bytes(bytes),
            Self::Text(bytes) => Frame::Text(bytes),
            Self::Binary(bytes) => Frame::Binary(bytes),
        }
    }
}

/// An [`Output`] with ranges for what it lends.
#[derive(Debug)]
pub(super) enum Record {
    Transmit {
        to: Span,
        frame: KeptFrame,
    },
    Reply {
        request: RequestId,
        response: Box<http::Response>,
    },
    Close {
        conn: ConnId,
        code: u16,
        reason: Span,
    },
    Opened {
        conn: ConnId,
    },
    Message {
        conn: ConnId,
        kind: MessageKind,
        span: Span,
    },
    Closed {
        conn: ConnId,
        code: u16,
        reason: Span,
        clean: bool,
    },
    SessionOpened {
        session: SessionId,
        sid: Span,
        by: OpenedBy,
    },
    SessionUpgraded {
        session: SessionId,
        conn: ConnId,
    },
    SessionMessage {
        session: SessionId,
        kind: MessageKind,
        span: Span,
    },
    SessionClosed {
        session: SessionId,
        reason: engineio::CloseReason,
        detail: Span,
    },
    Connect {
        socket: SocketId,
        session: SessionId,
        id: Span,
        namespace: Span,
        auth: Span,
    },
    Event {
        socket: SocketId,
        data: Span,
        attachments: Span,
        packet_id: Option<u64>,
    },
    Answer {
        ack: AckId,
        socket: SocketId,
        data: Span,
        attachments: Span,
        last: bool,
    },
    AckSettled {
        ack: AckId,
        outcome: Outcome,
        missing: u32,
    },
    Disconnect {
        socket: SocketId,
        session: SessionId,
        reason: DisconnectReason,
        detail: Span,
        rooms: Span,
    },
    Refused {
        session: Option<SessionId>,
        conn: Option<ConnId>,
        reason: Span,
    },
}

/// An arena larger than this is given back once it is drained.
const ARENA_KEPT: usize = 64 * 1024;

/// Small frames are joined up to here; beyond, copying them costs more than writing them apart.
const MAX_JOINED: usize = 16 * 1024;
