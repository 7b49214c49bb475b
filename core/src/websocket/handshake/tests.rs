use super::*;
use crate::http::HeadParser;
use crate::http::Header;
use crate::http::Headers;

/// The example of section 1.3.
const GOOD: [(&str, &[u8]); 5] = [
    ("Host", b"server.example.com"),
    ("Upgrade", b"websocket"),
    ("Connection", b"Upgrade"),
    ("Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Version", b"13"),
];

fn lines<'a>(replaced: &'a [(&'a str, &'a [u8])]) -> Vec<Header<'a>> {
    let is_replaced = |name: &str| replaced.iter().any(|(other, _)| *other == name);
    GOOD.iter()
        .filter(|(name, _)| !is_replaced(name))
        .chain(replaced.iter().filter(|(_, value)| !value.is_empty()))
        .map(|(name, value)| Header {
            name: name.as_bytes(),
            value,
        })
        .collect()
}

fn with_lines<'p>(
    replaced: &[(&str, &[u8])],
    protocols: &[&'p str],
) -> Result<Accepted<'p>, Response> {
    let lines = lines(replaced);
    let request = Request {
        method: "GET",
        target: "/chat",
        version: Version::Http11,
        headers: Headers::new(&lines),
    };
    accept(&request, protocols)
}

fn status(replaced: &[(&str, &[u8])]) -> u16 {
    with_lines(replaced, &[]).unwrap_err().status()
}

fn value<'a>(response: &'a Response, name: &str) -> Option<&'a [u8]> {
    let mut lines = response.headers().iter();
    lines
        .find(|(other, _)| other == name)
        .map(|(_, value)| &**value)
}

#[test]
fn the_example_of_the_rfc_is_accepted() {
    let response = with_lines(&[], &[]).unwrap().response();
    assert_eq!(
        response.to_http1(true),
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    );
}

#[test]
fn t02_every_missing_header_is_a_refusal() {
    for (name, expected) in [
        ("Host", 400),
        ("Upgrade", 426),
        ("Connection", 400),
        ("Sec-WebSocket-Key", 400),
        ("Sec-WebSocket-Version", 426),
    ] {
        assert_eq!(status(&[(name, b"")]), expected, "{name}");
    }
}

#[test]
fn t16_tokens_are_exact() {
    assert_eq!(status(&[("Connection", b"notupgrade")]), 400);
    assert_eq!(status(&[("Connection", b"upgrade2, xupgrade")]), 400);
    assert_eq!(status(&[("Upgrade", b"websockets")]), 426);
    assert_eq!(status(&[("Upgrade", b"h2c")]), 426);
    assert!(
        with_lines(
            &[
                ("Connection", b"keep-alive ,UPGRADE"),
                ("Upgrade", b"WebSocket")
            ],
            &[]
        )
        .is_ok()
    );
}

#[test]
fn the_version_is_thirteen() {
    for version in [&b"8"[..], b"013", b"13, 8", b"1\xd9\xa3", b"13a"] {
        let refusal = with_lines(&[("Sec-WebSocket-Version", version)], &[]).unwrap_err();
        assert_eq!(refusal.status(), 426);
        assert_eq!(value(&refusal, "Sec-WebSocket-Version"), Some(&b"13"[..]));
    }
}

#[test]
fn the_key_is_sixteen_bytes() {
    for key in [
        &b"dGhlIHNhbXBsZSBub25jZQ"[..],
        b"dGhlIHNhbXBsZSBub25jZQ=",
        b"dGhlIHNhbXBsZSBub25jZQ===",
        b"dGhlIHNhbXBsZSBub25jZWFh",
        b"dGhlIHNhbXBsZSBub25jZ!==",
        b"\x80\xff",
    ] {
        assert_eq!(
            status(&[("Sec-WebSocket-Key", key)]),
            400,
            "{}",
            key.escape_ascii()
        );
    }
    let twice = [("Sec-WebSocket-Key", &b"dGhlIHNhbXBsZSBub25jZQ=="[..]); 2];
    assert_eq!(status(&twice), 400);
}

#[test]
fn only_get_over_http_1_1_opens_a_websocket() {
    let lines = lines(&[]);
    let status = |method, version| {
        let request = Request {
            method,
            target: "/",
            version,
            headers: Headers::new(&lines),
        };
        accept(&request, &[]).map_err(|refusal| refusal.status())
    };
    assert_eq!(status("POST", Version::Http11), Err(405));
    assert_eq!(status("get", Version::Http11), Err(405));
    assert_eq!(status("GET", Version::Http10), Err(400));
    assert_eq!(status("GET", Version::Http2), Err(400));
    assert!(status("GET", Version::Http11).is_ok());
}

#[test]
fn the_first_offered_subprotocol_that_is_spoken_is_chosen() {
    let offer: [(&str, &[u8]); 2] = [
        ("Sec-WebSocket-Protocol", b"mqtt, chat"),
        ("sec-websocket-protocol", b"superchat"),
    ];
    let chosen = |protocols| with_lines(&offer, protocols).unwrap().protocol();
    assert_eq!(chosen(&["superchat", "chat"]), Some("chat"));
    assert_eq!(chosen(&["superchat"]), Some("superchat"));
    assert_eq!(chosen(&["Chat"]), None);
    assert_eq!(chosen(&[]), None);
    let accepted = with_lines(&offer, &["chat"]).unwrap();
    assert_eq!(
        value(&accepted.response(), "Sec-WebSocket-Protocol"),
        Some(&b"chat"[..])
    );
}

#[test]
fn t10_an_offer_that_is_no_text_is_not_chosen() {
    let accepted = with_lines(&[("Sec-WebSocket-Protocol", b"\x80\xff")], &["chat"]).unwrap();
    assert_eq!(accepted.protocol(), None);
}

#[test]
fn t04_t05_no_extension_is_chosen_whatever_is_offered() {
    let unclosed = [&b"a; b=\""[..], &br"\c".repeat(10_000)].concat();
    for offer in [
        &b"constructor"[..],
        b"x; hasOwnProperty",
        b"permessage-deflate",
        &unclosed,
    ] {
        let accepted = with_lines(&[("Sec-WebSocket-Extensions", offer)], &[]).unwrap();
        assert_eq!(
            value(&accepted.response(), "Sec-WebSocket-Extensions"),
            None
        );
    }
}

struct Counter(u8);

impl Entropy for Counter {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        self.0 += 1;
        bytes.fill(self.0);
        Ok(())
    }
}

#[test]
fn both_roles_agree() {
    let opening = Opening::new(&mut Counter(0)).unwrap();
    let bytes = opening
        .request("a:80", "/x?y=1", &["chat", "b"], &[("Cookie", "c=1")])
        .unwrap();
    let mut parser = HeadParser::default();
    let mut input = &bytes[..];
    let request = parser.read_request(&mut input).unwrap().unwrap();
    assert_eq!(request.headers.get("cookie"), Some(&b"c=1"[..]));
    let response = accept(&request, &["b"]).unwrap().response().to_http1(true);
    let mut input = &response[..];
    let mut parser = HeadParser::default();
    let head = parser.read_response(&mut input).unwrap().unwrap();
    let opened = opening.check(&head, &["chat", "b"]).unwrap();
    assert_eq!(opened.protocol(), Some("b"));
    assert_eq!(
        opening.check(&head, &["chat"]),
        Err(HandshakeError::Protocol)
    );
    let other = Opening::new(&mut Counter(1)).unwrap();
    assert_eq!(
        other.check(&head, &["b"]),
        Err(HandshakeError::Header("Sec-WebSocket-Accept"))
    );
}

#[test]
fn a_wrong_answer_opens_nothing() {
    let opening = Opening::new(&mut Counter(0)).unwrap();
    let accept = accept_of(opening.key.as_bytes());
    let check = |status, name: &str, value: &str| {
        let good = [
            ("Upgrade", "websocket"),
            ("Connection", "upgrade"),
            ("Sec-WebSocket-Accept", &accept),
        ];
        let mut lines: Vec<Header<'_>> = Vec::new();
        for (other, good) in good
            .into_iter()
            .filter(|(other, _)| *other != name)
            .chain([(name, value)])
        {
            lines.push(Header {
                name: other.as_bytes(),
                value: good.as_bytes(),
            });
        }
        let headers = Headers::new(&lines);
        opening.check(&ResponseHead { status, headers }, &[])
    };
    assert_eq!(check(101, "X", "y").unwrap().protocol(), None);
    assert_eq!(
        check(302, "Location", "ws://evil"),
        Err(HandshakeError::Status(302))
    );
    assert_eq!(
        check(101, "Upgrade", "h2c"),
        Err(HandshakeError::Header("Upgrade"))
    );
    assert_eq!(
        check(101, "Connection", "close"),
        Err(HandshakeError::Header("Connection"))
    );
    assert_eq!(
        check(101, "Sec-WebSocket-Accept", ""),
        Err(HandshakeError::Header("Sec-WebSocket-Accept"))
    );
    assert_eq!(
        check(101, "Sec-WebSocket-Extensions", "permessage-deflate"),
        Err(HandshakeError::Extension)
    );
    assert_eq!(
        check(101, "Sec-WebSocket-Protocol", "chat"),
        Err(HandshakeError::Protocol)
    );
}

#[test]
fn t13_nothing_can_be_smuggled_into_a_request() {
    let opening = Opening::new(&mut Counter(0)).unwrap();
    assert!(opening.request("a\r\nX: y", "/", &[], &[]).is_err());
    assert!(opening.request("", "/", &[], &[]).is_err());
    assert!(
        opening
            .request("a", "/ HTTP/1.1\r\nX: y", &[], &[])
            .is_err()
    );
    assert!(opening.request("a", "x", &[], &[]).is_err());
    assert!(opening.request("a", "/", &["a, b"], &[]).is_err());
    assert!(
        opening
            .request("a", "/", &[], &[("X", "a\r\nY: b")])
            .is_err()
    );
    assert!(opening.request("a", "/", &[], &[("X Y", "a")]).is_err());
}
