//! The core's outputs as plain tuples, each with its kind first.

use bytes::Bytes;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use pyo3::types::PyList;
use pyo3::types::PyString;
use pyo3::types::PyTuple;
use sansocket::ConnId;
use sansocket::Message;
use sansocket::SessionId;
use sansocket::server::Event;
use sansocket::server::Frame;
use sansocket::server::OpenedBy;
use sansocket::server::Output;
use sansocket::server::Server;

use crate::convert::headers_to_python;
use crate::kinds;

/// Appends everything that is ready.
pub(crate) fn push_outputs(
    py: Python<'_>,
    server: &mut Server,
    outputs: &Bound<'_, PyList>,
) -> PyResult<()> {
    while let Some(output) = server.poll_output() {
        match output {
            Output::Transmit { to, frame } => push_transmit(py, to, frame, outputs)?,
            Output::Reply { request, response } => {
                let headers = response
                    .headers()
                    .iter()
                    .map(|(name, value)| (name.as_bytes(), value));
                outputs.append((
                    kinds::REPLY,
                    request.as_u64(),
                    response.status(),
                    headers_to_python(py, headers)?,
                    PyBytes::new(py, response.body()),
                ))?;
            }
            Output::Close { conn, code, reason } => {
                outputs.append((kinds::CLOSE, conn.as_u64(), code, reason))?;
            }
            Output::Event(event) => push_event(py, &event, outputs)?,
        }
    }
    Ok(())
}

fn push_transmit(
    py: Python<'_>,
    to: &[ConnId],
    frame: Frame<'_>,
    outputs: &Bound<'_, PyList>,
) -> PyResult<()> {
    let frame = match frame {
        Frame::Bytes(octets) | Frame::Binary(octets) => PyBytes::new(py, octets).into_any(),
        Frame::Text(text) => PyString::new(py, str::from_utf8(text).unwrap_or_default()).into_any(),
    };
    match to {
        [conn] => outputs.append((kinds::WRITE, conn.as_u64(), frame)),
        _ => {
            let to = PyTuple::new(py, to.iter().map(|conn| conn.as_u64()))?;
            outputs.append((kinds::BROADCAST, to, frame))
        }
    }
}

fn push_event(py: Python<'_>, event: &Event<'_>, outputs: &Bound<'_, PyList>) -> PyResult<()> {
    match *event {
        Event::Event {
            socket,
            data,
            attachments,
            packet_id,
        } => outputs.append((
            kinds::EVENT,
            socket.as_u64(),
            data,
            attachments_to_python(py, attachments)?,
            packet_id,
        )),
        Event::Answer {
            ack,
            socket,
            data,
            attachments,
            last,
        } => outputs.append((
            kinds::ANSWER,
            ack.as_u64(),
            socket.as_u64(),
            data,
            attachments_to_python(py, attachments)?,
            last,
        )),
        Event::AckSettled {
            ack,
            outcome,
            missing,
        } => outputs.append((kinds::ACK_SETTLED, ack.as_u64(), outcome.as_str(), missing)),
        Event::Connect {
            socket,
            session,
            id,
            namespace,
            auth,
        } => outputs.append((
            kinds::CONNECT,
            socket.as_u64(),
            session.as_u64(),
            id,
            namespace,
            auth,
        )),
        Event::Disconnect {
            socket,
            session: _,
            reason,
            detail,
            rooms,
        } => outputs.append((
            kinds::DISCONNECT,
            socket.as_u64(),
            reason.as_str(),
            detail,
            rooms,
        )),
        Event::SessionOpened { session, sid, by } => {
            let transport = match by {
                OpenedBy::Request(_) => "polling",
                OpenedBy::Connection(_) => "websocket",
            };
            outputs.append((kinds::SESSION_OPENED, session.as_u64(), sid, transport))
        }
        Event::SessionUpgraded { session, conn } => {
            outputs.append((kinds::SESSION_UPGRADED, session.as_u64(), conn.as_u64()))
        }
        Event::SessionMessage { session, message } => {
            let message = match message {
                Message::Text(text) => PyString::new(py, text).into_any(),
                Message::Binary(data) => PyBytes::new(py, data).into_any(),
            };
            outputs.append((kinds::SESSION_MESSAGE, session.as_u64(), message))
        }
        Event::SessionClosed {
            session,
            reason,
            detail,
        } => outputs.append((
            kinds::SESSION_CLOSED,
            session.as_u64(),
            reason.as_str(),
            detail,
        )),
        Event::Refused {
            session,
            conn,
            reason,
        } => outputs.append((
            kinds::REFUSED,
            session.map(SessionId::as_u64),
            conn.map(ConnId::as_u64),
            reason,
        )),
        // Plain WebSocket connections are served by `WebSocket`: the options name no such protocol.
        Event::Opened { .. } | Event::Message { .. } | Event::Closed { .. } => Ok(()),
    }
}

fn attachments_to_python<'py>(
    py: Python<'py>,
    attachments: &[Bytes],
) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, attachments.iter().map(|bytes| PyBytes::new(py, bytes)))
}
