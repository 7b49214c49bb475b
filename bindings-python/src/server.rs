//! `Server`: the composite machine behind one lock.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use pyo3::exceptions::PyOSError;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::sync::MutexExt;
use pyo3::types::PyList;
use pyo3::types::PyString;
use sansocket::ConnId;
use sansocket::Instant;
use sansocket::Message;
use sansocket::OsEntropy;
use sansocket::RequestId;
use sansocket::SessionId;
use sansocket::SocketId;
use sansocket::UsageError;
use sansocket::engineio::Transport;
use sansocket::http::Headers;
use sansocket::http::Request;
use sansocket::server;
use sansocket::server::EmitOptions;
use sansocket::server::EventData;
use sansocket::server::Input;
use sansocket::server::Target;
use sansocket::server::Wire;

use crate::clock;
use crate::config::Options;
use crate::convert::Attachments;
use crate::convert::HeaderLines;
use crate::convert::Octets;
use crate::convert::http_version;
use crate::convert::response_to_python;
use crate::convert::usage_error;
use crate::kinds;
use crate::output::push_outputs;

/// What a call that takes input returns: the outputs that are ready.
type Outputs<'py> = PyResult<Bound<'py, PyList>>;

/// The answer to an upgrade: the key of the connection, or the response that refuses it.
type Upgraded<'py> = PyResult<(Option<u64>, Option<Bound<'py, PyAny>>, Bound<'py, PyList>)>;

#[pyclass(frozen, module = "sansocket._core")]
pub(crate) struct Server {
    machine: Mutex<Machine>,
}

struct Machine {
    server: server::Server,
    /// When the host was last told to call `timeout`.
    armed: Option<Instant>,
}

#[pymethods]
impl Server {
    #[new]
    #[pyo3(signature = (protocol, *, ping_interval, ping_timeout, connect_timeout, max_http_buffer_size, transports, allow_upgrades, cors_allowed_origins, cors_credentials, cookie, any_namespace))]
    #[expect(
        clippy::too_many_arguments,
        reason = "they are keywords, one for each option"
    )]
    fn new(
        protocol: &str,
        ping_interval: f64,
        ping_timeout: f64,
        connect_timeout: f64,
        max_http_buffer_size: usize,
        transports: Vec<String>,
        allow_upgrades: bool,
        cors_allowed_origins: Option<Vec<String>>,
        cors_credentials: bool,
        cookie: Option<Bound<'_, PyList>>,
        any_namespace: bool,
    ) -> PyResult<Self> {
        let config = Options {
            protocol,
            ping_interval,
            ping_timeout,
            connect_timeout,
            max_http_buffer_size,
            transports: &transports,
            allow_upgrades,
            cors_allowed_origins,
            cors_credentials,
            cookie,
            any_namespace,
        }
        .config()?;
        let server = server::Server::new(config, Box::new(OsEntropy))
            .map_err(|error| PyOSError::new_err(error.to_string()))?;
        Ok(Self {
            machine: Mutex::new(Machine {
                server,
                armed: None,
            }),
        })
    }

    // What the host saw

    fn request<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        target: &str,
        version: &str,
        headers: HeaderLines,
    ) -> PyResult<(u64, Bound<'py, PyList>)> {
        let mut machine = self.lock(py);
        let lines = headers.borrowed();
        let request = Request {
            method,
            target,
            version: http_version(version),
            headers: Headers::new(&lines),
        };
        let id = machine.server.handle_request(clock::now(), &request);
        Ok((id.as_u64(), machine.outputs(py)?))
    }

    fn body<'py>(&self, py: Python<'py>, request: u64, chunk: Octets, end: bool) -> Outputs<'py> {
        self.feed_with(py, |server, now| {
            server.handle_body(now, RequestId::from_u64(request), chunk.as_slice(), end)
        })
    }

    fn abort<'py>(&self, py: Python<'py>, request: u64) -> Outputs<'py> {
        self.feed_with(py, |server, now| {
            server.handle_abort(now, RequestId::from_u64(request))
        })
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a request")]
    fn upgrade<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        target: &str,
        version: &str,
        headers: HeaderLines,
        octets: bool,
        extra_headers: HeaderLines,
    ) -> Upgraded<'py> {
        let mut machine = self.lock(py);
        let lines = headers.borrowed();
        let request = Request {
            method,
            target,
            version: http_version(version),
            headers: Headers::new(&lines),
        };
        let wire = if octets { Wire::Bytes } else { Wire::Messages };
        let upgraded =
            machine
                .server
                .handle_upgrade(clock::now(), &request, wire, &extra_headers.borrowed());
        let (conn, refusal) = match upgraded {
            Ok(conn) => (Some(conn.as_u64()), None),
            Err(response) => (None, Some(response_to_python(py, &response)?.into_any())),
        };
        Ok((conn, refusal, machine.outputs(py)?))
    }

    fn feed<'py>(&self, py: Python<'py>, conn: u64, data: Octets) -> Outputs<'py> {
        self.input(py, conn, Input::Bytes(data.as_slice()))
    }

    fn feed_text<'py>(&self, py: Python<'py>, conn: u64, text: &str) -> Outputs<'py> {
        self.input(py, conn, Input::Text(text))
    }

    fn feed_binary<'py>(&self, py: Python<'py>, conn: u64, data: Octets) -> Outputs<'py> {
        self.input(py, conn, Input::Binary(data.as_slice()))
    }

    fn congested<'py>(&self, py: Python<'py>, conn: u64, congested: bool) -> Outputs<'py> {
        self.input(py, conn, Input::Congested(congested))
    }

    fn eof<'py>(&self, py: Python<'py>, conn: u64) -> Outputs<'py> {
        self.input(py, conn, Input::Eof)
    }

    fn timeout<'py>(&self, py: Python<'py>) -> Outputs<'py> {
        let mut machine = self.lock(py);
        machine.armed = None;
        machine.server.handle_timeout(clock::now());
        machine.outputs(py)
    }

    fn drain<'py>(&self, py: Python<'py>) -> Outputs<'py> {
        self.lock(py).outputs(py)
    }

    fn shutdown<'py>(&self, py: Python<'py>) -> Outputs<'py> {
        let mut machine = self.lock(py);
        machine.server.shutdown(clock::now());
        machine.outputs(py)
    }

    // What the application says

    fn add_namespace(&self, py: Python<'_>, name: &str) -> PyResult<()> {
        self.say(py, |server, _| server.add_namespace(name))
    }

    fn accept(&self, py: Python<'_>, socket: u64) -> PyResult<()> {
        self.say(py, |server, now| {
            server.accept(now, SocketId::from_u64(socket))
        })
    }

    fn reject(&self, py: Python<'_>, socket: u64, error: &str) -> PyResult<()> {
        self.say(py, |server, now| {
            server.reject(now, SocketId::from_u64(socket), error)
        })
    }

    fn emit(
        &self,
        py: Python<'_>,
        namespace: &str,
        rooms: Vec<PyBackedStr>,
        except: Vec<PyBackedStr>,
        data: &str,
        attachments: Attachments,
    ) -> PyResult<()> {
        let (rooms, except) = (borrowed(&rooms), borrowed(&except));
        let target = Target::Rooms {
            namespace,
            rooms: &rooms,
            except: &except,
        };
        let data = EventData::with_attachments(data, &attachments.0);
        self.say(py, |server, now| {
            server.emit(now, target, data, EmitOptions::default())
        })
    }

    #[expect(clippy::too_many_arguments, reason = "those of emit, and the time")]
    fn emit_with_ack(
        &self,
        py: Python<'_>,
        namespace: &str,
        rooms: Vec<PyBackedStr>,
        except: Vec<PyBackedStr>,
        data: &str,
        attachments: Attachments,
        timeout: f64,
    ) -> PyResult<u64> {
        let (rooms, except) = (borrowed(&rooms), borrowed(&except));
        let target = Target::Rooms {
            namespace,
            rooms: &rooms,
            except: &except,
        };
        self.ask(py, target, data, &attachments, Some(timeout))
    }

    fn emit_to(
        &self,
        py: Python<'_>,
        socket: u64,
        data: &str,
        attachments: Attachments,
    ) -> PyResult<()> {
        let target = Target::Socket(SocketId::from_u64(socket));
        let data = EventData::with_attachments(data, &attachments.0);
        self.say(py, |server, now| {
            server.emit(now, target, data, EmitOptions::default())
        })
    }

    fn emit_to_with_ack(
        &self,
        py: Python<'_>,
        socket: u64,
        data: &str,
        attachments: Attachments,
        timeout: Option<f64>,
    ) -> PyResult<u64> {
        let target = Target::Socket(SocketId::from_u64(socket));
        self.ask(py, target, data, &attachments, timeout)
    }

    fn acknowledge(
        &self,
        py: Python<'_>,
        socket: u64,
        packet_id: u64,
        data: &str,
        attachments: Attachments,
    ) -> PyResult<()> {
        let data = EventData::with_attachments(data, &attachments.0);
        self.say(py, |server, now| {
            server.acknowledge(now, SocketId::from_u64(socket), packet_id, data)
        })
    }

    fn join(&self, py: Python<'_>, socket: u64, room: &str) -> PyResult<()> {
        self.say(py, |server, _| {
            server.join(SocketId::from_u64(socket), room)
        })
    }

    fn leave(&self, py: Python<'_>, socket: u64, room: &str) -> PyResult<()> {
        self.say(py, |server, _| {
            server.leave(SocketId::from_u64(socket), room)
        })
    }

    fn close_room(&self, py: Python<'_>, namespace: &str, room: &str) {
        self.lock(py).server.close_room(namespace, room);
    }

    fn rooms<'py>(&self, py: Python<'py>, socket: u64) -> Outputs<'py> {
        let machine = self.lock(py);
        let rooms = PyList::empty(py);
        for room in machine.server.rooms(SocketId::from_u64(socket)) {
            rooms.append(PyString::new(py, room))?;
        }
        Ok(rooms)
    }

    fn disconnect(&self, py: Python<'_>, socket: u64) -> PyResult<()> {
        self.say(py, |server, now| {
            server.disconnect(now, SocketId::from_u64(socket))
        })
    }

    fn close_session(&self, py: Python<'_>, session: u64) -> PyResult<()> {
        self.say(py, |server, now| {
            server.close_session(now, SessionId::from_u64(session))
        })
    }

    fn transport(&self, py: Python<'_>, session: u64) -> Option<&'static str> {
        let machine = self.lock(py);
        match machine.server.transport(SessionId::from_u64(session))? {
            Transport::Polling => Some("polling"),
            Transport::WebSocket => Some("websocket"),
        }
    }

    fn send_session(
        &self,
        py: Python<'_>,
        session: u64,
        message: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let session = SessionId::from_u64(session);
        if let Ok(text) = message.cast::<PyString>() {
            let text = text.to_cow()?;
            return self.say(py, |server, now| {
                server.send_session(now, session, Message::Text(&text))
            });
        }
        let data: Octets = message
            .extract()
            .map_err(|_| PyTypeError::new_err("a message is a str or a bytes-like object"))?;
        self.say(py, |server, now| {
            server.send_session(now, session, Message::Binary(data.as_slice()))
        })
    }
}

impl Server {
    fn input<'py>(&self, py: Python<'py>, conn: u64, input: Input<'_>) -> Outputs<'py> {
        self.feed_with(py, |server, now| {
            server.handle_input(now, ConnId::from_u64(conn), input)
        })
    }

    /// A call that passes input on. What it is about may have ended meanwhile: the host learns of
    /// that by the outputs, so it is no error.
    fn feed_with<'py>(
        &self,
        py: Python<'py>,
        feed: impl FnOnce(&mut server::Server, Instant) -> Result<(), UsageError>,
    ) -> Outputs<'py> {
        let mut machine = self.lock(py);
        match feed(&mut machine.server, clock::now()) {
            Ok(()) | Err(UsageError::Unknown) => machine.outputs(py),
            Err(error) => Err(usage_error(error)),
        }
    }

    /// A call that only queues: the host drains later, once for many of them.
    fn say(
        &self,
        py: Python<'_>,
        say: impl FnOnce(&mut server::Server, Instant) -> Result<(), UsageError>,
    ) -> PyResult<()> {
        say(&mut self.lock(py).server, clock::now()).map_err(usage_error)
    }

    fn ask(
        &self,
        py: Python<'_>,
        target: Target<'_>,
        data: &str,
        attachments: &Attachments,
        timeout: Option<f64>,
    ) -> PyResult<u64> {
        let timeout = timeout.map(crate::config::seconds).transpose()?;
        let data = EventData::with_attachments(data, &attachments.0);
        self.lock(py)
            .server
            .emit_with_ack(clock::now(), target, data, EmitOptions::default(), timeout)
            .map(|ack| ack.as_u64())
            .map_err(usage_error)
    }

    fn lock(&self, py: Python<'_>) -> MutexGuard<'_, Machine> {
        // The machine promises to be usable after any call, so a panic of this module that
        // poisoned the lock has not broken it.
        self.machine
            .lock_py_attached(py)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Machine {
    /// Everything that is ready, and when to call next if that is earlier than was said before.
    fn outputs<'py>(&mut self, py: Python<'py>) -> Outputs<'py> {
        let outputs = PyList::empty(py);
        push_outputs(py, &mut self.server, &outputs)?;
        if let Some(next) = self.server.poll_timeout()
            && self.armed.is_none_or(|armed| next < armed)
        {
            self.armed = Some(next);
            let delay: Duration = next.saturating_duration_since(clock::now());
            outputs.append((kinds::TIMER, delay.as_secs_f64()))?;
        }
        Ok(outputs)
    }
}

fn borrowed(names: &[PyBackedStr]) -> Vec<&str> {
    names.iter().map(PyBackedStr::as_str).collect()
}
