//! Connections: the WebSocket under a session, or a plain one.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::fmt;
use core::fmt::Write as _;

use super::Input;
use super::Protocol;
use super::Server;
use super::State;
use super::Timer;
use super::Wire;
use super::queue::KeptFrame;
use super::queue::Record;
use crate::ConnId;
use crate::Instant;
use crate::Message;
use crate::SessionId;
use crate::UsageError;
use crate::engineio::CloseReason;
use crate::websocket;
use crate::websocket::CloseCode;
use crate::websocket::Error;
use crate::websocket::LimitError;
use crate::websocket::frame;

/// What a server keeps of one connection, whoever frames it.
#[derive(Debug)]
pub(super) struct Conn {
    pub(super) wire: Wire,
    /// The session that it carries; a plain WebSocket connection carries none.
    pub(super) session: Option<SessionId>,
    /// We have sent our close: nothing more is sent.
    closing: bool,
    congested: bool,
    /// Frames of a plain connection that wait until its host can write again.
    backlog: VecDeque<KeptFrame>,
    backlog_bytes: usize,
    armed: Option<Instant>,
    /// How it ended, until the next turn: what the application answers to the frames before the last
    /// one still goes out first.
    ended: Option<Box<Ended>>,
}

impl Conn {
    pub(super) const fn new(wire: Wire) -> Self {
        Self {
            wire,
            session: None,
            closing: false,
            congested: false,
            backlog: VecDeque::new(),
            backlog_bytes: 0,
            armed: None,
            ended: None,
        }
    }
}

impl Server {
    /// What the host read from a connection, or learned about it.
    ///
    /// # Errors
    /// [`UsageError::Unknown`] when the connection is over, [`UsageError::Invalid`] when the input
    /// does not fit its [`Wire`]. What a peer does wrong is no error: it closes the connection,
    /// with the reason in an event.
    pub fn handle_input(
        &mut self,
        now: Instant,
        conn: ConnId,
        input: Input<'_>,
    ) -> Result<(), UsageError> {
        // Not `advance`: a session or connection that is about to end does so when the host wakes up,
        // not because its peer says more. (Heartbeats are checked by the session itself.)
        self.state.observe(now);
        let wire = self
            .state
            .conns
            .get(conn.0)
            .map(|conn| conn.wire)
            .ok_or(UsageError::Unknown)?;
        match (input, wire) {
            (Input::Bytes(bytes), Wire::Bytes) => self.handle_bytes(conn, bytes),
            (Input::Text(text), Wire::Messages) => {
                self.state.handle_host_message(conn, Message::Text(text));
            }
            (Input::Binary(bytes), Wire::Messages) => {
                self.state.handle_host_message(conn, Message::Binary(bytes));
            }
            (Input::Congested(congested), _) => self.state.handle_congested(conn, congested),
            (Input::Eof, Wire::Bytes) => self.handle_stream_eof(conn),
            (Input::Eof, Wire::Messages) => {
                self.state.connection_over(conn, Over::LOST);
            }
            (Input::Bytes(_), Wire::Messages) => {
                return Err(UsageError::Invalid(
                    "this connection is on Wire::Messages: pass Input::Text or Input::Binary",
                ));
            }
            (Input::Text(_) | Input::Binary(_), Wire::Bytes) => {
                return Err(UsageError::Invalid(
                    "this connection is on Wire::Bytes: pass Input::Bytes",
                ));
            }
        }
        self.settle();
        Ok(())
    }

    /// Sends a message on a plain WebSocket connection ([`Protocol::WebSocket`]).
    ///
    /// # Errors
    /// [`UsageError::Unknown`] when the connection is over, [`UsageError::Closing`] when it is
    /// about to be, [`UsageError::Invalid`] when it carries a session.
    pub fn send(
        &mut self,
        now: Instant,
        conn: ConnId,
        message: Message<'_>,
    ) -> Result<(), UsageError> {
        self.state.observe(now);
        let kept = self.state.plain_conn(conn)?;
        if kept.closing {
            return Err(UsageError::Closing);
        }
        let frame = match kept.wire {
            Wire::Messages => KeptFrame::of(message),
            Wire::Bytes => {
                let Some(Some(stream)) = self.streams.get_mut(conn.0.slot()) else {
                    return Err(UsageError::Unknown);
                };
                // The connection may have agreed on compression, whose state is its own. After its
                // last frame was read it takes nothing, but an answer may still go out as it is.
                let frame = match stream.send(message) {
                    Ok(()) => stream.poll_transmit().unwrap_or_default(),
                    Err(_) => frame::encode_frame(message.kind().into(), message.as_bytes(), None),
                };
                KeptFrame::Bytes(frame)
            }
        };
        self.state.send_plain(conn, frame);
        self.settle();
        Ok(())
    }

    /// Starts the closing handshake of a plain WebSocket connection ([`Protocol::WebSocket`]).
    ///
    /// # Errors
    /// [`UsageError::Unknown`] when the connection is over, [`UsageError::Invalid`] when it carries
    /// a session, or for a code or reason that must not be sent (RFC 6455, 7.4).
    pub fn close(
        &mut self,
        now: Instant,
        conn: ConnId,
        code: u16,
        reason: &str,
    ) -> Result<(), UsageError> {
        self.state.observe(now);
        self.state.plain_conn(conn)?;
        let code = CloseCode::new(code).ok_or(UsageError::Invalid(
            "this close code must not be sent: use 1000 to 1003, 1007 to 1014 or 3000 to 4999",
        ))?;
        websocket::CloseFrame::new(code, reason)?;
        self.state.close_conn(conn, code, reason);
        self.settle();
        Ok(())
    }

    /// Bytes for the WebSocket machine of this connection.
    pub(super) fn handle_bytes(&mut self, conn: ConnId, mut input: &[u8]) {
        let now = self.state.now;
        let Some(Some(stream)) = self.streams.get_mut(conn.0.slot()) else {
            return;
        };
        while let Some(event) = stream.handle_input(now, &mut input) {
            match event {
                websocket::Event::Message(message) => self.state.handle_message(conn, message),
                websocket::Event::Closed(closed) => self.state.stream_ended(conn, &closed),
                // The machine has queued the pong by itself; a pong needs no answer.
                websocket::Event::Ping(_) | websocket::Event::Pong(_) => {}
            }
        }
        if self
            .state
            .conns
            .get(conn.0)
            .is_some_and(|conn| conn.ended.is_none())
        {
            self.state.stream_changes.push(StreamChange::new(conn));
        }
    }

    fn handle_stream_eof(&mut self, conn: ConnId) {
        if let Some(Some(stream)) = self.streams.get_mut(conn.0.slot()) {
            stream.handle_eof();
        }
        self.state.stream_changes.push(StreamChange::new(conn));
    }

    /// Does what a call left to do on WebSocket machines: every public call that changes anything
    /// ends with it.
    pub(super) fn settle(&mut self) {
        let now = self.state.now;
        while let Some(change) = self.state.stream_changes.pop() {
            let conn = change.conn;
            let Some(Some(stream)) = self.streams.get_mut(conn.0.slot()) else {
                continue;
            };
            if self.state.conns.get(conn.0).is_none() {
                continue;
            }
            if let Some((code, reason)) = &change.close {
                // Both were checked when the close was asked for.
                let _checked = stream.close(now, *code, reason);
            }
            if change.wake {
                stream.handle_timeout(now);
            }
            let ended = self.state.conns.get_mut(conn.0).and_then(|kept| {
                if let Some(websocket::Event::Closed(closed)) = stream.poll_event() {
                    kept.ended = Some(Box::new(Ended::of(&closed)));
                }
                kept.ended.take()
            });
            if let Some(ended) = ended {
                self.state.report_ended(conn, &ended);
            }
            while let Some(frame) = stream.poll_transmit() {
                self.state.outputs.transmit(conn, KeptFrame::Bytes(frame));
            }
            if stream.wants_transport_close() {
                self.state.forget_conn(conn, CloseCode::NORMAL.as_u16(), "");
                if let Some(place) = self.streams.get_mut(conn.0.slot()) {
                    *place = None;
                }
            } else if let Some(next) = stream.poll_timeout() {
                self.state.arm_conn(conn, next);
            }
        }
    }
}

impl State {
    /// A whole message, whoever framed it.
    fn handle_message(&mut self, conn: ConnId, message: Message<'_>) {
        let Some(kept) = self.conns.get(conn.0) else {
            return;
        };
        match kept.session {
            Some(session) => {
                self.handle_session_message(session, conn, message);
                self.flush_session(session);
            }
            None if self.config.protocol == Protocol::WebSocket => {
                let (kind, span) = self.outputs.keep_message(message);
                self.outputs.push(Record::Message { conn, kind, span });
            }
            // Its session is over, and it is being closed.
            None => {}
        }
    }

    /// A message that the host framed. It may have no limits of its own, so ours hold here too.
    fn handle_host_message(&mut self, conn: ConnId, message: Message<'_>) {
        if message.as_bytes().len() <= self.config.websocket.max_message_bytes {
            self.handle_message(conn, message);
            return;
        }
        let error = Error::from(LimitError::MessageBytes);
        let session = self.conns.get(conn.0).and_then(|conn| conn.session);
        self.report_conn_refusal(session, conn, &error);
        let over = Over {
            code: CloseCode::from(error).as_u16(),
            reason: error.reason(),
            clean: false,
            session: CloseReason::TransportError,
        };
        self.connection_over(conn, over);
    }

    fn handle_congested(&mut self, conn: ConnId, congested: bool) {
        let now = self.now;
        let Some(kept) = self.conns.get_mut(conn.0) else {
            return;
        };
        kept.congested = congested;
        if let Some(id) = kept.session {
            if let Some(session) = self.sessions.get_mut(id.0) {
                session.engine.handle_congested(now, conn, congested);
            }
            self.flush_session(id);
        } else if !congested {
            self.release_backlog(conn);
        }
    }

    /// Hands out what waited for a plain connection.
    fn release_backlog(&mut self, conn: ConnId) {
        let Some(kept) = self.conns.get_mut(conn.0) else {
            return;
        };
        kept.backlog_bytes = 0;
        for frame in core::mem::take(&mut kept.backlog) {
            self.outputs.transmit(conn, frame);
        }
    }

    fn plain_conn(&self, conn: ConnId) -> Result<&Conn, UsageError> {
        let kept = self.conns.get(conn.0).ok_or(UsageError::Unknown)?;
        if self.config.protocol == Protocol::WebSocket {
            Ok(kept)
        } else {
            Err(UsageError::Invalid(
                "this connection carries a session: send to the session or to its sockets",
            ))
        }
    }

    /// Sends on a plain connection, or keeps the frame until the host can write again. A peer that
    /// never reads is closed when the limit is reached, with the reason in its event.
    fn send_plain(&mut self, conn: ConnId, frame: KeptFrame) {
        let limit = self.config.max_buffered_bytes;
        let Some(kept) = self.conns.get_mut(conn.0) else {
            return;
        };
        if !kept.congested {
            self.outputs.transmit(conn, frame);
            return;
        }
        let cost = frame.len() + FRAME_OVERHEAD;
        if kept.backlog.is_empty() || kept.backlog_bytes + cost <= limit {
            kept.backlog_bytes += cost;
            kept.backlog.push_back(frame);
            return;
        }
        kept.backlog.clear();
        kept.backlog_bytes = 0;
        self.close_conn(conn, CloseCode::POLICY, "the peer reads too slowly");
    }

    /// Starts closing a connection from our side.
    pub(super) fn close_conn(&mut self, conn: ConnId, code: CloseCode, reason: &str) {
        let Some(kept) = self.conns.get_mut(conn.0) else {
            return;
        };
        if core::mem::replace(&mut kept.closing, true) {
            return;
        }
        let wire = kept.wire;
        // What was sent before the close goes out before it, however slowly the peer reads.
        self.release_backlog(conn);
        match wire {
            Wire::Bytes => self.stream_changes.push(StreamChange {
                close: Some((code, reason.into())),
                ..StreamChange::new(conn)
            }),
            // The host does the closing handshake; for us the connection is over.
            Wire::Messages => self.connection_over(
                conn,
                Over {
                    code: code.as_u16(),
                    reason,
                    ..Over::LOST
                },
            ),
        }
    }

    /// The WebSocket machine of a connection has read its last frame. The connection ends at the next
    /// turn.
    fn stream_ended(&mut self, conn: ConnId, closed: &websocket::Closed<'_>) {
        if let Some(cause) = &closed.cause {
            let session = self.conns.get(conn.0).and_then(|conn| conn.session);
            self.report_conn_refusal(session, conn, cause);
        }
        let now = self.now;
        if let Some(kept) = self.conns.get_mut(conn.0) {
            kept.ended = Some(Box::new(Ended::of(closed)));
            self.arm_conn(conn, now);
        }
    }

    /// Tells the one who used a connection how it ended.
    fn report_ended(&mut self, conn: ConnId, ended: &Ended) {
        let over = Over {
            code: ended.code,
            reason: &ended.reason,
            clean: ended.clean,
            session: ended.session,
        };
        self.report_over(conn, over);
    }

    fn report_conn_refusal(
        &mut self,
        session: Option<SessionId>,
        conn: ConnId,
        cause: &dyn fmt::Display,
    ) {
        let reason = self.outputs.write_text(|out| {
            let _infallible = write!(out, "{cause}");
        });
        self.outputs.push(Record::Refused {
            session,
            conn: Some(conn),
            reason,
        });
    }

    /// A connection is over, and its host needs nothing more from us than to let go of it.
    fn connection_over(&mut self, conn: ConnId, over: Over<'_>) {
        self.report_over(conn, over);
        self.forget_conn(conn, over.code, over.reason);
    }

    /// Tells whoever used a connection that it is over.
    fn report_over(&mut self, conn: ConnId, over: Over<'_>) {
        let now = self.now;
        let Some(kept) = self.conns.get_mut(conn.0) else {
            return;
        };
        kept.closing = true;
        if let Some(id) = kept.session.take() {
            if let Some(session) = self.sessions.get_mut(id.0) {
                session
                    .engine
                    .handle_connection_closed(now, conn, over.session);
            }
            self.flush_session(id);
        } else if self.config.protocol == Protocol::WebSocket {
            let reason = self.outputs.keep_text(over.reason);
            self.outputs.push(Record::Closed {
                conn,
                code: over.code,
                reason,
                clean: over.clean,
            });
        }
    }

    /// The transport can go: the key is dead from here on.
    fn forget_conn(&mut self, conn: ConnId, code: u16, reason: &str) {
        if self.conns.remove(conn.0).is_some() {
            let reason = self.outputs.keep_text(reason);
            self.outputs.push(Record::Close { conn, code, reason });
        }
    }

    fn arm_conn(&mut self, conn: ConnId, next: Instant) {
        let Some(kept) = self.conns.get_mut(conn.0) else {
            return;
        };
        if kept.armed.is_none_or(|armed| next < armed) {
            kept.armed = Some(next);
            self.deadlines.arm(next, Timer::Conn(conn));
        }
    }

    /// An entry of this connection among the deadlines has come up.
    pub(super) fn wake_conn(&mut self, conn: ConnId) {
        if let Some(kept) = self.conns.get_mut(conn.0) {
            kept.armed = None;
            self.stream_changes.push(StreamChange {
                wake: true,
                ..StreamChange::new(conn)
            });
        }
    }
}

/// How a connection ended.
#[derive(Clone, Copy)]
struct Over<'a> {
    code: u16,
    reason: &'a str,
    clean: bool,
    /// What becomes of the session that it carried.
    session: CloseReason,
}

impl Over<'_> {
    /// The transport went away (RFC 6455, 7.1.5).
    const LOST: Self = Self {
        code: CloseCode::ABNORMAL.as_u16(),
        reason: "",
        clean: false,
        session: CloseReason::TransportClose,
    };
}

/// How the WebSocket machine of a connection ended.
#[derive(Debug)]
struct Ended {
    code: u16,
    reason: Box<str>,
    clean: bool,
    session: CloseReason,
}

impl Ended {
    fn of(closed: &websocket::Closed<'_>) -> Self {
        let broke_a_rule = matches!(
            closed.cause,
            Some(Error::Protocol(_) | Error::InvalidUtf8 | Error::Limit(_))
        );
        Self {
            code: closed.code.as_u16(),
            reason: closed.reason.into(),
            clean: closed.clean,
            session: if broke_a_rule {
                CloseReason::TransportError
            } else {
                CloseReason::TransportClose
            },
        }
    }
}

/// Something to do on the WebSocket machine of a connection, once nothing is lent from it.
#[derive(Debug)]
pub(super) struct StreamChange {
    conn: ConnId,
    close: Option<(CloseCode, Box<str>)>,
    wake: bool,
}

impl StreamChange {
    pub(super) const fn new(conn: ConnId) -> Self {
        Self {
            conn,
            close: None,
            wake: false,
        }
    }
}

/// What a queued frame costs beyond its bytes.
const FRAME_OVERHEAD: usize = 64;
