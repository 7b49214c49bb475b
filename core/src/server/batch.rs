//! Outputs as columns, for hosts to whom an object per output costs more than the output itself.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use bytes::Bytes;

use super::Server;
use super::output::Event;
use super::output::Frame;
use super::output::OpenedBy;
use super::output::Output;
use crate::Message;
use crate::http;

/// Drained outputs as columns of numbers, one text and some buffers: what crosses a foreign function
/// interface in a handful of copies, however many outputs there are.
///
/// A record is [`Batch::STRIDE`] numbers: kind, key, `a`, `b`, `c`, and four offsets `t0` to `t3`
/// into [`text`](Self::text), which bound up to three texts. Offsets count UTF-16 code units, so a
/// JavaScript host makes one string of the whole text and slices it. [`BatchKind`] says what each
/// number means.
#[derive(Debug, Default)]
pub struct Batch {
    /// [`Batch::STRIDE`] numbers for each record.
    pub records: Vec<f64>,
    /// All texts, one behind the other.
    pub text: String,
    /// Connections that [`BatchKind::Transmit`] records point into.
    pub targets: Vec<f64>,
    /// Buffers that [`BatchKind::Transmit`] records point into.
    pub frames: Vec<Bytes>,
    /// Bodies, binary messages and attachments that other records point into.
    pub binaries: Vec<Bytes>,
    /// The length of `text` in UTF-16 code units; equal to `text.len()` while all of it is ASCII.
    utf16_len: usize,
}

/// What a record of a [`Batch`] is, with the meaning of its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum BatchKind {
    /// Write `frames[b]` to `targets[key..key + a]`; `c`: 0 octets, 1 text, 2 binary.
    Transmit = 1,
    /// Answer request `key` with status `a` and body `binaries[b]`; text 1: header lines.
    Reply = 2,
    /// End connection `key` with code `a`; text 1: reason.
    Close = 3,
    /// Plain connection `key` is open.
    Opened = 10,
    /// A text on plain connection `key`: text 1.
    Text = 11,
    /// A binary message on plain connection `key`: `binaries[b]`.
    Binary = 12,
    /// Plain connection `key` is over: code `a`, clean `b`; text 1: reason.
    Closed = 13,
    /// Session `key` is open, by request `a` (`b` = 0) or connection `a` (`b` = 1); text 1: sid.
    SessionOpened = 20,
    /// Session `key` moved to connection `a`.
    SessionUpgraded = 21,
    /// A text in session `key`: text 1.
    SessionText = 22,
    /// A binary message in session `key`: `binaries[b]`.
    SessionBinary = 23,
    /// Session `key` is over; text 1: reason, text 2: detail.
    SessionClosed = 24,
    /// Socket `key` of session `a` asks to connect; texts: id, namespace, auth.
    Connect = 30,
    /// An event of socket `key`; `a`: packet id or -1; attachments `binaries[b..b + c]`; text 1: data.
    Event = 31,
    /// An answer to acknowledgement `key` by socket `a`; attachments as above; text 1: data; text 2 is
    /// `last` when nobody else will answer.
    Answer = 32,
    /// Acknowledgement `key` has ended with `a` answers missing; text 1: why, empty when all that
    /// are still there have answered.
    AckSettled = 33,
    /// Socket `key` of session `a` has left; texts: reason, detail, JSON array of its rooms.
    Disconnect = 34,
    /// A peer was refused; session `key` or -1, connection `a` or -1; text 1: reason.
    Refused = 40,
}

impl Server {
    /// Moves outputs into `batch`, which is cleared first, until none is left or the batch is as
    /// large as one crossing should be. `true` when more is waiting.
    pub fn drain(&mut self, batch: &mut Batch) -> bool {
        batch.clear();
        while batch.cost() < BATCH_BUDGET {
            match self.poll_output() {
                Some(output) => batch.push(output),
                None => return false,
            }
        }
        self.has_output()
    }
}

impl Batch {
    /// Numbers for each record.
    pub const STRIDE: usize = 9;

    /// Whether the text is ASCII, so that its bytes are its UTF-16 code units.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.utf16_len == self.text.len()
    }

    fn clear(&mut self) {
        self.records.clear();
        self.text.clear();
        self.targets.clear();
        self.frames.clear();
        self.binaries.clear();
        self.utf16_len = 0;
    }

    /// What the host will have to hold: a record counts as much as a short text.
    fn cost(&self) -> usize {
        self.records.len() * size_of::<f64>()
            + self.text.len()
            + self.targets.len() * size_of::<f64>()
    }

    fn push(&mut self, output: Output<'_>) {
        match output {
            Output::Transmit { to, frame } => {
                let first = self.targets.len() as f64;
                self.targets
                    .extend(to.iter().map(|conn| conn.as_u64() as f64));
                let (bytes, unit) = match frame {
                    Frame::Bytes(bytes) => (bytes, 0.0),
                    Frame::Text(bytes) => (bytes, 1.0),
                    Frame::Binary(bytes) => (bytes, 2.0),
                };
                let index = self.frames.len() as f64;
                self.frames.push(bytes.clone());
                self.record(
                    BatchKind::Transmit,
                    first,
                    [to.len() as f64, index, unit],
                    [""; 3],
                );
            }
            Output::Reply { request, response } => {
                let key = request.as_u64() as f64;
                let numbers = [
                    f64::from(response.status()),
                    self.keep(response.body().clone()),
                    0.0,
                ];
                self.record(
                    BatchKind::Reply,
                    key,
                    numbers,
                    [&header_lines(response), "", ""],
                );
            }
            Output::Close { conn, code, reason } => {
                let key = conn.as_u64() as f64;
                let numbers = [f64::from(code), 0.0, 0.0];
                self.record(BatchKind::Close, key, numbers, [reason, "", ""]);
            }
            Output::Event(event) => self.push_event(&event),
        }
    }

    fn push_event(&mut self, event: &Event<'_>) {
        match *event {
            Event::Opened { conn } => {
                self.record(BatchKind::Opened, conn.as_u64() as f64, [0.0; 3], [""; 3]);
            }
            Event::Message { conn, message } => {
                let key = conn.as_u64() as f64;
                self.push_message([BatchKind::Text, BatchKind::Binary], key, message);
            }
            Event::Closed {
                conn,
                code,
                reason,
                clean,
            } => {
                let numbers = [f64::from(code), f64::from(u8::from(clean)), 0.0];
                let key = conn.as_u64() as f64;
                self.record(BatchKind::Closed, key, numbers, [reason, "", ""]);
            }
            Event::SessionOpened { session, sid, by } => {
                let (opener, by_connection) = match by {
                    OpenedBy::Request(request) => (request.as_u64(), 0.0),
                    OpenedBy::Connection(conn) => (conn.as_u64(), 1.0),
                };
                let numbers = [opener as f64, by_connection, 0.0];
                let key = session.as_u64() as f64;
                self.record(BatchKind::SessionOpened, key, numbers, [sid, "", ""]);
            }
            Event::SessionUpgraded { session, conn } => {
                let numbers = [conn.as_u64() as f64, 0.0, 0.0];
                let key = session.as_u64() as f64;
                self.record(BatchKind::SessionUpgraded, key, numbers, [""; 3]);
            }
            Event::SessionMessage { session, message } => {
                let kinds = [BatchKind::SessionText, BatchKind::SessionBinary];
                self.push_message(kinds, session.as_u64() as f64, message);
            }
            Event::SessionClosed {
                session,
                reason,
                detail,
            } => {
                let texts = [reason.as_str(), detail, ""];
                let key = session.as_u64() as f64;
                self.record(BatchKind::SessionClosed, key, [0.0; 3], texts);
            }
            Event::Connect {
                socket,
                session,
                id,
                namespace,
                auth,
            } => {
                let numbers = [session.as_u64() as f64, 0.0, 0.0];
                let texts = [id, namespace, auth];
                self.record(BatchKind::Connect, socket.as_u64() as f64, numbers, texts);
            }
            Event::Event {
                socket,
                data,
                attachments,
                packet_id,
            } => {
                let packet_id = packet_id.map_or(-1.0, |id| id as f64);
                let [first, count] = self.keep_all(attachments);
                let key = socket.as_u64() as f64;
                self.record(
                    BatchKind::Event,
                    key,
                    [packet_id, first, count],
                    [data, "", ""],
                );
            }
            Event::Answer {
                ack,
                socket,
                data,
                attachments,
                last,
            } => {
                let [first, count] = self.keep_all(attachments);
                let numbers = [socket.as_u64() as f64, first, count];
                let texts = [data, if last { "last" } else { "" }, ""];
                self.record(BatchKind::Answer, ack.as_u64() as f64, numbers, texts);
            }
            Event::AckSettled {
                ack,
                outcome,
                missing,
            } => {
                let numbers = [f64::from(missing), 0.0, 0.0];
                let texts = [outcome.as_str(), "", ""];
                self.record(BatchKind::AckSettled, ack.as_u64() as f64, numbers, texts);
            }
            Event::Disconnect {
                socket,
                session,
                reason,
                detail,
                rooms,
            } => {
                let numbers = [session.as_u64() as f64, 0.0, 0.0];
                let texts = [reason.as_str(), detail, rooms];
                self.record(
                    BatchKind::Disconnect,
                    socket.as_u64() as f64,
                    numbers,
                    texts,
                );
            }
            Event::Refused {
                session,
                conn,
                reason,
            } => {
                let key = session.map_or(-1.0, |session| session.as_u64() as f64);
                let conn = conn.map_or(-1.0, |conn| conn.as_u64() as f64);
                self.record(BatchKind::Refused, key, [conn, 0.0, 0.0], [reason, "", ""]);
            }
        }
    }

    fn push_message(&mut self, [text, binary]: [BatchKind; 2], key: f64, message: Message<'_>) {
        match message {
            Message::Text(message) => self.record(text, key, [0.0; 3], [message, "", ""]),
            Message::Binary(message) => {
                let index = self.keep(Bytes::copy_from_slice(message));
                self.record(binary, key, [0.0, index, 0.0], [""; 3]);
            }
        }
    }

    fn record(&mut self, kind: BatchKind, key: f64, numbers: [f64; 3], texts: [&str; 3]) {
        self.records.push(f64::from(kind as u8));
        self.records.push(key);
        self.records.extend_from_slice(&numbers);
        self.records.push(self.utf16_len as f64);
        for text in texts {
            self.text.push_str(text);
            self.utf16_len += utf16_len(text);
            self.records.push(self.utf16_len as f64);
        }
    }

    fn keep(&mut self, bytes: Bytes) -> f64 {
        self.binaries.push(bytes);
        (self.binaries.len() - 1) as f64
    }

    /// The index of the first and how many.
    fn keep_all(&mut self, attachments: &[Bytes]) -> [f64; 2] {
        let first = self.binaries.len();
        self.binaries.extend_from_slice(attachments);
        [first as f64, attachments.len() as f64]
    }
}

fn header_lines(response: &http::Response) -> String {
    let mut lines = String::new();
    for (name, value) in response.headers() {
        let _infallible = write!(lines, "{name}: ");
        lines.push_str(&String::from_utf8_lossy(value));
        lines.push_str("\r\n");
    }
    lines
}

fn utf16_len(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.encode_utf16().count()
    }
}

/// What one crossing carries: enough to spread its cost, little enough that a host which is flooded
/// still turns its loop.
const BATCH_BUDGET: usize = 256 * 1024;
