//! `NativeServer`: the core's server with the process's clock and randomness.

use std::time::Duration;
use std::time::Instant as HostInstant;

use napi::Env;
use napi::JsString;
use napi::bindgen_prelude::Either;
use napi::bindgen_prelude::Float64ArraySlice;
use napi::bindgen_prelude::Uint8Array;
use napi::bindgen_prelude::Uint8ArraySlice;
use napi_derive::napi;
use sansocket::ConnId;
use sansocket::Instant;
use sansocket::Message;
use sansocket::OsEntropy;
use sansocket::RequestId;
use sansocket::SessionId;
use sansocket::SocketId;
use sansocket::server::EventData;
use sansocket::server::Input;
use sansocket::server::Server;
use sansocket::server::Target;
use sansocket::server::Wire;

use crate::columns::Columns;
use crate::columns::Waiting;
use crate::convert::Head;
use crate::convert::HeaderList;
use crate::convert::attachments;
use crate::convert::emit_options;
use crate::convert::error;
use crate::convert::header_lines;
use crate::convert::key;
use crate::convert::taken;
use crate::convert::taken_key;
use crate::convert::usage;
use crate::options::Options;

/// One server: every connection, session, socket and room of it.
///
/// No call here does I/O or calls back. What a call caused waits in the server until `drain` (or a
/// `feed`) writes it into the arrays of the caller.
#[napi]
pub struct NativeServer {
    server: Server,
    columns: Columns,
    started: HostInstant,
}

/// An answer to a request that got no id.
#[napi(object)]
pub struct Refusal {
    pub status: u16,
    pub headers: String,
    pub body: Uint8Array,
}

#[napi]
impl NativeServer {
    #[napi(constructor)]
    pub fn new(options: Options) -> napi::Result<Self> {
        let server = Server::new(options.config()?, Box::new(OsEntropy))
            .map_err(|failure| error(&failure.to_string()))?;
        Ok(Self {
            server,
            columns: Columns::new(),
            started: HostInstant::now(),
        })
    }

    // What the host saw.

    #[napi]
    pub fn handle_request(
        &mut self,
        method: String,
        target: String,
        version: String,
        headers: String,
    ) -> f64 {
        let now = self.now();
        let head = Head::new(&method, &target, &version, &headers);
        head.with(|request| self.server.handle_request(now, request))
            .as_u64() as f64
    }

    #[napi]
    pub fn handle_body(&mut self, request: f64, chunk: &[u8], end: bool) -> napi::Result<bool> {
        let now = self.now();
        taken(
            self.server
                .handle_body(now, RequestId::from_u64(key(request)), chunk, end),
        )
    }

    #[napi]
    pub fn handle_abort(&mut self, request: f64) -> napi::Result<bool> {
        let now = self.now();
        taken(
            self.server
                .handle_abort(now, RequestId::from_u64(key(request))),
        )
    }

    /// A connection's number, or the answer that refuses the upgrade.
    #[napi]
    pub fn handle_upgrade(
        &mut self,
        method: String,
        target: String,
        version: String,
        headers: String,
        extra_headers: String,
    ) -> Either<f64, Refusal> {
        let now = self.now();
        let extra = HeaderList::new(&extra_headers);
        let head = Head::new(&method, &target, &version, &headers);
        let result = head.with(|request| {
            self.server
                .handle_upgrade(now, request, Wire::Bytes, &extra.lend())
        });
        match result {
            Ok(conn) => Either::A(conn.as_u64() as f64),
            Err(response) => Either::B(Refusal {
                status: response.status(),
                headers: header_lines(&response),
                body: Uint8Array::from(response.body().as_ref()),
            }),
        }
    }

    /// Takes what a connection read and drains, in one crossing.
    #[napi]
    pub fn feed<'env>(
        &mut self,
        env: &'env Env,
        conn: f64,
        input: &[u8],
        numbers: Float64ArraySlice<'env>,
        bytes: Uint8ArraySlice<'env>,
        start: u32,
    ) -> napi::Result<Option<JsString<'env>>> {
        let now = self.now();
        // A connection that has ended meanwhile: what it still sent means nothing.
        taken(
            self.server
                .handle_input(now, ConnId::from_u64(key(conn)), Input::Bytes(input)),
        )?;
        self.drain(env, numbers, bytes, start)
    }

    #[napi]
    pub fn handle_congested(&mut self, conn: f64, congested: bool) -> napi::Result<bool> {
        self.input(conn, Input::Congested(congested))
    }

    #[napi]
    pub fn handle_eof(&mut self, conn: f64) -> napi::Result<bool> {
        self.input(conn, Input::Eof)
    }

    #[napi]
    pub fn handle_timeout(&mut self) {
        let now = self.now();
        self.server.handle_timeout(now);
    }

    // What the server wants.

    #[napi]
    pub fn drain<'env>(
        &mut self,
        env: &'env Env,
        numbers: Float64ArraySlice<'env>,
        bytes: Uint8ArraySlice<'env>,
        start: u32,
    ) -> napi::Result<Option<JsString<'env>>> {
        let (mut numbers, mut bytes) = (numbers, bytes);
        let more = self.server.drain(self.columns.batch());
        let waiting = Waiting {
            more,
            timeout_millis: self.timeout_millis(),
        };
        let room = writable_bytes(&mut bytes)
            .get_mut(start as usize..)
            .unwrap_or_default();
        self.columns
            .lend(env, writable(&mut numbers), room, waiting)
    }

    /// The columns of the last drain again, when the header said that they need more room.
    #[napi]
    pub fn copy_numbers(&self, mut numbers: Float64ArraySlice<'_>) -> bool {
        self.columns.copy_numbers(writable(&mut numbers))
    }

    /// The bytes of the last drain again, when the header said that they need more room.
    #[napi]
    pub fn copy_bytes(&self, mut bytes: Uint8ArraySlice<'_>) -> bool {
        self.columns.copy_bytes(writable_bytes(&mut bytes))
    }

    // What the application says: Socket.IO.

    #[napi]
    pub fn add_namespace(&mut self, name: String) -> napi::Result<()> {
        self.server.add_namespace(&name).map_err(usage)
    }

    #[napi]
    pub fn accept(&mut self, socket: f64) -> napi::Result<bool> {
        let now = self.now();
        taken(self.server.accept(now, socket_id(socket)))
    }

    #[napi]
    pub fn reject(&mut self, socket: f64, error: String) -> napi::Result<bool> {
        let now = self.now();
        taken(self.server.reject(now, socket_id(socket), &error))
    }

    #[napi]
    pub fn emit(
        &mut self,
        socket: f64,
        json: String,
        binaries: Option<Vec<Uint8Array>>,
        flags: u32,
    ) -> napi::Result<bool> {
        let now = self.now();
        let attachments = attachments(binaries);
        let data = event_data(&json, &attachments);
        let target = Target::Socket(socket_id(socket));
        taken(self.server.emit(now, target, data, emit_options(flags)))
    }

    #[napi]
    pub fn emit_with_ack(
        &mut self,
        socket: f64,
        json: String,
        binaries: Option<Vec<Uint8Array>>,
        flags: u32,
        timeout_millis: Option<f64>,
    ) -> napi::Result<Option<f64>> {
        let target = Target::Socket(socket_id(socket));
        self.ask(target, &json, binaries, flags, timeout_millis)
    }

    #[napi]
    pub fn broadcast(
        &mut self,
        namespace: String,
        rooms: Vec<String>,
        except: Vec<String>,
        json: String,
        binaries: Option<Vec<Uint8Array>>,
        flags: u32,
    ) -> napi::Result<bool> {
        let now = self.now();
        let attachments = attachments(binaries);
        let data = event_data(&json, &attachments);
        let target = Target::Rooms {
            namespace: &namespace,
            rooms: &borrow(&rooms),
            except: &borrow(&except),
        };
        taken(self.server.emit(now, target, data, emit_options(flags)))
    }

    #[napi]
    #[allow(clippy::too_many_arguments)] // Positions are cheaper across N-API than an object is.
    pub fn broadcast_with_ack(
        &mut self,
        namespace: String,
        rooms: Vec<String>,
        except: Vec<String>,
        json: String,
        binaries: Option<Vec<Uint8Array>>,
        flags: u32,
        timeout_millis: Option<f64>,
    ) -> napi::Result<Option<f64>> {
        let (rooms, except) = (borrow(&rooms), borrow(&except));
        let target = Target::Rooms {
            namespace: &namespace,
            rooms: &rooms,
            except: &except,
        };
        self.ask(target, &json, binaries, flags, timeout_millis)
    }

    #[napi]
    pub fn acknowledge(
        &mut self,
        socket: f64,
        packet_id: f64,
        json: String,
        binaries: Option<Vec<Uint8Array>>,
    ) -> napi::Result<bool> {
        let now = self.now();
        let attachments = attachments(binaries);
        let data = event_data(&json, &attachments);
        taken(
            self.server
                .acknowledge(now, socket_id(socket), key(packet_id), data),
        )
    }

    #[napi]
    pub fn join(&mut self, socket: f64, room: String) -> napi::Result<bool> {
        taken(self.server.join(socket_id(socket), &room))
    }

    #[napi]
    pub fn leave(&mut self, socket: f64, room: String) -> napi::Result<bool> {
        taken(self.server.leave(socket_id(socket), &room))
    }

    #[napi]
    pub fn rooms(&self, socket: f64) -> Vec<String> {
        self.server
            .rooms(socket_id(socket))
            .map(str::to_owned)
            .collect()
    }

    #[napi]
    pub fn sockets(
        &mut self,
        namespace: String,
        rooms: Vec<String>,
        except: Vec<String>,
    ) -> Vec<f64> {
        let mut found = Vec::new();
        self.server
            .sockets(&namespace, &borrow(&rooms), &borrow(&except), &mut found);
        found.iter().map(|id| id.as_u64() as f64).collect()
    }

    #[napi]
    pub fn disconnect(&mut self, socket: f64) -> napi::Result<bool> {
        let now = self.now();
        taken(self.server.disconnect(now, socket_id(socket)))
    }

    // What the application says: Engine.IO and WebSocket.

    #[napi]
    pub fn close_session(&mut self, session: f64) -> napi::Result<bool> {
        let now = self.now();
        taken(self.server.close_session(now, session_id(session)))
    }

    #[napi]
    pub fn is_writable(&self, session: f64) -> bool {
        self.server.is_writable(session_id(session))
    }

    #[napi]
    pub fn send_session(
        &mut self,
        session: f64,
        message: Either<String, &[u8]>,
    ) -> napi::Result<bool> {
        let now = self.now();
        taken(
            self.server
                .send_session(now, session_id(session), as_message(&message)),
        )
    }

    #[napi]
    pub fn send(&mut self, conn: f64, message: Either<String, &[u8]>) -> napi::Result<bool> {
        let now = self.now();
        let conn = ConnId::from_u64(key(conn));
        taken(self.server.send(now, conn, as_message(&message)))
    }

    #[napi]
    pub fn close(&mut self, conn: f64, code: u16, reason: String) -> napi::Result<bool> {
        let now = self.now();
        let conn = ConnId::from_u64(key(conn));
        taken(self.server.close(now, conn, code, &reason))
    }

    #[napi]
    pub fn shutdown(&mut self) {
        let now = self.now();
        self.server.shutdown(now);
    }
}

impl NativeServer {
    fn now(&self) -> Instant {
        let micros = self.started.elapsed().as_micros();
        Instant::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    fn input(&mut self, conn: f64, input: Input<'_>) -> napi::Result<bool> {
        let now = self.now();
        taken(
            self.server
                .handle_input(now, ConnId::from_u64(key(conn)), input),
        )
    }

    fn ask(
        &mut self,
        target: Target<'_>,
        json: &str,
        binaries: Option<Vec<Uint8Array>>,
        flags: u32,
        timeout_millis: Option<f64>,
    ) -> napi::Result<Option<f64>> {
        let now = self.now();
        let attachments = attachments(binaries);
        let data = event_data(json, &attachments);
        let timeout = timeout_millis
            .map(|millis| Duration::try_from_secs_f64(millis / 1_000.0).unwrap_or(Duration::MAX));
        let ack = self
            .server
            .emit_with_ack(now, target, data, emit_options(flags), timeout);
        taken_key(ack.map(|ack| ack.as_u64()))
    }

    /// Milliseconds until the next deadline, rounded up so that the timer is never early.
    fn timeout_millis(&self) -> f64 {
        match self.server.poll_timeout() {
            None => -1.0,
            Some(deadline) => {
                let left = deadline.saturating_duration_since(self.now());
                (left.as_micros() as f64 / 1_000.0).ceil()
            }
        }
    }
}

fn socket_id(number: f64) -> SocketId {
    SocketId::from_u64(key(number))
}

fn session_id(number: f64) -> SessionId {
    SessionId::from_u64(key(number))
}

/// The text comes from JavaScript's own `JSON.stringify`, which writes strict JSON.
const fn event_data<'a>(json: &'a str, attachments: &'a [bytes::Bytes]) -> EventData<'a> {
    EventData::with_attachments(json, attachments)
}

fn as_message<'a>(message: &'a Either<String, &'a [u8]>) -> Message<'a> {
    match message {
        Either::A(text) => Message::Text(text),
        Either::B(bytes) => Message::Binary(bytes),
    }
}

fn writable<'a>(array: &'a mut Float64ArraySlice<'_>) -> &'a mut [f64] {
    // SAFETY: `lib/records.ts` passes arrays of its own, not shared with a worker, and JavaScript
    // does not run before this call returns, so nobody else reads or writes them meanwhile.
    unsafe { array.as_mut() }
}

fn writable_bytes<'a>(array: &'a mut Uint8ArraySlice<'_>) -> &'a mut [u8] {
    // SAFETY: as in `writable`.
    unsafe { array.as_mut() }
}

fn borrow(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}
