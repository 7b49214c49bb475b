//! The network: a server on one side, model clients on the other, and a clock that jumps.

mod client;

use std::collections::HashMap;
use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use sansocket::ConnId;
use sansocket::Instant;
use sansocket::Message;
use sansocket::MessageKind;
use sansocket::RequestId;
use sansocket::SessionId;
use sansocket::SocketId;
use sansocket::engineio;
use sansocket::engineio::OutgoingPacket;
use sansocket::engineio::payload;
use sansocket::http;
use sansocket::http::HeadParser;
use sansocket::server::Config;
use sansocket::server::Event;
use sansocket::server::Frame;
use sansocket::server::Input;
use sansocket::server::OpenedBy;
use sansocket::server::Output;
use sansocket::server::Protocol;
use sansocket::server::Server;
use sansocket::server::Wire;
use sansocket::websocket;

use self::client::Client;
use self::client::Framing;
use self::client::Received;
use self::client::Upgrade;
use self::client::WebSocket;
use crate::Happened;
use crate::Seeded;

/// A server with its clients.
///
/// Everything that is on its way arrives before a method returns; time only passes in
/// [`run_for`](Self::run_for) and [`step`](Self::step).
pub struct Net {
    /// The machine under test. After calling it directly, call [`settle`](Self::settle).
    pub server: Server,
    /// The present.
    pub now: Instant,
    /// How the bytes of clients are cut on their way.
    pub cuts: Cuts,
    /// Whether the harness accepts every socket by itself.
    pub accepts: bool,
    /// How many outputs of each kind were drained: `[transmits, replies, closes, events]`.
    pub drained: [usize; 4],
    /// How many times the server's timer has come up.
    pub wakes: usize,
    is_plain: bool,
    entropy: Seeded,
    clients: Vec<Client>,
    by_conn: HashMap<ConnId, usize>,
    by_request: HashMap<RequestId, usize>,
    by_session: HashMap<SessionId, usize>,
    sockets: HashMap<(usize, String), SocketId>,
    happened: Vec<Happened>,
}

/// How a client comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Long polling.
    Polling,
    /// A WebSocket that the core frames.
    Bytes,
    /// A WebSocket that the host frames.
    Messages,
}

/// Where the bytes of clients are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cuts {
    /// Nowhere.
    Whole,
    /// After every byte.
    EveryByte,
    /// Anywhere.
    Random,
}

impl Default for Net {
    fn default() -> Self {
        Self::new(Config::default(), 0)
    }
}

impl Net {
    /// A network without clients; the same seed gives the same run.
    pub fn new(config: Config, seed: u64) -> Self {
        let is_plain = config.protocol == Protocol::WebSocket;
        Self {
            server: Server::new(config, Box::new(Seeded::new(seed))).unwrap(),
            now: Instant::from_millis(1),
            cuts: Cuts::Whole,
            accepts: true,
            drained: [0; 4],
            wakes: 0,
            is_plain,
            entropy: Seeded::new(!seed),
            clients: Vec::new(),
            by_conn: HashMap::new(),
            by_request: HashMap::new(),
            by_session: HashMap::new(),
            sockets: HashMap::new(),
            happened: Vec::new(),
        }
    }

    /// A new client, which has completed its handshake.
    pub fn open(&mut self, via: Via) -> usize {
        let client = self.clients.len();
        self.clients.push(Client {
            is_plain: self.is_plain,
            polls: via == Via::Polling,
            ..Client::default()
        });
        match via {
            Via::Polling => self.poll(client),
            Via::Bytes => self.dial(client, Wire::Bytes, Upgrade::Done),
            Via::Messages => self.dial(client, Wire::Messages, Upgrade::Done),
        }
        self.settle();
        client
    }

    /// Moves a client that polls to a WebSocket.
    pub fn upgrade(&mut self, client: usize, wire: Wire) {
        self.dial(client, wire, Upgrade::Probing);
        self.send_message(client, Message::Text("2probe"));
        self.settle();
    }

    /// Sends a text: a Socket.IO packet, an Engine.IO message or a WebSocket message.
    pub fn say(&mut self, client: usize, text: &str) {
        self.send(client, Message::Text(text));
    }

    /// Sends bytes: an attachment, an Engine.IO message or a WebSocket message.
    pub fn say_binary(&mut self, client: usize, bytes: &[u8]) {
        self.send(client, Message::Binary(bytes));
    }

    /// Sends texts at the same time: a client that polls puts them into one body.
    pub fn say_together(&mut self, client: usize, texts: &[&str]) {
        for text in texts {
            let packet = OutgoingPacket::message(&Message::Text(text));
            self.clients[client].to_send.push_back(packet);
        }
        self.settle();
    }

    fn send(&mut self, client: usize, message: Message<'_>) {
        if self.is_plain {
            self.send_message(client, message);
        } else {
            let packet = OutgoingPacket::message(&message);
            self.clients[client].to_send.push_back(packet);
        }
        self.settle();
    }

    /// Sends bytes as they are on a client's raw connection.
    pub fn send_bytes(&mut self, client: usize, bytes: &[u8]) {
        let conn = self.conn(client);
        self.feed(conn, bytes);
        self.settle();
    }

    /// The client stops answering, without leaving.
    pub fn sleep(&mut self, client: usize) {
        self.clients[client].is_asleep = true;
    }

    /// The client's transport ends without a word.
    pub fn cut_off(&mut self, client: usize) {
        let gone = &mut self.clients[client];
        gone.is_over = true;
        if let Some(socket) = gone.socket.take() {
            let _over = self.server.handle_input(self.now, socket.conn, Input::Eof);
        }
        let gone = &mut self.clients[client];
        for request in [gone.poll.take(), gone.post.take()].into_iter().flatten() {
            self.by_request.remove(&request);
            let _answered = self.server.handle_abort(self.now, request);
        }
        self.settle();
    }

    /// The client says that it leaves.
    pub fn leave(&mut self, client: usize) {
        self.clients[client]
            .to_send
            .push_back(OutgoingPacket::close());
        self.settle();
        self.clients[client].is_over = true;
    }

    /// The texts that a client has received since the last call; a binary message is `<bytes>`.
    pub fn received(&mut self, client: usize) -> Vec<String> {
        self.clients[client]
            .received
            .drain(..)
            .map(|received| match received {
                Received::Text(text) => text,
                Received::Binary(bytes) => format!("{bytes:?}"),
            })
            .collect()
    }

    /// What the application was told since the last call.
    pub fn happened(&mut self) -> Vec<Happened> {
        std::mem::take(&mut self.happened)
    }

    /// The client has not been told that it is over.
    pub fn is_open(&self, client: usize) -> bool {
        self.clients[client].is_open()
    }

    /// The socket of a client in a namespace.
    pub fn socket(&self, client: usize, namespace: &str) -> SocketId {
        self.sockets[&(client, namespace.to_owned())]
    }

    /// The session of a client.
    pub fn session(&self, client: usize) -> SessionId {
        let owned = self.by_session.iter();
        let mut owned = owned.filter(|(_, owner)| **owner == client);
        *owned.next().unwrap().0
    }

    /// The WebSocket of a client.
    pub fn conn(&self, client: usize) -> ConnId {
        self.clients[client].socket.as_ref().unwrap().conn
    }

    /// The host says whether it can write to a client.
    pub fn congest(&mut self, client: usize, congested: bool) {
        let conn = self.conn(client);
        self.server
            .handle_input(self.now, conn, Input::Congested(congested))
            .unwrap();
        self.settle();
    }

    /// Jumps to the server's next deadline; `false` when it has none.
    pub fn step(&mut self) -> bool {
        let Some(due) = self.server.poll_timeout() else {
            return false;
        };
        self.now = self.now.max(due);
        self.wakes += 1;
        self.server.handle_timeout(self.now);
        self.settle();
        true
    }

    /// Lets time pass, deadline by deadline.
    pub fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        while self.server.poll_timeout().is_some_and(|due| due <= end) {
            self.step();
        }
        self.now = end;
        self.server.handle_timeout(end);
        self.settle();
    }

    /// Everything that was said arrives, and so do the answers to it.
    pub fn settle(&mut self) {
        loop {
            self.drain();
            let spoke =
                (0..self.clients.len()).fold(false, |spoke, client| self.act(client) | spoke);
            let is_due = self
                .server
                .poll_timeout()
                .is_some_and(|due| due <= self.now);
            if is_due {
                self.server.handle_timeout(self.now);
            }
            if !spoke && !is_due && !self.server.has_output() {
                return;
            }
        }
    }

    /// Does what the server says.
    fn drain(&mut self) {
        let mut asked = Vec::new();
        while let Some(output) = self.server.poll_output() {
            match output {
                Output::Transmit { to, frame } => {
                    self.drained[0] += 1;
                    let (kind, bytes) = match frame {
                        Frame::Bytes(bytes) => (None, bytes),
                        Frame::Text(bytes) => (Some(MessageKind::Text), bytes),
                        Frame::Binary(bytes) => (Some(MessageKind::Binary), bytes),
                    };
                    for conn in to {
                        if let Some(client) = self.by_conn.get(conn) {
                            self.clients[*client].handle_frame(kind, bytes);
                        }
                    }
                }
                Output::Reply { request, response } => {
                    self.drained[1] += 1;
                    if let Some(client) = self.by_request.remove(&request) {
                        answer(&mut self.clients[client], request, response);
                    }
                }
                Output::Close { conn, .. } => {
                    self.drained[2] += 1;
                    if let Some(client) = self.by_conn.remove(&conn) {
                        let client = &mut self.clients[client];
                        let own = client.socket.take_if(|socket| socket.conn == conn);
                        client.is_over |= own.is_some_and(|socket| socket.upgrade == Upgrade::Done);
                    }
                }
                Output::Event(event) => {
                    self.drained[3] += 1;
                    match &event {
                        Event::SessionOpened { session, by, .. } => {
                            let client = match by {
                                OpenedBy::Request(request) => self.by_request.get(request),
                                OpenedBy::Connection(conn) => self.by_conn.get(conn),
                            };
                            if let Some(client) = client {
                                self.by_session.insert(*session, *client);
                            }
                        }
                        Event::Connect {
                            socket,
                            session,
                            namespace,
                            ..
                        } => {
                            if let Some(client) = self.by_session.get(session) {
                                let place = (*client, (*namespace).to_owned());
                                self.sockets.insert(place, *socket);
                            }
                            asked.push(*socket);
                        }
                        _ => {}
                    }
                    self.happened.push(Happened::from(&event));
                }
            }
        }
        for socket in asked {
            if self.accepts {
                self.server.accept(self.now, socket).unwrap();
            }
        }
    }

    /// A client does what it has to do next; `false` when that is nothing.
    fn act(&mut self, index: usize) -> bool {
        let client = &mut self.clients[index];
        if client.is_over {
            return false;
        }
        if let Some(bytes) = client.poll_transmit() {
            let conn = self.conn(index);
            self.feed(conn, &bytes);
            return true;
        }
        let upgrade = client.socket.as_ref().map(|socket| socket.upgrade);
        if upgrade == Some(Upgrade::Probed) && client.poll.is_none() && client.post.is_none() {
            client.polls = false;
            if let Some(socket) = &mut client.socket {
                socket.upgrade = Upgrade::Done;
            }
            self.send_message(index, Message::Text("5"));
            return true;
        }
        if client.polls {
            if client.poll.is_none() && !client.is_asleep && upgrade != Some(Upgrade::Probed) {
                self.poll(index);
                return true;
            }
            // During the last steps of an upgrade nothing is sent, so that nothing is overtaken.
            if client.post.is_none() && !client.to_send.is_empty() && upgrade.is_none() {
                self.post(index);
                return true;
            }
            return false;
        }
        if upgrade == Some(Upgrade::Done)
            && let Some(packet) = client.to_send.pop_front()
        {
            match packet.kind {
                MessageKind::Text => {
                    let text = std::str::from_utf8(&packet.bytes).unwrap();
                    self.send_message(index, Message::Text(text));
                }
                MessageKind::Binary => {
                    self.send_message(index, Message::Binary(&packet.bytes));
                }
            }
            return true;
        }
        false
    }

    fn poll(&mut self, index: usize) {
        let client = &mut self.clients[index];
        let target = target("polling", &client.sid);
        let request = self
            .server
            .handle_request(self.now, &request("GET", &target, &[]));
        client.poll = Some(request);
        self.by_request.insert(request, index);
    }

    fn post(&mut self, index: usize) {
        let client = &mut self.clients[index];
        let packets: Vec<OutgoingPacket> = client.to_send.drain(..).collect();
        let body = payload::encode(&packets);
        let target = target("polling", &client.sid);
        let request = self
            .server
            .handle_request(self.now, &request("POST", &target, &[]));
        client.post = Some(request);
        self.by_request.insert(request, index);
        for chunk in self.cut(&body) {
            // A POST that is refused already is not read on.
            let _refused = self.server.handle_body(self.now, request, &chunk, false);
        }
        let _refused = self.server.handle_body(self.now, request, &[], true);
    }

    /// Opens a WebSocket.
    fn dial(&mut self, index: usize, wire: Wire, upgrade: Upgrade) {
        let headers = [
            header("Host", "localhost"),
            header("Upgrade", "websocket"),
            header("Connection", "Upgrade"),
            header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            header("Sec-WebSocket-Version", "13"),
        ];
        let target = target("websocket", &self.clients[index].sid);
        let request = request("GET", &target, &headers);
        let conn = self
            .server
            .handle_upgrade(self.now, &request, wire, &[])
            .unwrap();
        let framing = match wire {
            Wire::Messages => Framing::Messages,
            Wire::Bytes => {
                let config = websocket::Config {
                    max_message_bytes: 1 << 26,
                    ..websocket::Config::default()
                };
                let connection = websocket::Connection::client(config, &mut self.entropy);
                Framing::Frames {
                    head: Some(HeadParser::default()),
                    connection: Box::new(connection.unwrap()),
                }
            }
        };
        self.clients[index].socket = Some(WebSocket {
            conn,
            framing,
            upgrade,
        });
        self.by_conn.insert(conn, index);
    }

    /// Sends a message on a client's WebSocket.
    fn send_message(&mut self, index: usize, message: Message<'_>) {
        let Some(socket) = &mut self.clients[index].socket else {
            return;
        };
        let conn = socket.conn;
        match &mut socket.framing {
            // A connection that is closing takes no more.
            Framing::Frames { connection, .. } => drop(connection.send(message)),
            Framing::Messages => {
                let input = match message {
                    Message::Text(text) => Input::Text(text),
                    Message::Binary(bytes) => Input::Binary(bytes),
                };
                let _over = self.server.handle_input(self.now, conn, input);
            }
        }
    }

    fn feed(&mut self, conn: ConnId, bytes: &[u8]) {
        for chunk in self.cut(bytes) {
            let _over = self
                .server
                .handle_input(self.now, conn, Input::Bytes(&chunk));
        }
    }

    fn cut(&mut self, bytes: &[u8]) -> VecDeque<Bytes> {
        let mut rest = Bytes::copy_from_slice(bytes);
        let mut chunks = VecDeque::new();
        while !rest.is_empty() {
            let len = match self.cuts {
                Cuts::Whole => rest.len(),
                Cuts::EveryByte => 1,
                Cuts::Random => 1 + self.entropy.below(rest.len()),
            };
            chunks.push_back(rest.split_to(len));
        }
        chunks
    }
}

/// The reply to a request of a client.
fn answer(client: &mut Client, request: RequestId, response: &http::Response) {
    if client.post.take_if(|post| *post == request).is_some() {
        client.is_over |= response.status() != 200;
        return;
    }
    client.poll = None;
    if response.status() != 200 {
        client.is_over = true;
        return;
    }
    let config = engineio::Config {
        max_payload_bytes: usize::MAX,
        max_payload_packets: usize::MAX,
        ..engineio::Config::default()
    };
    let mut reader = payload::PayloadReader::new(response.body(), &config);
    while let Some(packet) = reader.next_packet() {
        client.handle_packet(packet.expect("the server sends payloads"));
    }
}

fn target(transport: &str, sid: &str) -> String {
    let mut target = format!("/socket.io/?EIO=4&transport={transport}");
    if !sid.is_empty() {
        target.push_str("&sid=");
        target.push_str(sid);
    }
    target
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

fn header<'a>(name: &'a str, value: &'a str) -> http::Header<'a> {
    http::Header {
        name: name.as_bytes(),
        value: value.as_bytes(),
    }
}
