//! The host: what the threads read goes into the core, and what the core says is done.

use std::collections::HashMap;
use std::error::Error;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::mpsc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use bytes::Bytes;
use sansocket::ConnId;
use sansocket::Instant;
use sansocket::OsEntropy;
use sansocket::RequestId;
use sansocket::http;
use sansocket::server::Config;
use sansocket::server::Frame;
use sansocket::server::Input;
use sansocket::server::Output;
use sansocket::server::Server;
use sansocket::server::Wire;

use crate::chat::Chat;
use crate::chat::Happened;
use crate::threads::LinkId;
use crate::threads::News;
use crate::threads::Writer;

/// The core, the application, and which of the core's keys belongs to which TCP connection.
pub(crate) struct Host {
    server: Server,
    chat: Chat,
    client: Option<PathBuf>,
    links: HashMap<LinkId, Link>,
    conns: HashMap<ConnId, LinkId>,
    requests: HashMap<RequestId, LinkId>,
    started: std::time::Instant,
}

/// A TCP connection.
struct Link {
    writer: Writer,
    speaks: Speaks,
}

enum Speaks {
    Http(Box<Http>),
    WebSocket(ConnId),
}

#[derive(Default)]
struct Http {
    connection: http::Connection,
    /// The request that the core answers.
    request: Option<RequestId>,
    /// The answer to a request that is none for the core, until all of the request is read.
    page: Option<http::Response>,
    /// What is not read yet.
    unread: Vec<u8>,
}

impl Host {
    pub(crate) fn new(client: Option<PathBuf>) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            server: Server::new(Config::default(), Box::new(OsEntropy))?,
            chat: Chat::default(),
            client,
            links: HashMap::new(),
            conns: HashMap::new(),
            requests: HashMap::new(),
            started: std::time::Instant::now(),
        })
    }

    /// The drive loop: wait for news or for the core's next deadline, pass it in, do what comes out.
    pub(crate) fn run(mut self, news: &mpsc::Receiver<News>) {
        loop {
            let now = self.now();
            let due = self.server.poll_timeout();
            let patience = due.map_or(A_DAY, |due| due.saturating_duration_since(now));
            if patience.is_zero() {
                // Before any more news: a flood of these must not hold up the clock.
                self.server.handle_timeout(now);
            } else {
                match news.recv_timeout(patience) {
                    Ok(news) => self.hear(news),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            self.settle();
        }
    }

    /// The core has no clock: microseconds since the start will do.
    fn now(&self) -> Instant {
        Instant::ZERO + self.started.elapsed()
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Opened(id, writer) => {
                let speaks = Speaks::Http(Box::default());
                self.links.insert(id, Link { writer, speaks });
            }
            News::Read(id, bytes) => self.read(id, &bytes),
            News::Drained(id) => {
                if let Some(link) = self.links.get(&id)
                    && let Speaks::WebSocket(conn) = link.speaks
                    && !link.writer.is_congested()
                {
                    self.tell(conn, Input::Congested(false));
                }
            }
            News::Closed(id) => match self.links.remove(&id).map(|link| link.speaks) {
                Some(Speaks::WebSocket(conn)) => self.tell(conn, Input::Eof),
                Some(Speaks::Http(http)) => {
                    if let Some(request) = http.request {
                        self.requests.remove(&request);
                        let _answered = self.server.handle_abort(self.now(), request);
                    }
                }
                None => {}
            },
        }
    }

    fn tell(&mut self, conn: ConnId, input: Input<'_>) {
        // The core may have closed the connection before: then there is nobody to tell.
        let _over = self.server.handle_input(self.now(), conn, input);
    }

    /// Bytes of a client: HTTP requests, and after an upgrade WebSocket frames.
    fn read(&mut self, id: LinkId, bytes: &[u8]) {
        match self.links.get(&id).map(|link| &link.speaks) {
            Some(Speaks::WebSocket(conn)) => self.tell(*conn, Input::Bytes(bytes)),
            Some(Speaks::Http(_)) => self.read_requests(id, bytes),
            None => {}
        }
    }

    fn read_requests(&mut self, id: LinkId, bytes: &[u8]) {
        if let Some(http) = self.http(id) {
            http.unread.extend_from_slice(bytes);
        }
        while let Some(response) = self.read_request(id) {
            self.respond(id, &response);
        }
        if self
            .http(id)
            .is_some_and(|http| http.unread.len() > MAX_UNREAD)
        {
            self.hear(News::Closed(id));
        }
    }

    /// Reads until a request is complete or there is no more to read. An answer that is none of the
    /// core's is returned.
    fn read_request(&mut self, id: LinkId) -> Option<http::Response> {
        let now = self.now();
        let link = self.links.get_mut(&id)?;
        let Speaks::Http(http) = &mut link.speaks else {
            return None;
        };
        let mut rest = http.unread.as_slice();
        let mut answer = None;
        let mut upgraded = None;
        while let Some(event) = http.connection.handle_input(&mut rest) {
            match event {
                http::Event::Request(head) if head.path() == PATH => {
                    let request = self.server.handle_request(now, &head);
                    self.requests.insert(request, id);
                    http.request = Some(request);
                }
                http::Event::Request(head) => {
                    http.page = Some(page(head.path(), self.client.as_deref()));
                }
                http::Event::Body(chunk) => {
                    if let Some(request) = http.request {
                        let _answered = self.server.handle_body(now, request, chunk, false);
                    }
                }
                http::Event::BodyEnd => {
                    if let Some(request) = http.request {
                        let _answered = self.server.handle_body(now, request, &[], true);
                    }
                    answer = http.page.take();
                }
                http::Event::Upgrade(head) if head.path() == PATH => {
                    match self.server.handle_upgrade(now, &head, Wire::Bytes, &[]) {
                        Ok(conn) => upgraded = Some(conn),
                        Err(refusal) => answer = Some(refusal),
                    }
                }
                http::Event::Upgrade(_) => answer = Some(nothing_here()),
                http::Event::Refuse(refusal) => answer = Some(refusal),
            }
        }
        let read = http.unread.len() - rest.len();
        http.unread.drain(..read);
        if let Some(conn) = upgraded {
            // What came behind the request are frames already.
            let frames = std::mem::take(&mut http.unread);
            link.speaks = Speaks::WebSocket(conn);
            self.conns.insert(conn, id);
            self.tell(conn, Input::Bytes(&frames));
        }
        answer
    }

    fn http(&mut self, id: LinkId) -> Option<&mut Http> {
        match &mut self.links.get_mut(&id)?.speaks {
            Speaks::Http(http) => Some(http),
            Speaks::WebSocket(_) => None,
        }
    }

    /// Does what the core says and lets the chat answer, until nothing is left.
    fn settle(&mut self) {
        loop {
            // An output is lent until the next call, so what is needed of it is kept.
            let happened = match self.server.poll_output() {
                None => return,
                Some(Output::Transmit { to, frame }) => {
                    // Text and binary messages are only for connections on `Wire::Messages`.
                    let (Frame::Bytes(bytes) | Frame::Text(bytes) | Frame::Binary(bytes)) = frame;
                    let (to, bytes) = (to.to_vec(), bytes.clone());
                    self.write(&to, &bytes);
                    continue;
                }
                Some(Output::Reply { request, response }) => {
                    let response = response.clone();
                    if let Some(id) = self.requests.remove(&request) {
                        self.respond(id, &response);
                        // Another request may have come behind the one that was answered.
                        self.read_requests(id, &[]);
                    }
                    continue;
                }
                Some(Output::Close { conn, .. }) => {
                    if let Some(id) = self.conns.remove(&conn) {
                        self.links.remove(&id);
                    }
                    continue;
                }
                Some(Output::Event(event)) => Happened::keep(&event),
            };
            if let Some(happened) = happened {
                // Somebody who has left in the meantime misses nothing.
                let _gone = self.chat.answer(self.now(), &mut self.server, happened);
            }
        }
    }

    fn write(&mut self, to: &[ConnId], bytes: &Bytes) {
        for conn in to {
            let link = self.conns.get(conn).and_then(|id| self.links.get(id));
            if link.is_some_and(|link| link.writer.write(bytes.clone())) {
                self.tell(*conn, Input::Congested(true));
            }
        }
    }

    fn respond(&mut self, id: LinkId, response: &http::Response) {
        let Some(Link { writer, speaks }) = self.links.get_mut(&id) else {
            return;
        };
        let Speaks::Http(http) = speaks else {
            return;
        };
        http.request = None;
        if let Ok(bytes) = http.connection.respond(response) {
            writer.write(bytes);
        }
        if http.connection.wants_transport_close() {
            self.links.remove(&id);
        }
    }
}

/// What is served beside the core.
fn page(path: &str, client: Option<&Path>) -> http::Response {
    let found = http::Response::new(200);
    match (path, client) {
        ("/", _) => found.with_body("text/html; charset=UTF-8", include_str!("page.html")),
        ("/socket.io/socket.io.js", Some(client)) => match read_client(client) {
            Ok(script) => found.with_body("text/javascript; charset=UTF-8", script),
            Err(error) => http::Response::new(404).text(error.to_string()),
        },
        _ => nothing_here(),
    }
}

fn read_client(path: &Path) -> io::Result<Vec<u8>> {
    if path.is_dir() {
        return std::fs::read(path.join("socket.io.js"));
    }
    std::fs::read(path)
}

fn nothing_here() -> http::Response {
    http::Response::new(404).text("there is nothing at this path\n")
}

/// Where the core is, for polls and WebSockets alike.
const PATH: &str = "/socket.io/";

/// What a client may send while it waits for an answer.
const MAX_UNREAD: usize = 64 * 1024;

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
