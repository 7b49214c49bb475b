//! `WebSocket`: the server's end of one connection after the handshake, for hosts that own the
//! transport and serve something else than a [`Server`](crate::server::Server).

use std::sync::Mutex;
use std::sync::MutexGuard;

use bytes::Bytes;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyBytes;
use pyo3::types::PyList;
use sansocket::Message;
use sansocket::websocket::CloseCode;
use sansocket::websocket::Config;
use sansocket::websocket::Connection;
use sansocket::websocket::Event;
use sansocket::websocket::PermessageDeflate;
use sansocket::websocket::frame;
use sansocket::websocket::frame::Opcode;

use crate::clock;
use crate::convert::Octets;
use crate::convert::usage_error;
use crate::kinds;

#[pyclass(frozen, module = "sansocket._core")]
pub(crate) struct WebSocket {
    end: Mutex<End>,
}

struct End {
    connection: Connection,
    /// The last bytes of a connection that the peer has ended. Until the host asks for them, the
    /// application may still answer the messages that came before.
    farewell: Option<Bytes>,
}

#[pymethods]
impl WebSocket {
    /// Feed what the transport received; returns what happened, and what to write because of it.
    /// What to write at the end is for `finish` to say.
    fn feed<'py>(&self, py: Python<'py>, data: Octets) -> PyResult<Bound<'py, PyList>> {
        let mut end = self.lock(py);
        let End {
            connection,
            farewell,
        } = &mut *end;
        let events = PyList::empty(py);
        let now = clock::now();
        let mut input: &[u8] = data.as_slice();
        while let Some(event) = connection.handle_input(now, &mut input) {
            match event {
                Event::Message(Message::Text(text)) => events.append((kinds::WS_TEXT, text))?,
                Event::Message(Message::Binary(data)) => {
                    events.append((kinds::WS_BINARY, PyBytes::new(py, data)))?;
                }
                Event::Ping(_) => {}
                Event::Pong(payload) => {
                    events.append((kinds::WS_PONG, PyBytes::new(py, payload)))?;
                }
                Event::Closed(closed) => {
                    let closed = (kinds::WS_CLOSED, closed.code.as_u16(), closed.reason)
                        .into_pyobject(py)?;
                    events.append(closed)?;
                    *farewell = Some(connection.poll_transmit().unwrap_or_default());
                }
            }
        }
        if let Some(octets) = connection.poll_transmit() {
            events.append((kinds::WS_OCTETS, PyBytes::new(py, &octets)))?;
        }
        Ok(events)
    }

    /// Return the last octets of a connection that the peer has ended, after which the transport is
    /// to be closed.
    fn finish<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.lock(py).farewell.take().unwrap_or_default())
    }

    /// Return the frame of a text message.
    fn send_text<'py>(&self, py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyBytes>> {
        self.send(py, Message::Text(text))
    }

    /// Return the frame of a binary message.
    fn send_binary<'py>(&self, py: Python<'py>, data: Octets) -> PyResult<Bound<'py, PyBytes>> {
        self.send(py, Message::Binary(data.as_slice()))
    }

    /// Return the frame of a ping, with a payload of 125 bytes at most.
    fn ping<'py>(&self, py: Python<'py>, payload: Octets) -> PyResult<Bound<'py, PyBytes>> {
        let connection = &mut self.lock(py).connection;
        connection.ping(payload.as_slice()).map_err(usage_error)?;
        Ok(transmit(py, connection))
    }

    /// Return the close frame. Raises ValueError for a code or a reason that must not be sent.
    fn close<'py>(
        &self,
        py: Python<'py>,
        code: u16,
        reason: &str,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let connection = &mut self.lock(py).connection;
        let code = CloseCode::new(code).ok_or_else(|| {
            pyo3::exceptions::PyValueError::new_err(format!("{code} is no close code to be sent"))
        })?;
        connection
            .close(clock::now(), code, reason)
            .map_err(usage_error)?;
        Ok(transmit(py, connection))
    }
}

impl WebSocket {
    /// The connection of a handshake that was accepted.
    pub(crate) fn open(
        max_message_bytes: usize,
        max_fragments: u32,
        deflate: Option<&PermessageDeflate>,
    ) -> Self {
        let connection = Connection::server(Config {
            max_message_bytes,
            max_fragments,
            ..Config::default()
        });
        Self {
            end: Mutex::new(End {
                connection: match deflate {
                    Some(agreed) => connection.with_deflate(agreed),
                    None => connection,
                },
                farewell: None,
            }),
        }
    }

    fn send<'py>(&self, py: Python<'py>, message: Message<'_>) -> PyResult<Bound<'py, PyBytes>> {
        let End {
            connection,
            farewell,
        } = &mut *self.lock(py);
        if farewell.is_some() {
            // RFC 6455 section 5.5.1 forbids data after our close frame, which has not left yet.
            let opcode = Opcode::from(message.kind());
            let frame = frame::encode_frame(opcode, message.as_bytes(), None);
            return Ok(PyBytes::new(py, &frame));
        }
        connection.send(message).map_err(usage_error)?;
        Ok(transmit(py, connection))
    }

    fn lock(&self, py: Python<'_>) -> MutexGuard<'_, End> {
        // A panic while the lock was held would have left the machine as it was between two calls
        // of ours; it stays usable.
        self.end
            .lock_py_attached(py)
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn transmit<'py>(py: Python<'py>, connection: &mut Connection) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &connection.poll_transmit().unwrap_or_default())
}
