//! Heads read from a stream: every byte is looked at once, however small the pieces are.

use alloc::vec;
use alloc::vec::Vec;

use crate::http::Headers;
use crate::http::Request;
use crate::http::Response;
use crate::http::ResponseHead;
use crate::http::Version;
use crate::http::head::LineSpan;
use crate::http::respond::is_field_value;

/// Collects a head until its blank line, and reads it then.
///
/// ```
/// use sansocket::http::HeadParser;
///
/// let mut parser = HeadParser::default();
/// let mut input: &[u8] = b"GET /chat HTTP/1.1\r\nHost: exam";
/// assert!(parser.read_request(&mut input).unwrap().is_none());
/// let mut input: &[u8] = b"ple.com\r\n\r\nafter";
/// let request = parser.read_request(&mut input).unwrap().unwrap();
/// assert_eq!(request.path(), "/chat");
/// assert_eq!(input, b"after");
/// ```
#[derive(Debug, Default)]
pub struct HeadParser {
    limits: HeadLimits,
    bytes: Vec<u8>,
    lines: Vec<LineSpan>,
    /// Where the line that is being collected starts.
    line_start: usize,
    /// Bytes of the head that were seen, with blank lines before it.
    seen: usize,
    /// The head was lent: the next call starts another.
    complete: bool,
    /// Bytes that were looked at, for the tests that hold this linear.
    #[cfg(test)]
    steps: usize,
}

/// Limits of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    /// The longest head, in bytes. Default: 16 KiB.
    pub max_bytes: usize,
    /// The most header lines. Default: 100.
    pub max_headers: usize,
}

/// Why a head was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// The bytes are no head, or break the named rule.
    #[error("{0}")]
    Malformed(&'static str),
    /// [`HeadLimits::max_bytes`] is passed.
    #[error("the head is too long")]
    TooLong,
    /// [`HeadLimits::max_headers`] is passed.
    #[error("the head has too many lines")]
    TooManyHeaders,
    /// Neither HTTP/1.0 nor HTTP/1.1.
    #[error("this version of HTTP is not supported")]
    Version,
    /// The body is encoded in a way other than `chunked`.
    #[error("this transfer coding is not supported")]
    TransferCoding,
}

impl Default for HeadLimits {
    fn default() -> Self {
        Self {
            max_bytes: 16 * 1024,
            max_headers: 100,
        }
    }
}

impl From<HeadError> for Response {
    fn from(error: HeadError) -> Self {
        let (status, reason) = match error {
            HeadError::Malformed(reason) => (400, reason),
            HeadError::TooLong => (431, "the head is too long"),
            HeadError::TooManyHeaders => (431, "the head has too many lines"),
            HeadError::Version => (505, "this version of HTTP is not supported"),
            HeadError::TransferCoding => (501, "this transfer coding is not supported"),
        };
        Self::new(status).text(reason)
    }
}

impl HeadParser {
    /// A parser with other limits than the default ones.
    #[must_use]
    pub fn new(limits: HeadLimits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Eats from `input` up to the end of a request's head. `None` while it is incomplete; what
    /// follows it stays in `input`.
    ///
    /// # Errors
    /// [`HeadError`] when the head breaks RFC 9112 or passes a limit. The stream cannot be read any
    /// further then.
    pub fn read_request(&mut self, input: &mut &[u8]) -> Result<Option<Request<'_>>, HeadError> {
        if !self.collect(input)? {
            return Ok(None);
        }
        let mut storage = vec![httparse::EMPTY_HEADER; self.limits.max_headers];
        let mut parsed = httparse::Request::new(&mut storage);
        parsed.parse(&self.bytes)?;
        let (Some(method), Some(target), Some(version)) =
            (parsed.method, parsed.path, parsed.version)
        else {
            return Err(HeadError::Malformed("the request line is incomplete"));
        };
        // RFC 3986: a URL is ASCII. httparse has refused blanks and control characters already.
        if !target.is_ascii() {
            return Err(HeadError::Malformed("the target is not ASCII"));
        }
        locate(&self.bytes, parsed.headers, &mut self.lines)?;
        let request = Request {
            method,
            target,
            version: if version == 0 {
                Version::Http10
            } else {
                Version::Http11
            },
            headers: Headers::within(&self.bytes, &self.lines),
        };
        // RFC 9112 section 3.2: 400 for a missing, a repeated and an invalid Host.
        let host = request.headers.unique("Host");
        let host_may_be_absent = request.version == Version::Http10 && host == Ok(None);
        if request.host().is_none() && !host_may_be_absent {
            return Err(HeadError::Malformed(
                "the Host is missing, repeated or invalid",
            ));
        }
        Ok(Some(request))
    }

    /// Eats from `input` up to the end of a response's head, as
    /// [`read_request`](Self::read_request) does for requests.
    ///
    /// # Errors
    /// [`HeadError`] as for requests.
    pub fn read_response(
        &mut self,
        input: &mut &[u8],
    ) -> Result<Option<ResponseHead<'_>>, HeadError> {
        if !self.collect(input)? {
            return Ok(None);
        }
        let mut storage = vec![httparse::EMPTY_HEADER; self.limits.max_headers];
        let mut parsed = httparse::Response::new(&mut storage);
        parsed.parse(&self.bytes)?;
        let Some(status) = parsed.code else {
            return Err(HeadError::Malformed("the status line is incomplete"));
        };
        locate(&self.bytes, parsed.headers, &mut self.lines)?;
        Ok(Some(ResponseHead {
            status,
            headers: Headers::within(&self.bytes, &self.lines),
        }))
    }

    /// Gives the memory of the last head back.
    pub(super) fn release(&mut self) {
        *self = Self::new(self.limits);
    }

    /// Moves whole lines from `input` to the buffer; true once the blank line came.
    fn collect(&mut self, input: &mut &[u8]) -> Result<bool, HeadError> {
        if self.complete {
            self.bytes.clear();
            self.lines.clear();
            self.line_start = 0;
            self.seen = 0;
            self.complete = false;
        }
        while let Some(newline) = input.iter().position(|byte| *byte == b'\n') {
            let (piece, rest) = input.split_at_checked(newline + 1).unwrap_or((input, &[]));
            *input = rest;
            self.keep(piece)?;
            let line = self.bytes.get(self.line_start..).unwrap_or_default();
            // RFC 9112 section 2.2 would let us take a bare LF; two readers that differ here are
            // how requests get smuggled.
            if !line.ends_with(b"\r\n") {
                return Err(HeadError::Malformed("a line ends without CR"));
            }
            let is_blank = line.len() == 2;
            // Section 2.2: blank lines before a request are ignored.
            if is_blank && self.line_start == 0 {
                self.bytes.clear();
                continue;
            }
            self.line_start = self.bytes.len();
            if is_blank {
                self.complete = true;
                return Ok(true);
            }
        }
        self.keep(input)?;
        *input = &[];
        Ok(false)
    }

    fn keep(&mut self, piece: &[u8]) -> Result<(), HeadError> {
        #[cfg(test)]
        {
            self.steps += piece.len();
        }
        self.seen += piece.len();
        if self.seen > self.limits.max_bytes {
            return Err(HeadError::TooLong);
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }
}

impl From<httparse::Error> for HeadError {
    fn from(error: httparse::Error) -> Self {
        match error {
            httparse::Error::TooManyHeaders => Self::TooManyHeaders,
            httparse::Error::Version => Self::Version,
            httparse::Error::HeaderName => Self::Malformed("a header name is invalid"),
            httparse::Error::HeaderValue => Self::Malformed("a header value is invalid"),
            httparse::Error::NewLine => Self::Malformed("a line end is invalid"),
            httparse::Error::Status => Self::Malformed("the status is invalid"),
            httparse::Error::Token => Self::Malformed("the first line is invalid"),
        }
    }
}

/// Notes where each line lies, so that the head can be lent together with its bytes.
fn locate(
    bytes: &[u8],
    headers: &[httparse::Header<'_>],
    lines: &mut Vec<LineSpan>,
) -> Result<(), HeadError> {
    let start = bytes.as_ptr().addr();
    let span = |part: &[u8]| {
        let offset = part.as_ptr().addr().saturating_sub(start) as u32;
        offset..offset + part.len() as u32
    };
    for header in headers {
        if !is_field_value(header.value) {
            return Err(HeadError::Malformed(
                "a header value has control characters",
            ));
        }
        lines.push(LineSpan {
            name: span(header.name.as_bytes()),
            value: span(header.value),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use alloc::string::ToString;

    /// Status and reason of a refusal, or the head written out.
    fn read(bytes: &[u8], piece: usize) -> Result<String, HeadError> {
        let mut parser = HeadParser::default();
        for mut input in bytes.chunks(piece) {
            if let Some(request) = parser.read_request(&mut input)? {
                let mut text = format!(
                    "{} {} {:?}",
                    request.method, request.target, request.version
                );
                for line in request.headers.iter() {
                    text += &format!(
                        "|{}={}",
                        line.name.escape_ascii(),
                        line.value.escape_ascii()
                    );
                }
                return Ok(text);
            }
        }
        Ok("incomplete".to_string())
    }

    /// The same verdict whatever the pieces.
    fn verdict(bytes: &[u8]) -> Result<String, HeadError> {
        let whole = read(bytes, bytes.len().max(1));
        for piece in 1..bytes.len().min(200) {
            assert_eq!(read(bytes, piece), whole, "in pieces of {piece}");
        }
        whole
    }

    fn status(bytes: &[u8]) -> u16 {
        Response::from(verdict(bytes).unwrap_err()).status()
    }

    #[test]
    fn a_head_is_read_in_any_pieces() {
        assert_eq!(
            verdict(b"\r\nGET /a?b HTTP/1.1\r\nHost: x\r\nA:\t b c \r\n\r\nrest").unwrap(),
            "GET /a?b Http11|Host=x|A=b c"
        );
        assert_eq!(verdict(b"GET / HTTP/1.0\r\n\r\n").unwrap(), "GET / Http10");
        assert_eq!(
            verdict(b"GET / HTTP/1.1\r\nHost: x\r\n").unwrap(),
            "incomplete"
        );
    }

    #[test]
    fn t19_heads_that_two_readers_could_read_differently_are_refused() {
        for bytes in [
            &b"GET / HTTP/1.1\nHost: x\n\n"[..],
            b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
            b"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /\x1b[31m HTTP/1.1\r\nHost: x\r\n\r\n",
            b"G(T / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\n",
        ] {
            assert_eq!(status(bytes), 400, "{}", bytes.escape_ascii());
        }
        assert_eq!(status(b"GET / HTTP/2.0\r\nHost: x\r\n\r\n"), 505);
    }

    #[test]
    fn t12_control_characters_in_values_are_refused() {
        for byte in [
            0, 1, 0x0b, 0x0c, 0x1b, 0x1c, 0x1d, 0x1e, 0x7f, 0x80, 0x85, 0x9f,
        ] {
            let mut head = b"GET / HTTP/1.1\r\nHost: x\r\nA: a".to_vec();
            head.push(byte);
            head.extend_from_slice(b"b\r\n\r\n");
            assert_eq!(status(&head), 400, "{byte:#x}");
        }
        assert!(
            verdict("GET / HTTP/1.1\r\nHost: x\r\nA: \u{c5}\u{e9}\u{20ac}\t\r\n\r\n".as_bytes())
                .is_ok()
        );
    }

    #[test]
    fn t16_a_second_host_is_refused() {
        assert_eq!(status(b"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n"), 400);
        assert_eq!(status(b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
    }

    #[test]
    fn t01_a_dribbled_head_is_looked_at_once() {
        let mut head = b"GET / HTTP/1.1\r\nHost: x\r\nA: ".to_vec();
        head.resize(16_000, b'a');
        head.extend_from_slice(b"\r\n\r\n");
        for piece in [1, 2, 7, 1_000, head.len()] {
            let mut parser = HeadParser::default();
            for mut input in head.chunks(piece) {
                parser.read_request(&mut input).unwrap();
            }
            assert!(parser.complete);
            assert_eq!(parser.steps, head.len(), "in pieces of {piece}");
        }
    }

    #[test]
    fn t01_the_limits_hold_before_the_head_is_complete() {
        let endless = [b'a'; 16 * 1024 + 1];
        assert_eq!(status(&endless), 431);
        let blank = b"\r\n".repeat(8 * 1024 + 1);
        assert_eq!(status(&blank), 431);
        let lines = |count: usize| {
            let mut head = b"GET / HTTP/1.1\r\nHost: x\r\n".to_vec();
            head.extend(b"A: b\r\n".repeat(count - 1));
            head.extend_from_slice(b"\r\n");
            head
        };
        assert!(verdict(&lines(100)).is_ok());
        assert_eq!(status(&lines(101)), 431);
    }

    #[test]
    fn a_parser_reads_one_head_after_another() {
        let mut parser = HeadParser::default();
        let mut input: &[u8] =
            b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n";
        assert_eq!(
            parser.read_request(&mut input).unwrap().unwrap().path(),
            "/1"
        );
        assert_eq!(
            parser.read_request(&mut input).unwrap().unwrap().path(),
            "/2"
        );
        assert!(input.is_empty());
    }

    #[test]
    fn a_response_is_read() {
        let mut parser = HeadParser::default();
        let mut input: &[u8] =
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x00";
        let head = parser.read_response(&mut input).unwrap().unwrap();
        assert_eq!(head.status, 101);
        assert_eq!(head.headers.get("upgrade"), Some(&b"websocket"[..]));
        assert_eq!(input, b"\x81\x00");
    }
}
