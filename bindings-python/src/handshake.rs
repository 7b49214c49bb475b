//! `Upgrade`: a WebSocket request that waits for the application to accept it.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use sansocket::http::HeadError;
use sansocket::http::HeadLimits;
use sansocket::http::HeadParser;
use sansocket::http::Request;
use sansocket::http::Response;
use sansocket::websocket::DeflateConfig;
use sansocket::websocket::handshake;

use crate::convert::HeaderLines;
use crate::convert::OwnedRequest;
use crate::convert::headers_to_python;
use crate::convert::usage_error;
use crate::websocket::WebSocket;

#[pyclass(frozen, module = "sansocket._core")]
pub(crate) struct Upgrade {
    request: Option<OwnedRequest>,
    refusal: Option<Response>,
}

#[pymethods]
impl Upgrade {
    /// Check the head of a request: whole, and nothing after it.
    #[new]
    fn new(head: &[u8]) -> Self {
        // The HTTP server in front has read the head already, so its own limit on bytes came first.
        let mut parser = HeadParser::new(HeadLimits {
            max_bytes: 64 * 1024,
            ..HeadLimits::default()
        });
        let mut input = head;
        match parser.read_request(&mut input) {
            Ok(Some(request)) => Self {
                refusal: handshake::accept(&request, &[]).err(),
                request: Some(OwnedRequest::copy(&request)),
            },
            Ok(None) => Self::refuse(HeadError::Malformed("the head is incomplete")),
            Err(error) => Self::refuse(error),
        }
    }

    /// The HTTP response to a request that is no correct WebSocket handshake.
    #[getter]
    fn refusal<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        let refusal = self.refusal.as_ref()?;
        Some(PyBytes::new(py, &refusal.to_http1(false)))
    }

    #[getter]
    fn target(&self) -> &str {
        self.request
            .as_ref()
            .map_or("", |request| request.target.as_str())
    }

    /// Names in lower case, in order, repeats kept.
    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let lines = self.request.iter().flat_map(|request| {
            request
                .headers
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.as_slice()))
        });
        Ok(headers_to_python(py, lines)?.into_any())
    }

    #[getter]
    fn subprotocols(&self) -> Vec<String> {
        self.request
            .iter()
            .flat_map(|request| request.list("Sec-WebSocket-Protocol"))
            .collect()
    }

    /// Return the 101 response and the connection that it opens. Raises ValueError for a header that
    /// cannot be sent.
    ///
    /// A subprotocol that the client did not offer is left out: RFC 6455 section 4.2.2.
    #[pyo3(signature = (subprotocol, headers, *, max_message_bytes, max_fragments, per_message_deflate))]
    fn accept<'py>(
        &self,
        py: Python<'py>,
        subprotocol: Option<&str>,
        headers: HeaderLines,
        max_message_bytes: usize,
        max_fragments: u32,
        per_message_deflate: bool,
    ) -> PyResult<(Bound<'py, PyBytes>, WebSocket)> {
        let accept = |request: &Request<'_>| {
            let accepted = handshake::accept(request, subprotocol.as_slice())?;
            Ok::<_, Response>(if per_message_deflate {
                accepted.negotiate_deflate(request, &DeflateConfig::default())
            } else {
                accepted
            })
        };
        let accepted = self
            .request
            .as_ref()
            .ok_or_else(|| self.refused())?
            .borrowed(accept)
            .map_err(|_| self.refused())?;
        let response = headers.add_to(accepted.response())?;
        let websocket = WebSocket::open(max_message_bytes, max_fragments, accepted.deflate());
        Ok((PyBytes::new(py, &response.to_http1(true)), websocket))
    }
}

impl Upgrade {
    fn refuse(error: HeadError) -> Self {
        Self {
            request: None,
            refusal: Some(error.into()),
        }
    }

    fn refused(&self) -> PyErr {
        usage_error(sansocket::UsageError::Invalid(
            "this request is no WebSocket handshake: answer it with the refusal",
        ))
    }
}

/// Return the head of an HTTP/1.1 response. Raises ValueError for a header that cannot be sent.
///
/// The header lines are the caller's alone, so that a body of unknown length can follow.
#[pyfunction]
pub(crate) fn response_head<'py>(
    py: Python<'py>,
    status: u16,
    headers: HeaderLines,
) -> PyResult<Bound<'py, PyBytes>> {
    let response = headers.add_to(Response::new(status))?;
    let plain = Response::new(status).to_http1(true);
    let line = plain
        .split(|byte| *byte == b'\r')
        .next()
        .unwrap_or_default();
    let mut head = line.to_vec();
    head.extend_from_slice(b"\r\n");
    for (name, value) in response.headers() {
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    Ok(PyBytes::new(py, &head))
}
