//! One client: its Engine.IO session, whatever transport it uses, and its sockets.

use alloc::boxed::Box;
use alloc::vec::Vec;

use bytes::Bytes;

use super::NamespaceIndex;
use super::Protocol;
use super::Server;
use super::State;
use super::Timer;
use super::Wire;
use super::output::DisconnectReason;
use super::output::OpenedBy;
use super::queue::KeptFrame;
use super::queue::Record;
use super::route::refusal_response;
use crate::ConnId;
use crate::EntropyError;
use crate::Instant;
use crate::Message;
use crate::MessageKind;
use crate::RequestId;
use crate::SessionId;
use crate::SocketId;
use crate::UsageError;
use crate::engineio;
use crate::engineio::CloseReason;
use crate::engineio::OutgoingPacket;
use crate::engineio::Packet;
use crate::engineio::Source;
use crate::engineio::Transport;
use crate::http;
use crate::id::Key;
use crate::socketio::Decoder;
use crate::websocket;

/// What a server keeps of one client.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) engine: engineio::Session,
    pub(super) sid: Box<str>,
    /// How the host carries its WebSocket connection, once it has one.
    pub(super) wire: Wire,
    pub(super) decoder: Decoder,
    /// One socket for each namespace that it joined or asks to join.
    pub(super) sockets: Vec<(NamespaceIndex, SocketId)>,
    /// By then it has joined a namespace, or it is closed.
    connect_by: Option<Instant>,
    /// Its client said something that ends it. Nothing more is read, and it ends at the next turn:
    /// what the application answers to what came before still goes out.
    ending: Option<Ending>,
    /// The POST that carried the end, to be answered with it.
    last_post: Option<RequestId>,
    /// The earliest entry of this session among the server's deadlines.
    armed: Option<Instant>,
}

impl Server {
    /// Sends an Engine.IO message ([`Protocol::EngineIo`]).
    ///
    /// # Errors
    /// [`UsageError::Unknown`] when the session is over, [`UsageError::Invalid`] on a Socket.IO
    /// server, whose messages are packets.
    pub fn send_session(
        &mut self,
        now: Instant,
        session: SessionId,
        message: Message<'_>,
    ) -> Result<(), UsageError> {
        self.state.observe(now);
        if self.state.config.protocol != Protocol::EngineIo {
            return Err(UsageError::Invalid(
                "only an Engine.IO server sends bare messages: emit an event instead",
            ));
        }
        let now = self.state.now;
        let kept = self
            .state
            .sessions
            .get_mut(session.0)
            .ok_or(UsageError::Unknown)?;
        let sent = kept.engine.send(now, OutgoingPacket::message(&message));
        self.state.flush_session(session);
        self.settle();
        sent.map_err(|_| UsageError::Closing)
    }

    /// Closes a session with all its sockets, after what was sent before.
    ///
    /// # Errors
    /// [`UsageError::Unknown`] when it is over already.
    pub fn close_session(&mut self, now: Instant, session: SessionId) -> Result<(), UsageError> {
        self.state.observe(now);
        if self.state.sessions.get(session.0).is_none() {
            return Err(UsageError::Unknown);
        }
        self.state
            .disconnect_sockets(session, DisconnectReason::ServerNamespaceDisconnect, "");
        self.state.close_session(session, CloseReason::ForcedClose);
        self.settle();
        Ok(())
    }

    /// The transport that a session uses at the moment.
    #[must_use]
    pub fn transport(&self, session: SessionId) -> Option<Transport> {
        self.state.sessions.get(session.0)?.engine.transport()
    }

    /// A session's id on the wire: a bearer secret, keep it out of logs.
    #[must_use]
    pub fn session_sid(&self, session: SessionId) -> Option<&str> {
        Some(&self.state.sessions.get(session.0)?.sid)
    }

    /// Whether a volatile event would be sent to this session now.
    #[must_use]
    pub fn is_writable(&self, session: SessionId) -> bool {
        self.state
            .sessions
            .get(session.0)
            .is_some_and(|session| session.engine.is_writable())
    }

    /// How many sessions are open.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.state.sessions.len()
    }
}

impl State {
    /// Opens a session with a fresh secret id.
    pub(super) fn open_session(
        &mut self,
        by: OpenedBy,
        wire: Wire,
    ) -> Result<SessionId, EntropyError> {
        let sid = self.draw_id::<SID_BYTES>()?;
        let now = self.now;
        let config = &self.config;
        let connect_by =
            (config.protocol == Protocol::SocketIo).then(|| now + config.connect_timeout);
        let make = |_: Key| Session {
            engine: match by {
                OpenedBy::Request(request) => {
                    engineio::Session::open_polling(now, &sid, request, &config.engineio)
                }
                OpenedBy::Connection(conn) => {
                    engineio::Session::open_websocket(now, &sid, conn, &config.engineio)
                }
            },
            sid: sid.clone(),
            wire,
            decoder: Decoder::new(&config.socketio),
            sockets: Vec::new(),
            connect_by,
            ending: None,
            last_post: None,
            armed: None,
        };
        let id = SessionId(self.sessions.insert_with(make).ok_or(EntropyError)?);
        let span = self.outputs.keep_text(&sid);
        self.sids.insert(sid, id);
        self.outputs.push(Record::SessionOpened {
            session: id,
            sid: span,
            by,
        });
        Ok(id)
    }

    /// One message that a session's WebSocket carried.
    pub(super) fn handle_session_message(
        &mut self,
        id: SessionId,
        conn: ConnId,
        message: Message<'_>,
    ) {
        match Packet::decode(message) {
            Ok(packet) => self.handle_session_packet(id, Source::Connection(conn), packet),
            Err(error) => self.refuse_session_input(id, Source::Connection(conn), &error),
        }
    }

    /// One Engine.IO packet, whatever carried it.
    pub(super) fn handle_session_packet(
        &mut self,
        id: SessionId,
        from: Source,
        packet: Packet<'_>,
    ) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(id.0) else {
            return;
        };
        if session.ending.is_some() {
            return;
        }
        if let Some(last) = last_packet(&packet)
            && session.is_transport(from)
        {
            session.ending = Some(Ending::Packet(from, last));
            return;
        }
        let Some(message) = session.engine.handle_packet(now, from, packet) else {
            return;
        };
        match self.config.protocol {
            Protocol::SocketIo => self.handle_packet_message(id, message),
            Protocol::EngineIo | Protocol::WebSocket => {
                let (kind, span) = self.outputs.keep_message(message);
                self.outputs.push(Record::SessionMessage {
                    session: id,
                    kind,
                    span,
                });
            }
        }
    }

    /// What a peer sent is no Engine.IO: its session ends, and nobody else notices.
    pub(super) fn refuse_session_input(
        &mut self,
        id: SessionId,
        from: Source,
        reason: &dyn core::fmt::Display,
    ) {
        self.report_refusal(Some(id), reason);
        let now = self.now;
        if let Some(session) = self.sessions.get_mut(id.0) {
            if session.is_transport(from) {
                session.ending = Some(Ending::BadInput(from));
            } else {
                session.engine.handle_bad_input(now, from);
            }
        }
    }

    /// What a peer sent is no Socket.IO, or not its turn: its session ends, and nobody else notices.
    pub(super) fn refuse_packet(&mut self, id: SessionId, reason: &dyn core::fmt::Display) {
        self.report_refusal(Some(id), reason);
        if let Some(session) = self.sessions.get_mut(id.0) {
            session.ending = Some(Ending::Violation);
        }
    }

    /// Whether nothing more is read from a session. The POST that carried its end is answered when
    /// it ends.
    pub(super) fn is_ending_with(&mut self, id: SessionId, post: RequestId) -> bool {
        let Some(session) = self.sessions.get_mut(id.0) else {
            return true;
        };
        if session.ending.is_some() {
            session.last_post = Some(post);
        }
        session.ending.is_some()
    }

    /// Ends a session from our side.
    pub(super) fn close_session(&mut self, id: SessionId, reason: CloseReason) {
        let now = self.now;
        if let Some(session) = self.sessions.get_mut(id.0) {
            session.engine.close(now, reason);
            self.flush_session(id);
        }
    }

    /// Carries out what a session wants, and remembers when it must be woken.
    pub(super) fn flush_session(&mut self, id: SessionId) {
        while let Some(output) = self
            .sessions
            .get_mut(id.0)
            .and_then(|session| session.engine.poll_output())
        {
            match output {
                engineio::Output::Poll { request, packets } => {
                    let body = engineio::payload::encode(&packets);
                    self.reply(request, http::Response::new(200).text(body));
                }
                engineio::Output::PostAccepted { request } => {
                    self.reply(request, post_accepted());
                }
                engineio::Output::Refuse { request, refusal } => {
                    self.reply(request, refusal_response(refusal));
                }
                engineio::Output::Transmit { conn, packet } => self.transmit(conn, packet),
                engineio::Output::CloseConnection { conn } => {
                    self.close_conn(conn, websocket::CloseCode::NORMAL, "");
                }
                engineio::Output::Upgraded { conn } => {
                    let wire = self.conns.get(conn.0).map(|conn| conn.wire);
                    if let Some(session) = self.sessions.get_mut(id.0) {
                        session.wire = wire.unwrap_or(session.wire);
                    }
                    self.outputs
                        .push(Record::SessionUpgraded { session: id, conn });
                }
                engineio::Output::Closed { reason } => {
                    self.remove_session(id, reason);
                    return;
                }
            }
        }
        self.arm_session(id);
    }

    /// Writes one packet on one connection, in the connection's own unit.
    fn transmit(&mut self, conn: ConnId, packet: OutgoingPacket) {
        let Some(wire) = self.conns.get(conn.0).map(|conn| conn.wire) else {
            return;
        };
        let frame = match (wire, packet.kind) {
            (Wire::Bytes, kind) => KeptFrame::Bytes(websocket::frame::encode_frame(
                kind.into(),
                &packet.bytes,
                None,
            )),
            (Wire::Messages, MessageKind::Text) => KeptFrame::Text(packet.bytes),
            (Wire::Messages, MessageKind::Binary) => KeptFrame::Binary(packet.bytes),
        };
        self.outputs.transmit(conn, frame);
    }

    fn remove_session(&mut self, id: SessionId, reason: CloseReason) {
        self.disconnect_sockets(id, DisconnectReason::Session(reason), "");
        if let Some(session) = self.sessions.remove(id.0) {
            self.sids.remove(&session.sid);
        }
        self.outputs.push(Record::SessionClosed {
            session: id,
            reason,
            detail: 0..0,
        });
    }

    fn arm_session(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id.0) else {
            return;
        };
        let turn = session.ending.is_some().then_some(self.now);
        let deadlines = [turn, session.engine.poll_timeout(), session.connect_by];
        if let Some(next) = deadlines.into_iter().flatten().min()
            && session.armed.is_none_or(|armed| next < armed)
        {
            session.armed = Some(next);
            self.deadlines.arm(next, Timer::Session(id));
        }
    }

    /// An entry of this session among the deadlines has come up.
    pub(super) fn wake_session(&mut self, id: SessionId) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(id.0) else {
            return;
        };
        session.armed = None;
        session.engine.handle_timeout(now);
        match session.ending.take() {
            None => {}
            Some(Ending::Violation) => session.engine.close(now, CloseReason::ForcedClose),
            Some(Ending::BadInput(from)) => session.engine.handle_bad_input(now, from),
            Some(Ending::Packet(from, packet)) => {
                let _no_message = session.engine.handle_packet(now, from, packet);
            }
        }
        if let Some(post) = session.last_post.take() {
            session.engine.handle_post_end(now, post);
        }
        if session.connect_by.is_some_and(|deadline| deadline <= now) {
            session.connect_by = None;
            self.report_refusal(Some(id), &"no namespace was joined in time");
            self.close_session(id, CloseReason::ForcedClose);
        }
        self.flush_session(id);
    }

    /// A socket was accepted: the session need not be closed for having none.
    pub(super) fn connect_deadline_met(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(id.0) {
            session.connect_by = None;
        }
    }
}

impl Session {
    /// Whether a source is the session's transport, and not a WebSocket that it may upgrade to.
    fn is_transport(&self, from: Source) -> bool {
        match from {
            Source::Connection(conn) => self.engine.connection() == Some(conn),
            Source::Post(_) => true,
        }
    }
}

/// What its client said that ends a session.
#[derive(Debug)]
enum Ending {
    /// A Socket.IO packet that breaks a rule.
    Violation,
    /// No Engine.IO packet.
    BadInput(Source),
    /// A packet after which there is nothing to read.
    Packet(Source, Packet<'static>),
}

/// A packet that ends its session, as something to keep. (A client of version 4 sends no ping.)
fn last_packet(packet: &Packet<'_>) -> Option<Packet<'static>> {
    match packet {
        Packet::Close => Some(Packet::Close),
        Packet::Ping(_) => Some(Packet::Ping("")),
        _ => None,
    }
}

/// What a POST is told: the body that clients of every version expect.
fn post_accepted() -> http::Response {
    http::Response::new(200).with_body("text/html", Bytes::from_static(b"ok"))
}

/// 128 bits from the host's secure source: a session id is a bearer secret.
const SID_BYTES: usize = 16;
