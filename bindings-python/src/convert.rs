//! What crosses: Python values to the core's, and back.

use bytes::Bytes;
use pyo3::PyErr;
use pyo3::create_exception;
use pyo3::exceptions::PyTypeError;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyByteArray;
use pyo3::types::PyBytes;
use pyo3::types::PyList;
use pyo3::types::PyTuple;
use sansocket::UsageError as Misuse;
use sansocket::http::Header;
use sansocket::http::Headers;
use sansocket::http::Request;
use sansocket::http::Response;
use sansocket::http::Version;

create_exception!(
    sansocket._core,
    UsageError,
    PyValueError,
    "An argument breaks a rule of the protocol, or a limit would be passed."
);
create_exception!(
    sansocket._core,
    GoneError,
    UsageError,
    "The key names nothing any more, or its connection is closing."
);

/// The caller's fault, as Python hears of it.
pub(crate) fn usage_error(error: Misuse) -> PyErr {
    let text = error.to_string();
    match error {
        Misuse::Unknown | Misuse::Closing => GoneError::new_err(text),
        _ => UsageError::new_err(text),
    }
}

/// A bytes-like argument: borrowed from `bytes`, copied from `bytearray` and `memoryview`.
///
/// Anything else is refused. A number in particular is never a length (as in `bytes(200)`).
pub(crate) struct Octets(PyBackedBytes);

impl Octets {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl<'py> FromPyObject<'_, 'py> for Octets {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = value.cast::<PyBytes>() {
            return Ok(Self(bytes.to_owned().into()));
        }
        if let Ok(array) = value.cast::<PyByteArray>() {
            return Ok(Self(PyBytes::new(value.py(), &array.to_vec()).into()));
        }
        if value.get_type().name()? == "memoryview" {
            let bytes = value.call_method0("tobytes")?;
            return Ok(Self(bytes.cast_into::<PyBytes>()?.into()));
        }
        Err(PyTypeError::new_err(format!(
            "a bytes-like object is required, not '{}'",
            value.get_type().name()?
        )))
    }
}

/// Header lines as ASGI has them: pairs of bytes, each pair any sequence of two.
pub(crate) struct HeaderLines(Vec<(PyBackedBytes, PyBackedBytes)>);

impl HeaderLines {
    /// The lines, borrowed.
    pub(crate) fn borrowed(&self) -> Vec<Header<'_>> {
        self.0
            .iter()
            .map(|(name, value)| Header { name, value })
            .collect()
    }

    /// A response with these lines too.
    pub(crate) fn add_to(&self, response: Response) -> PyResult<Response> {
        self.0.iter().try_fold(response, |response, (name, value)| {
            let name = str::from_utf8(name)
                .map_err(|_| PyValueError::new_err("a header name is a token"))?;
            response
                .header(name.to_owned(), value.to_vec())
                .map_err(usage_error)
        })
    }
}

impl<'py> FromPyObject<'_, 'py> for HeaderLines {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        value
            .try_iter()?
            .map(|line| {
                let line = line?;
                let part = |index: usize| -> PyResult<PyBackedBytes> {
                    let part = line.get_item(index)?;
                    let bytes = part.cast_into::<PyBytes>().map_err(|_| {
                        PyTypeError::new_err("header names and values must be bytes")
                    })?;
                    Ok(bytes.into())
                };
                Ok((part(0)?, part(1)?))
            })
            .collect::<PyResult<_>>()
            .map(Self)
    }
}

/// Header lines for Python: a list of pairs of bytes.
pub(crate) fn headers_to_python<'py, N: AsRef<[u8]>, V: AsRef<[u8]>>(
    py: Python<'py>,
    lines: impl Iterator<Item = (N, V)>,
) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for (name, value) in lines {
        list.append((
            PyBytes::new(py, name.as_ref()),
            PyBytes::new(py, value.as_ref()),
        ))?;
    }
    Ok(list)
}

/// A request's head, kept.
pub(crate) struct OwnedRequest {
    method: String,
    pub(crate) target: String,
    version: Version,
    pub(crate) headers: Vec<(Vec<u8>, Vec<u8>)>,
}

impl OwnedRequest {
    pub(crate) fn copy(request: &Request<'_>) -> Self {
        Self {
            method: request.method.to_owned(),
            target: request.target.to_owned(),
            version: request.version,
            headers: request
                .headers
                .iter()
                .map(|line| (line.name.to_vec(), line.value.to_vec()))
                .collect(),
        }
    }

    /// Lends the request.
    pub(crate) fn borrowed<R>(&self, use_it: impl FnOnce(&Request<'_>) -> R) -> R {
        let lines: Vec<Header<'_>> = self
            .headers
            .iter()
            .map(|(name, value)| Header { name, value })
            .collect();
        use_it(&Request {
            method: &self.method,
            target: &self.target,
            version: self.version,
            headers: Headers::new(&lines),
        })
    }

    /// The items of a comma-separated header, those that are text.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        self.borrowed(|request| {
            request
                .headers
                .list(name)
                .filter_map(|item| str::from_utf8(item).ok())
                .map(str::to_owned)
                .collect()
        })
    }
}

/// The attachments of an event, copied: nothing of Python's is held after the call.
pub(crate) struct Attachments(pub(crate) Vec<Bytes>);

impl<'py> FromPyObject<'_, 'py> for Attachments {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        value
            .try_iter()?
            .map(|item| {
                let octets: Octets = item?.extract()?;
                Ok(Bytes::copy_from_slice(octets.as_slice()))
            })
            .collect::<PyResult<_>>()
            .map(Self)
    }
}

/// A version as ASGI writes it.
pub(crate) fn http_version(version: &str) -> Version {
    match version {
        "1.0" => Version::Http10,
        "2" | "3" => Version::Http2,
        _ => Version::Http11,
    }
}

/// A response for Python: status, header lines, body.
pub(crate) fn response_to_python<'py>(
    py: Python<'py>,
    response: &Response,
) -> PyResult<Bound<'py, PyTuple>> {
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_bytes(), value));
    (
        response.status(),
        headers_to_python(py, headers)?,
        PyBytes::new(py, response.body()),
    )
        .into_pyobject(py)
}

/// Raise ValueError unless `text` is strict JSON.
#[pyfunction]
pub(crate) fn check_json(text: &str) -> PyResult<()> {
    match sansocket::json::check(text) {
        Ok(_) => Ok(()),
        Err(error) => Err(PyValueError::new_err(error.to_string())),
    }
}
