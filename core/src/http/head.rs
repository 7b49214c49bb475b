//! The head of a request or a response, borrowed from whoever read it.

use core::ops::Range;

use crate::http::Query;

/// A request as it is lent: nothing in it is copied, and every header may be absent.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method, such as `GET`; methods are case-sensitive.
    pub method: &'a str,
    /// The target as it came: a path with a query, or an absolute URL.
    pub target: &'a str,
    /// The version of HTTP.
    pub version: Version,
    /// The header lines.
    pub headers: Headers<'a>,
}

/// A version of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2, which has another way to open a WebSocket.
    Http2,
}

/// The head of a response, as a client reads it.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHead<'a> {
    /// The status code.
    pub status: u16,
    /// The header lines.
    pub headers: Headers<'a>,
}

/// One header line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The name, in any case.
    pub name: &'a [u8],
    /// The value: bytes, which need not be text.
    pub value: &'a [u8],
}

/// The header lines of a head, in their order.
///
/// ```
/// use sansocket::http::{Header, Headers};
///
/// let lines = [Header { name: b"Connection", value: b"keep-alive, Upgrade" }];
/// let headers = Headers::new(&lines);
/// assert_eq!(headers.get("connection"), Some(&b"keep-alive, Upgrade"[..]));
/// assert!(headers.has_token("Connection", "upgrade"));
/// assert_eq!(headers.get("Upgrade"), None);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    lines: Lines<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Lines<'a> {
    Borrowed(&'a [Header<'a>]),
    /// Lines that lie somewhere in one block of bytes.
    Within(&'a [u8], &'a [LineSpan]),
}

/// Where a header line lies in the bytes of its head.
#[derive(Clone, Debug)]
pub(super) struct LineSpan {
    pub(super) name: Range<u32>,
    pub(super) value: Range<u32>,
}

/// A header that may come once came more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the header came more than once")]
pub struct Duplicate;

impl<'a> Request<'a> {
    /// The path of the target, without its query.
    #[must_use]
    pub fn path(&self) -> &'a str {
        let origin_form = self.origin_form();
        origin_form
            .split_once('?')
            .map_or(origin_form, |(path, _)| path)
    }

    /// The query of the target, empty when it has none.
    #[must_use]
    pub fn query(&self) -> Query<'a> {
        Query::new(
            self.origin_form()
                .split_once('?')
                .map_or("", |(_, query)| query),
        )
    }

    /// The `Origin` header, which a browser sets. Bytes, because one that is not text must not
    /// pass for an absent one.
    ///
    /// # Errors
    /// [`Duplicate`] when it came more than once.
    pub fn origin(&self) -> Result<Option<&'a [u8]>, Duplicate> {
        self.headers.unique("Origin")
    }

    /// The `Host` header, when it came once and is a host with an optional port.
    #[must_use]
    pub fn host(&self) -> Option<&'a str> {
        let host = self.headers.unique("Host").ok()??;
        is_authority(host).then(|| core::str::from_utf8(host).ok())?
    }

    /// RFC 9112 section 3.2.2: a server accepts an absolute URL as the target.
    fn origin_form(&self) -> &'a str {
        let Some((scheme, rest)) = self.target.split_once("://") else {
            return self.target;
        };
        if self.target.starts_with('/')
            || !(scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
        {
            return self.target;
        }
        match rest.find(['/', '?']) {
            Some(start) => rest.get(start..).unwrap_or_default(),
            None => "",
        }
    }
}

impl<'a> Headers<'a> {
    /// Header lines that a host's own HTTP server has read.
    #[must_use]
    pub const fn new(lines: &'a [Header<'a>]) -> Self {
        Self {
            lines: Lines::Borrowed(lines),
        }
    }

    pub(super) const fn within(bytes: &'a [u8], spans: &'a [LineSpan]) -> Self {
        Self {
            lines: Lines::Within(bytes, spans),
        }
    }

    /// All lines, in their order, with trimmed values.
    pub fn iter(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        let (borrowed, within) = match self.lines {
            Lines::Borrowed(lines) => (lines, (&[][..], &[][..])),
            Lines::Within(bytes, spans) => (&[][..], (bytes, spans)),
        };
        let (bytes, spans) = within;
        borrowed
            .iter()
            .copied()
            .chain(spans.iter().map(move |span| Header {
                name: slice(bytes, &span.name),
                value: slice(bytes, &span.value),
            }))
            .map(|line| Header {
                name: line.name,
                value: trim(line.value),
            })
    }

    /// The values of all lines with this name.
    pub fn get_all<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.iter()
            .filter(move |line| line.name.eq_ignore_ascii_case(name.as_bytes()))
            .map(|line| line.value)
    }

    /// The value of the first line with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.get_all(name).next()
    }

    /// The value of a header that must not be repeated.
    ///
    /// # Errors
    /// [`Duplicate`] when it came more than once: two readers could pick different ones.
    pub fn unique(&self, name: &str) -> Result<Option<&'a [u8]>, Duplicate> {
        let mut values = self.get_all(name);
        let first = values.next();
        match values.next() {
            None => Ok(first),
            Some(_) => Err(Duplicate),
        }
    }

    /// The elements of a comma-separated list, over all lines with this name.
    pub fn list<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.get_all(name)
            .flat_map(|value| value.split(|byte| *byte == b','))
            .map(trim)
            .filter(|element| !element.is_empty())
    }

    /// Whether a comma-separated list has exactly this token, in any case.
    #[must_use]
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        self.list(name)
            .any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
    }
}

impl Default for Lines<'_> {
    fn default() -> Self {
        Self::Borrowed(&[])
    }
}

/// Whether these bytes are a host with an optional port, RFC 3986 section 3.2, without a user.
pub(super) fn is_authority(bytes: &[u8]) -> bool {
    let (host, port) = match bytes {
        [b'[', ..] => {
            let Some(end) = bytes.iter().position(|byte| *byte == b']') else {
                return false;
            };
            let (address, rest) = bytes.split_at(end);
            let is_address = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
            if address.len() < 3 || !address.iter().skip(1).all(is_address) {
                return false;
            }
            match rest {
                [b']'] => return true,
                [b']', b':', port @ ..] => (&b"address"[..], port),
                _ => return false,
            }
        }
        _ => match bytes.iter().position(|byte| *byte == b':') {
            Some(colon) => {
                let (host, port) = bytes.split_at(colon);
                (host, port.get(1..).unwrap_or_default())
            }
            None => (bytes, &[][..]),
        },
    };
    !host.is_empty()
        && host.iter().all(|byte| is_host_byte(*byte))
        && port.len() <= 5
        && port.iter().all(u8::is_ascii_digit)
}

/// The unreserved characters, percent signs and sub-delimiters of RFC 3986, but for the ones that
/// no real host name has and that confuse other readers.
const fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'%')
}

/// Without the optional whitespace around it (RFC 9110 section 5.6.3): blanks and tabs only.
pub(super) fn trim(value: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value
        .iter()
        .position(|byte| !is_blank(byte))
        .unwrap_or(value.len());
    let end = value
        .iter()
        .rposition(|byte| !is_blank(byte))
        .map_or(start, |last| last + 1);
    value.get(start..end).unwrap_or_default()
}

fn slice<'a>(bytes: &'a [u8], range: &Range<u32>) -> &'a [u8] {
    bytes
        .get(range.start as usize..range.end as usize)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;

    fn request<'a>(target: &'a str, lines: &'a [Header<'a>]) -> Request<'a> {
        Request {
            method: "GET",
            target,
            version: Version::Http11,
            headers: Headers::new(lines),
        }
    }

    fn line<'a>(name: &'a str, value: &'a [u8]) -> Header<'a> {
        Header {
            name: name.as_bytes(),
            value,
        }
    }

    #[test]
    fn t02_every_header_may_be_absent() {
        let request = request("/", &[]);
        assert_eq!(request.host(), None);
        assert_eq!(request.origin(), Ok(None));
        assert_eq!(request.headers.get("Upgrade"), None);
        assert!(!request.headers.has_token("Connection", "upgrade"));
        assert_eq!(request.headers.unique("Content-Length"), Ok(None));
    }

    #[test]
    fn t15_only_a_host_passes_for_a_host() {
        for good in [
            "example.com",
            "example.com:8080",
            "127.0.0.1",
            "[::1]",
            "[::1]:80",
            "a_b",
            "example.com:",
        ] {
            assert_eq!(
                request("/", &[line("host", good.as_bytes())]).host(),
                Some(good)
            );
        }
        for bad in [
            "", ":80", "a b", "a/b", "a@b", "a?b", "a#b", "a\\b", "a:b", "a:123456", "[::1", "[]",
            "[::1]x", "[g]", "a,b", "\u{e9}",
        ] {
            assert_eq!(
                request("/", &[line("host", bad.as_bytes())]).host(),
                None,
                "{bad}"
            );
        }
    }

    #[test]
    fn t15_the_path_comes_from_the_target_alone() {
        let lines = [line("Host", b"example.com/admin?")];
        let request = request("/public?x=1", &lines);
        assert_eq!(request.path(), "/public");
        assert_eq!(request.host(), None);
    }

    #[test]
    fn targets_have_a_path_and_a_query() {
        let path = |target| request(target, &[]).path();
        assert_eq!(path("/socket.io/?EIO=4"), "/socket.io/");
        assert_eq!(path("http://example.com/a?b=c"), "/a");
        assert_eq!(path("HTTPS://example.com?b=/c"), "");
        assert_eq!(path("/a?url=http://b/c"), "/a");
        assert_eq!(path("*"), "*");
        assert_eq!(
            request("/?a=1?b", &[]).query().get("a").as_deref(),
            Some("1?b")
        );
        assert_eq!(request("/", &[]).query().get("a"), None);
    }

    #[test]
    fn t16_tokens_match_whole_and_singletons_are_single() {
        let lines = [
            line("connection", b"notupgrade"),
            line("Connection", b"a ,\tUPGRADE\t,b"),
        ];
        assert!(!Headers::new(&lines[..1]).has_token("Connection", "upgrade"));
        assert!(Headers::new(&lines).has_token("Connection", "upgrade"));
        assert_eq!(Headers::new(&lines).unique("Connection"), Err(Duplicate));
        let hosts = [line("Host", b"a"), line("host", b"a")];
        assert_eq!(request("/", &hosts).host(), None);
        let origins = [line("Origin", b"http://a"), line("origin", b"http://b")];
        assert_eq!(request("/", &origins).origin(), Err(Duplicate));
    }

    #[test]
    fn t03_a_list_with_many_blanks_is_one_walk() {
        let mut value = b"b".to_vec();
        value.extend(vec![b' '; 32_000]);
        value.extend(b"x, c");
        let lines = [line("Sec-WebSocket-Protocol", &value)];
        let headers = Headers::new(&lines);
        let elements: Vec<&[u8]> = headers.list("Sec-WebSocket-Protocol").collect();
        assert_eq!(elements.len(), 2);
        assert_eq!(elements[0].len(), 32_002);
        assert_eq!(elements[1], b"c");
    }
}
