//! Requests: which session they belong to, and what they are answered.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::fmt::Write as _;

use bytes::Bytes;

use super::Protocol;
use super::Server;
use super::State;
use super::Wire;
use super::conn::Conn;
use super::output::OpenedBy;
use super::queue::KeptFrame;
use super::queue::Record;
use super::session::Session;
use crate::ConnId;
use crate::Instant;
use crate::RequestId;
use crate::SessionId;
use crate::UsageError;
use crate::engineio;
use crate::engineio::Admission;
use crate::engineio::Parameter;
use crate::engineio::Refusal;
use crate::engineio::Source;
use crate::engineio::payload::PayloadReader;
use crate::http;
use crate::http::OriginVerdict;
use crate::websocket;

/// A request that waits for its reply.
#[derive(Debug)]
pub(super) struct PendingRequest {
    session: Option<SessionId>,
    /// It is an admitted POST: the body of any other request means nothing.
    takes_body: bool,
    /// What the reply tells a browser about cross-origin use, and the cookie of a new session.
    headers: Vec<(Cow<'static, str>, Bytes)>,
    /// The body of a POST, as far as it came.
    body: Vec<u8>,
}

impl Server {
    /// A request for the server's path that asks for no WebSocket: a poll, a POST, a preflight.
    ///
    /// It is answered by [`Output::Reply`](super::Output::Reply), at once or later. The body of a
    /// POST follows through [`handle_body`](Self::handle_body); whether it is wanted at all is
    /// decided here, before anything of it is read.
    pub fn handle_request(&mut self, now: Instant, request: &http::Request<'_>) -> RequestId {
        self.state.advance(now);
        let id = self.state.admit_request(request);
        self.settle();
        id
    }

    /// A part of a request's body; `end` with the last one, which may be empty. Needed for a POST;
    /// the body of any other request, even an empty one, may be passed in or left out.
    ///
    /// # Errors
    /// [`UsageError::Unknown`] once the request is answered: there is no need to read on.
    pub fn handle_body(
        &mut self,
        now: Instant,
        request: RequestId,
        chunk: &[u8],
        end: bool,
    ) -> Result<(), UsageError> {
        self.state.advance(now);
        self.state.take_body(request, chunk, end)?;
        self.settle();
        Ok(())
    }

    /// The client went away before its reply.
    ///
    /// # Errors
    /// [`UsageError::Unknown`] when the request was answered already.
    pub fn handle_abort(&mut self, now: Instant, request: RequestId) -> Result<(), UsageError> {
        self.state.advance(now);
        let pending = self
            .state
            .requests
            .remove(request.0)
            .ok_or(UsageError::Unknown)?;
        if let Some(id) = pending.session {
            let now = self.state.now;
            if let Some(session) = self.state.sessions.get_mut(id.0) {
                session.engine.handle_abort(now, request);
            }
            self.state.flush_session(id);
        }
        self.settle();
        Ok(())
    }

    /// A request for the server's path that asks for a WebSocket.
    ///
    /// With [`Wire::Bytes`] the answer (101 and `extra_headers`) leaves as the connection's first
    /// output. With [`Wire::Messages`] the host accepts by itself.
    ///
    /// # Errors
    /// The response to answer with, when the request is refused.
    pub fn handle_upgrade(
        &mut self,
        now: Instant,
        request: &http::Request<'_>,
        wire: Wire,
        extra_headers: &[http::Header<'_>],
    ) -> Result<ConnId, http::Response> {
        self.state.advance(now);
        if self.state.config.cors.decide(request) == OriginVerdict::Refused {
            self.state
                .report_refusal(None, &"this origin may not connect");
            return Err(refusal_response(Refusal::Forbidden));
        }
        let query = EngineQuery::read(request, true);
        let opening = match self.state.config.protocol {
            Protocol::WebSocket => Opening::Plain,
            Protocol::EngineIo | Protocol::SocketIo => self.state.admit_upgrade(&query)?,
        };
        let accepted = match wire {
            Wire::Bytes => Some(self.state.accept_websocket(request, extra_headers)?),
            Wire::Messages => None,
        };
        let conn = self
            .state
            .conns
            .insert_with(|_| Conn::new(wire))
            .map(ConnId)
            .ok_or_else(overloaded)?;
        if let Some((head, stream)) = accepted {
            let slot = conn.0.slot();
            if self.streams.len() <= slot {
                self.streams.resize_with(slot + 1, || None);
            }
            if let Some(place) = self.streams.get_mut(slot) {
                *place = Some(stream);
            }
            self.state.outputs.transmit(conn, KeptFrame::Bytes(head));
        }
        if let Err(refused) = self.state.open_conn(conn, wire, opening) {
            self.state.conns.remove(conn.0);
            return Err(refused);
        }
        self.settle();
        Ok(conn)
    }
}

impl State {
    fn admit_request(&mut self, request: &http::Request<'_>) -> RequestId {
        let cors = &self.config.cors;
        let verdict = cors.decide(request);
        let pending = PendingRequest {
            session: None,
            takes_body: false,
            // The answer may come much later, when the request is gone.
            headers: cors
                .apply(request, http::Response::new(200))
                .headers()
                .to_vec(),
            body: Vec::new(),
        };
        let Some(id) = self.requests.insert_with(|_| pending).map(RequestId) else {
            // Sixteen million requests wait for their answers: this one gets none.
            return RequestId::from_u64(u64::MAX);
        };
        if verdict == OriginVerdict::Refused {
            self.report_refusal(None, &"this origin may not connect");
            self.reply(id, refusal_response(Refusal::Forbidden));
            return id;
        }
        if let Some(preflight) = self.config.cors.preflight(request) {
            self.answer(id, preflight);
            return id;
        }
        if self.config.protocol == Protocol::WebSocket {
            self.reply(id, upgrade_required());
            return id;
        }
        if let Err(refused) = self.serve_request(id, request) {
            self.reply(id, refused);
        }
        id
    }

    fn serve_request(
        &mut self,
        id: RequestId,
        request: &http::Request<'_>,
    ) -> Result<(), http::Response> {
        let now = self.now;
        let query = EngineQuery::read(request, false);
        let admitted = query.admit(&self.config.engineio);
        let session = match self.check(admitted)? {
            Admission::Open(_) => {
                let session = self
                    .open_session(OpenedBy::Request(id), Wire::Bytes)
                    .map_err(|_| overloaded())?;
                self.attach_cookie(id, session);
                session
            }
            Admission::Poll { sid } => {
                let (session, kept) = self.find_session(sid)?;
                kept.engine.handle_poll(now, id);
                session
            }
            Admission::Post { sid } => {
                let (session, kept) = self.find_session(sid)?;
                if kept.engine.handle_post(now, id) {
                    self.check_post(session, id, request);
                }
                if let Some(pending) = self.requests.get_mut(id.0) {
                    pending.takes_body = true;
                }
                session
            }
            // Its transport is `websocket`, but it does not ask for one.
            Admission::Upgrade { .. } => return self.check(Err(Refusal::BadRequest)),
        };
        if let Some(pending) = self.requests.get_mut(id.0) {
            pending.session = Some(session);
        }
        self.flush_session(session);
        Ok(())
    }

    /// What the head of an admitted POST already gives away about its body.
    fn check_post(&mut self, session: SessionId, id: RequestId, request: &http::Request<'_>) {
        let now = self.now;
        let limit = self.config.engineio.max_payload_bytes;
        let announced = request.headers.get("Content-Length").and_then(decimal);
        if announced.is_some_and(|length| length > limit) {
            if let Some(kept) = self.sessions.get_mut(session.0) {
                kept.engine.handle_oversized_post(now, id);
            }
            self.report_refusal(Some(session), &TOO_LARGE);
        } else if request.headers.get("Content-Type") == Some(b"application/octet-stream") {
            // Version 4 has no binary payloads: such a body is from a client of version 3.
            let reason = "the body of a POST is binary: Engine.IO 4 sends text";
            self.refuse_session_input(session, Source::Post(id), &reason);
        }
    }

    fn take_body(&mut self, id: RequestId, chunk: &[u8], end: bool) -> Result<(), UsageError> {
        let now = self.now;
        let limit = self.config.engineio.max_payload_bytes;
        let pending = self.requests.get_mut(id.0).ok_or(UsageError::Unknown)?;
        let Some(session) = pending.session.filter(|_| pending.takes_body) else {
            return Ok(());
        };
        if pending.body.len().saturating_add(chunk.len()) > limit {
            pending.body = Vec::new();
            if let Some(kept) = self.sessions.get_mut(session.0) {
                kept.engine.handle_oversized_post(now, id);
            }
            self.report_refusal(Some(session), &TOO_LARGE);
        } else {
            pending.body.extend_from_slice(chunk);
            if end {
                let body = core::mem::take(&mut pending.body);
                self.take_payload(session, id, &body);
            }
        }
        self.flush_session(session);
        Ok(())
    }

    /// A whole body: its packets in order, then the answer.
    fn take_payload(&mut self, session: SessionId, id: RequestId, body: &[u8]) {
        let from = Source::Post(id);
        let config = self.config.engineio.clone();
        let mut reader = PayloadReader::new(body, &config);
        while let Some(packet) = reader.next_packet() {
            match packet {
                Ok(packet) => self.handle_session_packet(session, from, packet),
                Err(error) => {
                    self.refuse_session_input(session, from, &error);
                }
            }
            if self.is_ending_with(session, id) {
                return;
            }
        }
        let now = self.now;
        if let Some(kept) = self.sessions.get_mut(session.0) {
            kept.engine.handle_post_end(now, id);
        }
    }

    fn admit_upgrade(&mut self, query: &EngineQuery<'_>) -> Result<Opening, http::Response> {
        let admitted = query.admit(&self.config.engineio);
        match self.check(admitted)? {
            Admission::Open(_) => Ok(Opening::Session),
            Admission::Upgrade { sid } => Ok(Opening::Upgrade(self.find_session(sid)?.0)),
            Admission::Poll { .. } | Admission::Post { .. } => self.check(Err(Refusal::BadRequest)),
        }
    }

    /// Turns a refusal into its response, and tells the application why.
    fn check<T>(&mut self, verdict: Result<T, Refusal>) -> Result<T, http::Response> {
        verdict.map_err(|refusal| {
            self.report_refusal(None, &refusal);
            refusal_response(refusal)
        })
    }

    fn accept_websocket(
        &mut self,
        request: &http::Request<'_>,
        extra_headers: &[http::Header<'_>],
    ) -> Result<(Bytes, websocket::Connection), http::Response> {
        let accepted = websocket::handshake::accept(request, &[]).inspect_err(|refusal| {
            self.report_refusal(None, &String::from_utf8_lossy(refusal.body()));
        })?;
        let stream = websocket::Connection::server(self.config.websocket);
        #[cfg(feature = "deflate")]
        let (accepted, stream) = match (&self.config.deflate, self.config.protocol) {
            (Some(deflate), Protocol::WebSocket) => {
                let accepted = accepted.negotiate_deflate(request, deflate);
                let stream = match accepted.deflate() {
                    Some(agreed) => stream.with_deflate(agreed),
                    None => stream,
                };
                (accepted, stream)
            }
            _ => (accepted, stream),
        };
        let mut response = accepted.response();
        for header in extra_headers {
            let name = String::from_utf8_lossy(header.name).into_owned();
            response = response
                .header(name, Bytes::copy_from_slice(header.value))
                .map_err(|_| unusable_header())?;
        }
        Ok((response.to_http1(true), stream))
    }

    /// What a connection is for, once it is open.
    fn open_conn(
        &mut self,
        conn: ConnId,
        wire: Wire,
        opening: Opening,
    ) -> Result<(), http::Response> {
        let now = self.now;
        let session = match opening {
            Opening::Plain => {
                self.outputs.push(Record::Opened { conn });
                return Ok(());
            }
            Opening::Session => self
                .open_session(OpenedBy::Connection(conn), wire)
                .map_err(|_| overloaded())?,
            Opening::Upgrade(session) => {
                let admitted = self
                    .sessions
                    .get_mut(session.0)
                    .is_some_and(|kept| kept.engine.handle_upgrade(now, conn));
                if !admitted {
                    self.close_conn(conn, websocket::CloseCode::NORMAL, "");
                    return Ok(());
                }
                session
            }
        };
        if let Some(kept) = self.conns.get_mut(conn.0) {
            kept.session = Some(session);
        }
        self.flush_session(session);
        Ok(())
    }

    fn find_session(&mut self, sid: &str) -> Result<(SessionId, &mut Session), http::Response> {
        let found = self.sids.get(sid).copied().ok_or(Refusal::UnknownSession);
        let id = self.check(found)?;
        let session = self.sessions.get_mut(id.0).ok_or_else(overloaded)?;
        Ok((id, session))
    }

    fn attach_cookie(&mut self, request: RequestId, session: SessionId) {
        let Some(cookie) = &self.config.cookie else {
            return;
        };
        let Some(session) = self.sessions.get(session.0) else {
            return;
        };
        // A name that is no token was the caller's; the session works without its cookie.
        let Ok(cookie) = cookie.set(&session.sid) else {
            return;
        };
        if let Some(pending) = self.requests.get_mut(request.0) {
            pending.headers.push(("Set-Cookie".into(), cookie.into()));
        }
    }

    /// Answers a request that still waits, with what a browser must know about cross-origin use.
    pub(super) fn reply(&mut self, id: RequestId, response: http::Response) {
        let Some(pending) = self.requests.get_mut(id.0) else {
            return;
        };
        let headers = core::mem::take(&mut pending.headers);
        let response = headers
            .into_iter()
            .fold(response, |response, (name, value)| {
                response.with(name, value)
            });
        self.answer(
            id,
            response.with("Cache-Control", Bytes::from_static(b"no-store")),
        );
    }

    fn answer(&mut self, id: RequestId, response: http::Response) {
        if self.requests.remove(id.0).is_some() {
            self.outputs.push(Record::Reply {
                request: id,
                response: Box::new(response),
            });
        }
    }

    pub(super) fn report_refusal(&mut self, session: Option<SessionId>, reason: &dyn fmt::Display) {
        let reason = self.outputs.write_text(|out| {
            let _infallible = write!(out, "{reason}");
        });
        self.outputs.push(Record::Refused {
            session,
            conn: None,
            reason,
        });
    }
}

/// What a connection is opened for.
enum Opening {
    /// A plain WebSocket.
    Plain,
    /// A new session.
    Session,
    /// To take over a session that polls.
    Upgrade(SessionId),
}

/// The parameters of a request that Engine.IO looks at, decoded.
struct EngineQuery<'a> {
    method: &'a str,
    is_upgrade: bool,
    version: http::Parameter<'a>,
    transport: http::Parameter<'a>,
    sid: http::Parameter<'a>,
}

impl<'a> EngineQuery<'a> {
    fn read(request: &http::Request<'a>, is_upgrade: bool) -> Self {
        let query = request.query();
        Self {
            method: request.method,
            is_upgrade,
            version: query.unique("EIO"),
            transport: query.unique("transport"),
            sid: query.unique("sid"),
        }
    }

    fn admit(&self, config: &engineio::Config) -> Result<Admission<'_>, Refusal> {
        engineio::Request {
            method: self.method,
            is_upgrade: self.is_upgrade,
            version: parameter(&self.version),
            transport: parameter(&self.transport),
            sid: parameter(&self.sid),
        }
        .admit(config)
    }
}

fn parameter<'a>(value: &'a http::Parameter<'_>) -> Parameter<'a> {
    match value {
        http::Parameter::One(value) => Parameter::Once(value),
        http::Parameter::Absent => Parameter::Absent,
        http::Parameter::Repeated => Parameter::Repeated,
    }
}

/// A number of ASCII digits; one that does not fit is as large as they come.
fn decimal(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = core::str::from_utf8(digits).ok()?;
    Some(digits.parse().unwrap_or(usize::MAX))
}

/// What the reference server says, word for word: clients match on it.
pub(super) fn refusal_response(refusal: Refusal) -> http::Response {
    http::Response::new(refusal.status()).json(refusal.body())
}

fn upgrade_required() -> http::Response {
    http::Response::new(426).text("this is a WebSocket server: send an upgrade request")
}

fn unusable_header() -> http::Response {
    http::Response::new(500).text("the application added a header that cannot be sent")
}

fn overloaded() -> http::Response {
    http::Response::new(503).text("this server cannot take more connections")
}

const TOO_LARGE: &str = "the body of a POST is larger than max_payload_bytes";
