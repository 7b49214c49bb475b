//! Who may call from a browser: the origin check of every request and upgrade, and the CORS headers
//! of the answers (the Fetch standard, section 3.3).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use bytes::Bytes;
use core::time::Duration;

use crate::http::Request;
use crate::http::Response;
use crate::http::head::is_authority;
use crate::http::respond::is_field_value;

/// The origins whose pages may talk to the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origins {
    /// Only the server's own: the `Origin` names the same host and port as the `Host`.
    #[default]
    SameOrigin,
    /// Every origin.
    Any,
    /// These and the server's own, compared whole: `https://example.com:8443`. `null`, the origin
    /// of sandboxed pages and files, only when it is listed.
    List(Vec<String>),
}

/// What browsers are told about the calls of other origins.
///
/// ```
/// use sansocket::http::{Cors, Header, Headers, OriginVerdict, Origins, Request, Version};
///
/// let cors = Cors { origins: Origins::List(vec!["https://app.example".into()]), ..Cors::default() };
/// let lines = [
///     Header { name: b"Host", value: b"api.example" },
///     Header { name: b"Origin", value: b"https://app.example.evil" },
/// ];
/// let request = Request { method: "GET", target: "/", version: Version::Http11, headers: Headers::new(&lines) };
/// assert_eq!(cors.decide(&request), OriginVerdict::Refused);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// Who may call.
    pub origins: Origins,
    /// Calls may carry cookies.
    pub credentials: bool,
    /// The methods that a preflight allows.
    pub methods: Vec<String>,
    /// The request headers that a preflight allows; `None` allows the ones it asks for.
    pub allowed_headers: Option<Vec<String>>,
    /// The response headers that a page may read.
    pub exposed_headers: Vec<String>,
    /// How long a browser may remember a preflight.
    pub max_age: Option<Duration>,
}

/// Whether a request may be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginVerdict<'a> {
    /// It may; the answer names this origin, if any, in `Access-Control-Allow-Origin`.
    Allowed(Option<&'a str>),
    /// A page of another origin sent it: answer 403.
    Refused,
}

impl Default for Cors {
    fn default() -> Self {
        Self {
            origins: Origins::SameOrigin,
            credentials: false,
            methods: vec!["GET".to_string(), "POST".to_string()],
            allowed_headers: None,
            exposed_headers: Vec::new(),
            max_age: None,
        }
    }
}

impl Cors {
    /// Judges the origin of a request. One policy for polling, preflights and upgrades.
    ///
    /// A request without `Origin` comes from no browser page of another origin and is allowed: who
    /// can leave the header out can also forge it.
    #[must_use]
    pub fn decide<'a>(&self, request: &Request<'a>) -> OriginVerdict<'a> {
        let origin = match request.origin() {
            Ok(None) => return OriginVerdict::Allowed(None),
            Ok(Some(origin)) => origin,
            Err(_) => return OriginVerdict::Refused,
        };
        let Some(origin) = printable(origin) else {
            return OriginVerdict::Refused;
        };
        let allowed = match &self.origins {
            Origins::Any if self.credentials => Some(origin),
            // A browser refuses the asterisk for a call with credentials, and takes it for others.
            Origins::Any => Some("*"),
            Origins::List(list)
                if list
                    .iter()
                    .any(|listed| listed.eq_ignore_ascii_case(origin)) =>
            {
                Some(origin)
            }
            // Not a call across origins, so it needs no permission in the answer.
            Origins::List(_) | Origins::SameOrigin if is_same_origin(origin, request.host()) => {
                None
            }
            Origins::List(_) | Origins::SameOrigin => return OriginVerdict::Refused,
        };
        OriginVerdict::Allowed(allowed)
    }

    /// Adds to an answer what the browser wants to see in it. A line that cannot be written, because
    /// the configuration has control characters in it, is left out.
    #[must_use]
    pub fn apply(&self, request: &Request<'_>, response: Response) -> Response {
        let response = match self.origins {
            Origins::Any if !self.credentials => response,
            // The answer depends on the origin, and a cache must know.
            Origins::Any | Origins::SameOrigin | Origins::List(_) => {
                add(response, "Vary", "Origin")
            }
        };
        let OriginVerdict::Allowed(Some(origin)) = self.decide(request) else {
            return response;
        };
        let mut response = add(response, "Access-Control-Allow-Origin", origin);
        if self.credentials {
            response = add(response, "Access-Control-Allow-Credentials", "true");
        }
        if !self.exposed_headers.is_empty() {
            response = add(
                response,
                "Access-Control-Expose-Headers",
                self.exposed_headers.join(","),
            );
        }
        response
    }

    /// The answer to a preflight, `None` for any other request.
    #[must_use]
    pub fn preflight(&self, request: &Request<'_>) -> Option<Response> {
        if request.method != "OPTIONS" {
            return None;
        }
        if self.decide(request) == OriginVerdict::Refused {
            return Some(Response::new(403).text("the origin is not allowed"));
        }
        let mut response = self.apply(request, Response::new(204));
        response = add(
            response,
            "Access-Control-Allow-Methods",
            self.methods.join(","),
        );
        let headers = match &self.allowed_headers {
            Some(headers) => Some(Cow::Owned(headers.join(",").into_bytes())),
            None => request
                .headers
                .get("Access-Control-Request-Headers")
                .map(Cow::Borrowed),
        };
        if let Some(headers) = headers.filter(|headers| !headers.is_empty()) {
            response = add(response, "Access-Control-Allow-Headers", &headers);
        }
        if let Some(max_age) = self.max_age {
            response = add(
                response,
                "Access-Control-Max-Age",
                max_age.as_secs().to_string(),
            );
        }
        Some(response)
    }
}

fn add(response: Response, name: &'static str, value: impl AsRef<[u8]>) -> Response {
    let value = value.as_ref();
    if !is_field_value(value) {
        return response;
    }
    response.with(name, Bytes::copy_from_slice(value))
}

fn printable(origin: &[u8]) -> Option<&str> {
    origin
        .iter()
        .all(u8::is_ascii_graphic)
        .then(|| core::str::from_utf8(origin).ok())?
}

/// Compares the authorities whole. The scheme of the request is not known here (a proxy may have
/// taken TLS off), so a missing port is the default one of the origin's scheme.
fn is_same_origin(origin: &str, host: Option<&str>) -> bool {
    let Some(host) = host else {
        return false;
    };
    let default_port = match origin.split_once("://") {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => "443",
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => "80",
        _ => return false,
    };
    let Some((_, authority)) = origin.split_once("://") else {
        return false;
    };
    if !is_authority(authority.as_bytes()) {
        return false;
    }
    let (name, port) = split_port(authority, default_port);
    let (host_name, host_port) = split_port(host, default_port);
    name.eq_ignore_ascii_case(host_name) && port == host_port
}

fn split_port<'a>(authority: &'a str, default_port: &'a str) -> (&'a str, &'a str) {
    match authority.rsplit_once(':') {
        // The colons of an IPv6 address stand before its bracket.
        Some((_, port)) if port.ends_with(']') => (authority, default_port),
        Some((name, "")) => (name, default_port),
        Some((name, port)) => (name, port),
        None => (authority, default_port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Header;
    use crate::http::Headers;
    use crate::http::Version;

    fn decide(origins: Origins, host: &str, origin: &[u8]) -> bool {
        let cors = Cors {
            origins,
            ..Cors::default()
        };
        let lines = [line("Host", host.as_bytes()), line("Origin", origin)];
        cors.decide(&request("GET", &lines)) != OriginVerdict::Refused
    }

    fn line<'a>(name: &'a str, value: &'a [u8]) -> Header<'a> {
        Header {
            name: name.as_bytes(),
            value,
        }
    }

    fn request<'a>(method: &'a str, lines: &'a [Header<'a>]) -> Request<'a> {
        Request {
            method,
            target: "/",
            version: Version::Http11,
            headers: Headers::new(lines),
        }
    }

    fn headers(response: &Response) -> Vec<(&str, &[u8])> {
        response
            .headers()
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect()
    }

    #[test]
    fn t57_only_the_same_authority_is_the_same_origin() {
        let same = |host, origin: &str| decide(Origins::SameOrigin, host, origin.as_bytes());
        assert!(same("example.com", "https://example.com"));
        assert!(same("example.com", "http://example.com"));
        assert!(same("example.com:443", "https://EXAMPLE.com"));
        assert!(same("example.com", "https://example.com:443"));
        assert!(same("example.com:8080", "http://example.com:8080"));
        assert!(same("[::1]:80", "http://[::1]"));
        for origin in [
            "https://evil-example.com",
            "https://example.com.evil",
            "https://example.com:8443",
            "https://sub.example.com",
            "https://example.com@evil",
            "https://evil/example.com",
            "https://example.com/",
            "ftp://example.com",
            "example.com",
            "null",
            "",
            "https://",
        ] {
            assert!(!same("example.com", origin), "{origin}");
        }
        assert!(!decide(Origins::SameOrigin, "example.com", b"https://\xff"));
        assert!(!decide(Origins::SameOrigin, "", b"http://"));
    }

    #[test]
    fn t58_a_list_is_compared_whole() {
        let listed = |origin: &str| {
            let list = vec!["https://app.example".into()];
            decide(Origins::List(list), "api.example", origin.as_bytes())
        };
        assert!(listed("https://app.example"));
        assert!(listed("https://api.example"));
        for origin in [
            "https://app.example.evil",
            "https://evil-app.example",
            "http://app.example",
            "https://app.example:1",
            "null",
        ] {
            assert!(!listed(origin), "{origin}");
        }
        assert!(decide(Origins::List(vec!["null".into()]), "a", b"null"));
        assert!(decide(Origins::Any, "a", b"null"));
        assert!(!decide(Origins::Any, "a", b"a\r\nb"));
    }

    #[test]
    fn t57_two_origins_are_refused_and_none_is_allowed() {
        let cors = Cors::default();
        let twice = [
            line("Host", b"a"),
            line("Origin", b"http://a"),
            line("Origin", b"http://a"),
        ];
        assert_eq!(cors.decide(&request("GET", &twice)), OriginVerdict::Refused);
        assert_eq!(
            cors.decide(&request("GET", &twice[..1])),
            OriginVerdict::Allowed(None)
        );
    }

    #[test]
    fn the_answer_names_the_origin_when_it_must() {
        let lines = [line("Host", b"api"), line("Origin", b"https://app")];
        let request = request("GET", &lines);
        let answer = |origins, credentials| {
            let cors = Cors {
                origins,
                credentials,
                ..Cors::default()
            };
            cors.apply(&request, Response::new(200))
        };
        assert_eq!(
            headers(&answer(Origins::Any, false)),
            [("Access-Control-Allow-Origin", &b"*"[..])]
        );
        assert_eq!(
            headers(&answer(Origins::Any, true)),
            [
                ("Vary", &b"Origin"[..]),
                ("Access-Control-Allow-Origin", b"https://app"),
                ("Access-Control-Allow-Credentials", b"true"),
            ]
        );
        assert_eq!(
            headers(&answer(Origins::SameOrigin, true)),
            [("Vary", &b"Origin"[..])]
        );
    }

    #[test]
    fn t14_a_value_from_http_2_is_not_echoed_with_a_line_end() {
        let cors = Cors {
            origins: Origins::Any,
            credentials: true,
            ..Cors::default()
        };
        let lines = [
            line("Origin", b"https://app"),
            line("Access-Control-Request-Headers", b"x-a\r\nSet-Cookie: b"),
        ];
        let response = cors.preflight(&request("OPTIONS", &lines)).unwrap();
        let has_line_end = |(_, value): &(&str, &[u8])| value.contains(&b'\n');
        assert!(!headers(&response).iter().any(has_line_end));
        let origin = [line("Origin", b"https://app\r\nSet-Cookie: b")];
        assert_eq!(
            cors.decide(&request("GET", &origin)),
            OriginVerdict::Refused
        );
    }

    #[test]
    fn a_preflight_is_answered() {
        let cors = Cors {
            origins: Origins::Any,
            max_age: Some(Duration::from_secs(600)),
            ..Cors::default()
        };
        let lines = [
            line("Host", b"api"),
            line("Origin", b"https://app"),
            line("Access-Control-Request-Headers", b"x-a"),
        ];
        assert_eq!(cors.preflight(&request("GET", &lines)), None);
        let response = cors.preflight(&request("OPTIONS", &lines)).unwrap();
        assert_eq!(response.status(), 204);
        assert_eq!(
            headers(&response),
            [
                ("Access-Control-Allow-Origin", &b"*"[..]),
                ("Access-Control-Allow-Methods", b"GET,POST"),
                ("Access-Control-Allow-Headers", b"x-a"),
                ("Access-Control-Max-Age", b"600"),
            ]
        );
        let refused = Cors::default()
            .preflight(&request("OPTIONS", &lines))
            .unwrap();
        assert_eq!(refused.status(), 403);
    }
}
