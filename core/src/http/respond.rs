//! Responses: built with checked headers, written as HTTP/1.1.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use bytes::Bytes;

use crate::UsageError;

/// A response. Its header lines are checked when they are added, so it can always be written.
///
/// ```
/// use sansocket::http::Response;
///
/// let response = Response::new(200).text("ok").header("X-Powered-By", "sansocket").unwrap();
/// assert!(response.header("X Bad Name", "a").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    status: u16,
    headers: Vec<(Cow<'static, str>, Bytes)>,
    body: Bytes,
}

impl Response {
    /// A response without headers and body. A number that is no status, outside 100 to 599,
    /// becomes 500: it could not be written.
    #[must_use]
    pub const fn new(status: u16) -> Self {
        Self {
            status: match status {
                100..=599 => status,
                _ => 500,
            },
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// With a body of plain text.
    #[must_use]
    pub fn text(self, text: impl Into<Bytes>) -> Self {
        self.with_body("text/plain; charset=UTF-8", text)
    }

    /// With a body of JSON.
    #[must_use]
    pub fn json(self, json: impl Into<Bytes>) -> Self {
        self.with_body("application/json", json)
    }

    /// With a body and its content type.
    #[must_use]
    pub fn with_body(mut self, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.with("Content-Type", Bytes::from_static(content_type.as_bytes()))
    }

    /// With another header line. `Content-Length`, `Connection` and `Date` belong to whoever
    /// writes the response.
    ///
    /// # Errors
    /// [`UsageError::Invalid`] when the name is no token (RFC 9110 section 5.6.2) or the value has
    /// control characters (section 5.5): either could smuggle a second line.
    pub fn header(
        self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Bytes>,
    ) -> Result<Self, UsageError> {
        let (name, value) = (name.into(), value.into());
        if !is_token(name.as_bytes()) {
            return Err(UsageError::Invalid("a header name is a token"));
        }
        if !is_field_value(&value) {
            return Err(UsageError::Invalid(
                "a header value has no control characters",
            ));
        }
        Ok(self.with(name, value))
    }

    /// For lines whose name and value this crate has made itself.
    pub(crate) fn with(mut self, name: impl Into<Cow<'static, str>>, value: Bytes) -> Self {
        let name = name.into();
        debug_assert!(is_token(name.as_bytes()) && is_field_value(&value));
        self.headers.push((name, value));
        self
    }

    /// The status code.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The header lines, without those that the writer adds.
    #[must_use]
    pub fn headers(&self) -> &[(Cow<'static, str>, Bytes)] {
        &self.headers
    }

    /// The body.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The whole response in HTTP/1.1. `keep_alive` says whether the connection serves another
    /// request after it.
    #[must_use]
    pub fn to_http1(&self, keep_alive: bool) -> Bytes {
        let mut bytes = self.http1_head(keep_alive);
        bytes.extend_from_slice(&self.body);
        Bytes::from(bytes)
    }

    /// The response to a `HEAD` request: what `GET` would get, without the body.
    pub(super) fn http1_head(&self, keep_alive: bool) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256 + self.body.len());
        bytes.extend_from_slice(b"HTTP/1.1 ");
        push_decimal(&mut bytes, self.status.into());
        bytes.push(b' ');
        bytes.extend_from_slice(reason_phrase(self.status).as_bytes());
        bytes.extend_from_slice(b"\r\n");
        for (name, value) in &self.headers {
            push_line(&mut bytes, name, value);
        }
        // RFC 9110 section 8.6: no length for 1xx and 204; RFC 6455 has its own `Connection` in 101.
        if !matches!(self.status, 100..=199 | 204 | 304) {
            bytes.extend_from_slice(b"Content-Length: ");
            push_decimal(&mut bytes, self.body.len());
            bytes.extend_from_slice(b"\r\n");
        }
        if !keep_alive && self.status >= 200 {
            push_line(&mut bytes, "Connection", b"close");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }
}

/// The usual words for a status, RFC 9110 section 15; empty for an unusual one.
#[must_use]
pub(crate) const fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        411 => "Length Required",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        417 => "Expectation Failed",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

/// RFC 9110 section 5.6.2.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    let is_token_byte =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !bytes.is_empty() && bytes.iter().all(is_token_byte)
}

/// RFC 9110 section 5.5, and stricter: besides the control characters of ASCII, those of Latin-1
/// and Unicode (U+0080 to U+009F) are refused, because some readers take U+0085 for the end of a
/// line. Other bytes beyond ASCII are opaque.
pub(crate) fn is_field_value(bytes: &[u8]) -> bool {
    if bytes
        .iter()
        .any(|byte| byte.is_ascii_control() && *byte != b'\t')
    {
        return false;
    }
    match core::str::from_utf8(bytes) {
        Ok(text) => !text
            .chars()
            .any(|character| character.is_control() && character != '\t'),
        Err(_) => !bytes.iter().any(|byte| matches!(byte, 0x80..=0x9F)),
    }
}

pub(crate) fn push_line(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(b": ");
    bytes.extend_from_slice(value);
    bytes.extend_from_slice(b"\r\n");
}

fn push_decimal(bytes: &mut Vec<u8>, number: usize) {
    if number >= 10 {
        push_decimal(bytes, number / 10);
    }
    bytes.push(b'0' + (number % 10) as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn written(response: &Response, keep_alive: bool) -> String {
        String::from_utf8(response.to_http1(keep_alive).to_vec()).unwrap()
    }

    #[test]
    fn a_response_is_written_whole() {
        let response = Response::new(200).text("ok").header("X-A", "1").unwrap();
        assert_eq!(
            written(&response, true),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok"
        );
        assert_eq!(
            written(&Response::new(204), false),
            "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(
            written(&Response::new(299), true),
            "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n"
        );
    }

    #[test]
    fn a_number_that_is_no_status_is_not_written() {
        for status in [0, 99, 600, u16::MAX] {
            assert_eq!(Response::new(status).status(), 500);
        }
    }

    #[test]
    fn t11_t13_nothing_can_be_smuggled_into_a_response() {
        for name in ["", "X Bad Name", "X:", "X\r\nY", "X\0", "\u{e9}"] {
            assert!(Response::new(200).header(name, "a").is_err(), "{name:?}");
        }
        for value in [
            &b"a\r\nSet-Cookie: b"[..],
            b"a\n",
            b"a\r",
            b"a\0",
            b"\x7f",
            b"\x1b[31m",
            b"\x85",
            "\u{85}".as_bytes(),
        ] {
            let value = Bytes::copy_from_slice(value);
            assert!(
                Response::new(302)
                    .header("Location", value.clone())
                    .is_err(),
                "{value:?}"
            );
        }
        assert!(Response::new(200).header("X-A", "tab\tand \u{e9}").is_ok());
        assert!(
            Response::new(200)
                .header("X-A", &b"latin-1 \xe9"[..])
                .is_ok()
        );
    }
}
