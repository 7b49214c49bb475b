//! The promises of a server, held against everything that it says:
//!
//! - what it writes, a peer understands, and it only writes to connections that are there;
//! - a request is answered once, a connection closed once, a socket disconnected once and only after
//!   it was accepted, an acknowledgement ended once;
//! - deadlines pass, and when all clients have gone nothing is left.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use sansocket::ConnId;
use sansocket::Instant;
use sansocket::Message;
use sansocket::RequestId;
use sansocket::SessionId;
use sansocket::SocketId;
use sansocket::engineio::Packet;
use sansocket::http::HeadParser;
use sansocket::server::Event;
use sansocket::server::Frame;
use sansocket::server::Input;
use sansocket::server::Load;
use sansocket::server::Output;
use sansocket::server::Server;
use sansocket::server::Wire;
use sansocket::socketio::AckId;
use sansocket::websocket::Connection;
use sansocket::websocket::Event as WebSocketEvent;

use super::LONG;
use super::unknown_keys;
use crate::Seeded;
use crate::fuzz::Choices;

pub(super) struct Watched {
    pub(super) server: Server,
    conns: BTreeMap<ConnId, Peer>,
    /// Keys that are dead: they must never come back.
    dead_conns: BTreeSet<ConnId>,
    requests: BTreeSet<RequestId>,
    sessions: BTreeMap<SessionId, String>,
    sockets: BTreeMap<SocketId, Stage>,
    acks: BTreeSet<AckId>,
    plain: BTreeSet<ConnId>,
}

/// The other end of a connection.
enum Peer {
    Frames(Option<HeadParser>, Box<Connection>),
    Messages,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Asking,
    Accepted,
}

impl Watched {
    pub(super) fn new(server: Server) -> Self {
        Self {
            server,
            conns: BTreeMap::new(),
            dead_conns: BTreeSet::new(),
            requests: BTreeSet::new(),
            sessions: BTreeMap::new(),
            sockets: BTreeMap::new(),
            acks: BTreeSet::new(),
            plain: BTreeSet::new(),
        }
    }

    pub(super) fn add_conn(&mut self, conn: ConnId, wire: Wire) {
        let peer = match wire {
            Wire::Bytes => {
                let connection = Connection::client(Default::default(), &mut Seeded::new(3));
                Peer::Frames(Some(HeadParser::default()), Box::new(connection.unwrap()))
            }
            Wire::Messages => Peer::Messages,
        };
        assert!(!self.dead_conns.contains(&conn), "{conn:?} comes back");
        assert!(self.conns.insert(conn, peer).is_none(), "{conn:?} is there");
    }

    pub(super) fn is_conn(&self, conn: ConnId) -> bool {
        self.conns.contains_key(&conn)
    }

    pub(super) fn some_conn(&self, choices: &mut Choices<'_>) -> (ConnId, Wire) {
        match pick(self.conns.iter(), choices) {
            Some((conn, Peer::Frames(..))) => (*conn, Wire::Bytes),
            Some((conn, Peer::Messages)) => (*conn, Wire::Messages),
            None => (unknown_keys().0, Wire::Bytes),
        }
    }

    pub(super) fn add_request(&mut self, request: RequestId) {
        assert!(self.requests.insert(request), "{request:?} is there");
    }

    pub(super) fn is_pending(&mut self, request: RequestId) -> bool {
        // The answer may be among what was not drained yet.
        self.drain();
        self.requests.contains(&request)
    }

    pub(super) fn forget_request(&mut self, request: RequestId, aborted: bool) {
        if aborted {
            assert!(self.requests.remove(&request), "{request:?} was answered");
        }
    }

    pub(super) fn some_request(&self, choices: &mut Choices<'_>) -> RequestId {
        pick(self.requests.iter(), choices).map_or(unknown_keys().1, |request| *request)
    }

    pub(super) fn some_sid(&self, choices: &mut Choices<'_>) -> String {
        if choices.flip() {
            return String::new();
        }
        pick(self.sessions.values(), choices)
            .cloned()
            .unwrap_or_default()
    }

    pub(super) fn some_session(&self, choices: &mut Choices<'_>) -> SessionId {
        pick(self.sessions.keys(), choices).map_or(unknown_keys().2, |session| *session)
    }

    pub(super) fn some_socket(&self, choices: &mut Choices<'_>) -> SocketId {
        pick(self.sockets.keys(), choices).map_or(unknown_keys().3, |socket| *socket)
    }

    pub(super) fn accepted(&mut self, socket: SocketId, ok: bool) {
        if ok {
            let stage = self.sockets.insert(socket, Stage::Accepted);
            assert_eq!(stage, Some(Stage::Asking), "{socket:?} is accepted");
        }
    }

    pub(super) fn rejected(&mut self, socket: SocketId, ok: bool) {
        if ok {
            let stage = self.sockets.remove(&socket);
            assert_eq!(stage, Some(Stage::Asking), "{socket:?} is rejected");
        }
    }

    pub(super) fn add_ack(&mut self, ack: AckId) {
        assert!(self.acks.insert(ack), "{ack:?} is used again");
    }

    /// Everybody leaves without a word, time passes, and all is gone.
    pub(super) fn is_cleared_by(&mut self, mut now: Instant) {
        self.drain();
        let conns: Vec<ConnId> = self.conns.keys().copied().collect();
        for conn in conns {
            let _over = self.server.handle_input(now, conn, Input::Eof);
        }
        let requests: Vec<RequestId> = self.requests.iter().copied().collect();
        for (index, request) in requests.into_iter().enumerate() {
            if index % 2 == 0 {
                let aborted = self.server.handle_abort(now, request);
                self.forget_request(request, aborted.is_ok());
            }
        }
        self.drain();
        let end = now + LONG;
        while let Some(due) = self.server.poll_timeout() {
            assert!(due <= end, "a client that has gone is waited for");
            now = now.max(due);
            self.server.handle_timeout(now);
            self.drain();
            let next = self.server.poll_timeout();
            assert!(
                next.is_none_or(|next| next > now),
                "a deadline that does not pass"
            );
        }
        // A request whose session has ended is answered, but one without a body waits for it.
        let requests: Vec<RequestId> = self.requests.iter().copied().collect();
        assert_eq!(requests, [], "requests that are never answered");
        assert_eq!(self.server.load(), Load::default());
        assert!(self.conns.is_empty() && self.sessions.is_empty() && self.acks.is_empty());
        assert!(!self.sockets.values().any(|stage| *stage == Stage::Accepted));
    }

    pub(super) fn drain(&mut self) {
        while let Some(output) = self.server.poll_output() {
            match output {
                Output::Transmit { to, frame } => {
                    let unique: BTreeSet<&ConnId> = to.iter().collect();
                    assert_eq!(unique.len(), to.len(), "each connection once");
                    for conn in to {
                        let peer = self.conns.get_mut(conn);
                        understand(peer.expect("a connection that is there"), frame);
                    }
                }
                Output::Reply { request, response } => {
                    assert!(
                        self.requests.remove(&request),
                        "{request:?} is answered twice"
                    );
                    assert!((200..600).contains(&response.status()));
                }
                Output::Close { conn, .. } => {
                    assert!(
                        self.conns.remove(&conn).is_some(),
                        "{conn:?} is closed twice"
                    );
                    self.dead_conns.insert(conn);
                }
                Output::Event(event) => match event {
                    Event::Opened { conn } => assert!(self.plain.insert(conn)),
                    Event::Message { conn, .. } => assert!(self.plain.contains(&conn)),
                    Event::Closed { conn, .. } => assert!(self.plain.remove(&conn)),
                    Event::SessionOpened { session, sid, .. } => {
                        let before = self.sessions.insert(session, sid.to_owned());
                        assert_eq!(before, None);
                    }
                    Event::SessionUpgraded { session, .. }
                    | Event::SessionMessage { session, .. } => {
                        assert!(self.sessions.contains_key(&session));
                    }
                    Event::SessionClosed { session, .. } => {
                        assert!(self.sessions.remove(&session).is_some(), "closed twice");
                    }
                    Event::Connect {
                        socket, session, ..
                    } => {
                        assert!(self.sessions.contains_key(&session));
                        self.sockets.insert(socket, Stage::Asking);
                    }
                    Event::Event { socket, .. } | Event::Answer { socket, .. } => {
                        assert_eq!(self.sockets.get(&socket), Some(&Stage::Accepted));
                        if let Event::Answer {
                            ack, last: true, ..
                        } = event
                        {
                            assert!(self.acks.remove(&ack), "{ack:?} ends twice");
                        }
                    }
                    Event::AckSettled { ack, .. } => {
                        assert!(self.acks.remove(&ack), "{ack:?} ends twice");
                    }
                    Event::Disconnect { socket, .. } => {
                        let stage = self.sockets.remove(&socket);
                        assert_eq!(stage, Some(Stage::Accepted), "{socket:?} leaves");
                    }
                    Event::Refused { reason, .. } => assert!(!reason.is_empty()),
                },
            }
        }
    }
}

/// A peer that knows the rules finds nothing wrong.
fn understand(peer: &mut Peer, frame: Frame<'_>) {
    match (peer, frame) {
        (Peer::Frames(head, connection), Frame::Bytes(bytes)) => {
            let mut input: &[u8] = bytes;
            if let Some(parser) = head {
                let response = parser.read_response(&mut input).unwrap();
                let response = response.expect("the head comes whole");
                assert_eq!(response.status, 101);
                *head = None;
            }
            while let Some(event) = connection.handle_input(Instant::ZERO, &mut input) {
                if let WebSocketEvent::Closed(closed) = event {
                    assert_eq!(closed.cause, None);
                }
            }
        }
        (Peer::Messages, Frame::Text(text)) => {
            let text = std::str::from_utf8(text).expect("a text is UTF-8");
            // On a plain connection it is whatever the application sent.
            let _packet = Packet::decode(Message::Text(text));
        }
        (Peer::Messages, Frame::Binary(_)) => {}
        (Peer::Frames(..), Frame::Text(_) | Frame::Binary(_))
        | (Peer::Messages, Frame::Bytes(_)) => panic!("a frame for the other wire"),
    }
}

fn pick<T>(all: impl ExactSizeIterator<Item = T>, choices: &mut Choices<'_>) -> Option<T> {
    let count = all.len();
    let index = usize::from(choices.byte());
    let mut all = all;
    if count == 0 {
        None
    } else {
        all.nth(index % count)
    }
}
