//! The composite driven as a host drives it: requests and bytes in, outputs out, virtual time.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;

use super::*;
use crate::RequestId;
use crate::UsageError;
use crate::http;

mod batch;
mod emit;
mod limits;
mod polling;
mod socket;
mod websocket_only;

/// A server with what came out of it, as text that a test can compare.
struct Host {
    server: Server,
    now: Instant,
    /// Replies by request, `status body`.
    replies: Vec<(RequestId, String)>,
    /// What was written to each connection, frames decoded.
    written: Vec<(ConnId, String)>,
    closed: Vec<ConnId>,
    events: Vec<String>,
    sockets: Vec<SocketId>,
    sessions: Vec<(SessionId, String)>,
    acks: Vec<(SocketId, u64)>,
    /// How many connections each `Transmit` was for.
    fan_outs: Vec<usize>,
}

impl Host {
    fn new(protocol: Protocol) -> Self {
        Self::with(Config {
            protocol,
            ..Config::default()
        })
    }

    fn with(config: Config) -> Self {
        let server = Server::new(config, Box::new(Counter(0))).unwrap();
        Self {
            server,
            now: Instant::from_millis(1_000),
            replies: Vec::new(),
            written: Vec::new(),
            closed: Vec::new(),
            events: Vec::new(),
            sockets: Vec::new(),
            sessions: Vec::new(),
            acks: Vec::new(),
            fan_outs: Vec::new(),
        }
    }

    /// One turn of a host's loop: what there is to do, then what has become due.
    fn drain(&mut self) {
        self.take_outputs();
        while self
            .server
            .poll_timeout()
            .is_some_and(|due| due <= self.now)
        {
            self.server.handle_timeout(self.now);
            self.take_outputs();
        }
    }

    /// Takes the outputs into the lists.
    fn take_outputs(&mut self) {
        while let Some(output) = self.server.poll_output() {
            match output {
                Output::Transmit { to, frame } => {
                    self.fan_outs.push(to.len());
                    let text = describe(frame);
                    for conn in to {
                        self.written.push((*conn, text.clone()));
                    }
                }
                Output::Reply { request, response } => {
                    let body = String::from_utf8_lossy(response.body()).into_owned();
                    self.replies
                        .push((request, format!("{} {body}", response.status())));
                }
                Output::Close { conn, .. } => self.closed.push(conn),
                Output::Event(event) => {
                    match &event {
                        Event::Connect { socket, .. } => self.sockets.push(*socket),
                        Event::SessionOpened { session, sid, .. } => {
                            self.sessions.push((*session, (*sid).to_string()));
                        }
                        Event::Event {
                            socket,
                            packet_id: Some(id),
                            ..
                        } => self.acks.push((*socket, *id)),
                        _ => {}
                    }
                    self.events.push(summary(&event));
                }
            }
        }
    }

    fn after(&mut self, millis: u64) {
        self.now = self.now + Duration::from_millis(millis);
        self.server.handle_timeout(self.now);
        self.drain();
    }

    fn request(&mut self, method: &str, query: &str) -> RequestId {
        let target = format!("/socket.io/?{query}");
        let request = request(method, &target, &[]);
        let id = self.server.handle_request(self.now, &request);
        self.drain();
        id
    }

    /// Opens a session by polling and returns its `sid`.
    fn open_polling(&mut self) -> String {
        self.request("GET", "EIO=4&transport=polling");
        self.sessions.last().unwrap().1.clone()
    }

    fn poll(&mut self, sid: &str) -> RequestId {
        self.request("GET", &format!("EIO=4&transport=polling&sid={sid}"))
    }

    fn post(&mut self, sid: &str, body: &str) -> RequestId {
        let id = self.request("POST", &format!("EIO=4&transport=polling&sid={sid}"));
        let _answered_already = self.server.handle_body(self.now, id, body.as_bytes(), true);
        self.drain();
        id
    }

    fn reply(&self, request: RequestId) -> &str {
        let mut replies = self.replies.iter().filter(|(id, _)| *id == request);
        let (_, reply) = replies.next().expect("the request was not answered");
        assert!(replies.next().is_none(), "answered twice");
        reply
    }

    fn is_answered(&self, request: RequestId) -> bool {
        self.replies.iter().any(|(id, _)| *id == request)
    }

    fn upgrade(&mut self, query: &str, wire: Wire) -> Result<ConnId, http::Response> {
        let target = format!("/socket.io/?{query}");
        let request = request("GET", &target, UPGRADE);
        let result = self.server.handle_upgrade(self.now, &request, wire, &[]);
        self.drain();
        result
    }

    /// Opens a session over a WebSocket that the host frames.
    fn open_websocket(&mut self) -> ConnId {
        self.upgrade("EIO=4&transport=websocket", Wire::Messages)
            .unwrap()
    }

    fn text(&mut self, conn: ConnId, text: &str) {
        self.server
            .handle_input(self.now, conn, Input::Text(text))
            .unwrap();
        self.drain();
    }

    /// Opens a session by WebSocket and connects to `/`.
    fn connect(&mut self) -> (ConnId, SocketId) {
        let conn = self.open_websocket();
        self.text(conn, "40");
        let socket = *self.sockets.last().unwrap();
        self.server.accept(self.now, socket).unwrap();
        self.drain();
        (conn, socket)
    }

    /// The same over a raw socket, on which the core frames.
    fn connect_octets(&mut self) -> (ConnId, SocketId) {
        let conn = self
            .upgrade("EIO=4&transport=websocket", Wire::Bytes)
            .unwrap();
        // A text frame with `40` and a mask of zeros.
        self.server
            .handle_input(self.now, conn, Input::Bytes(b"\x81\x82\0\0\0\x0040"))
            .unwrap();
        self.drain();
        let socket = *self.sockets.last().unwrap();
        self.server.accept(self.now, socket).unwrap();
        self.drain();
        (conn, socket)
    }

    fn written_to(&self, conn: ConnId) -> Vec<&str> {
        self.written
            .iter()
            .filter(|(to, _)| *to == conn)
            .map(|(_, text)| text.as_str())
            .collect()
    }

    fn emit(&mut self, target: Target<'_>, data: &str) {
        self.server
            .emit(
                self.now,
                target,
                EventData::new(data),
                EmitOptions::default(),
            )
            .unwrap();
        self.drain();
    }

    fn forget(&mut self) {
        self.written.clear();
        self.events.clear();
        self.fan_outs.clear();
        self.replies.clear();
    }
}

/// Entropy that counts: every id is different, and a run repeats exactly.
struct Counter(u64);

impl Entropy for Counter {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        self.0 += 1;
        for (byte, count) in bytes.iter_mut().zip(self.0.to_le_bytes().iter().cycle()) {
            *byte = *count;
        }
        Ok(())
    }
}

const UPGRADE: &[http::Header<'static>] = &[
    header("Host", "example.com"),
    header("Upgrade", "websocket"),
    header("Connection", "Upgrade"),
    header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    header("Sec-WebSocket-Version", "13"),
];

const fn header(name: &'static str, value: &'static str) -> http::Header<'static> {
    http::Header {
        name: name.as_bytes(),
        value: value.as_bytes(),
    }
}

fn request<'a>(
    method: &'a str,
    target: &'a str,
    headers: &'a [http::Header<'a>],
) -> http::Request<'a> {
    http::Request {
        method,
        target,
        version: http::Version::Http11,
        headers: http::Headers::new(headers),
    }
}

fn describe(frame: Frame<'_>) -> String {
    match frame {
        Frame::Text(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        Frame::Binary(bytes) => format!("{bytes:?}"),
        Frame::Bytes(bytes) => format!("octets {bytes:?}"),
    }
}

/// An event in one line: what a test compares.
fn summary(event: &Event<'_>) -> String {
    match event {
        Event::Opened { .. } => "opened".to_string(),
        Event::Message { message, .. } => format!("message {message:?}"),
        Event::Closed {
            code,
            reason,
            clean,
            ..
        } => format!("closed {code} {reason:?} clean={clean}"),
        Event::SessionOpened { .. } => "session opened".to_string(),
        Event::SessionUpgraded { .. } => "session upgraded".to_string(),
        Event::SessionMessage { message, .. } => format!("session message {message:?}"),
        Event::SessionClosed { reason, .. } => format!("session closed: {}", reason.as_str()),
        Event::Connect {
            namespace, auth, ..
        } => format!("connect {namespace} {auth}"),
        Event::Event {
            data,
            attachments,
            packet_id,
            ..
        } => format!("event {data} {attachments:?} {packet_id:?}"),
        Event::Answer {
            data,
            attachments,
            last,
            ..
        } => format!("answer {data} {attachments:?} last={last}"),
        Event::AckSettled {
            outcome, missing, ..
        } => format!("settled {outcome:?} missing={missing}"),
        Event::Disconnect { reason, rooms, .. } => {
            format!("disconnect: {} {rooms}", reason.as_str())
        }
        Event::Refused { reason, .. } => format!("refused: {reason}"),
    }
}

/// The whole namespace `/`.
const EVERYBODY: Target<'static> = Target::Rooms {
    namespace: "/",
    rooms: &[],
    except: &[],
};

fn room<'a>(rooms: &'a [&'a str], except: &'a [&'a str]) -> Target<'a> {
    Target::Rooms {
        namespace: "/",
        rooms,
        except,
    }
}
