//! Handshakes: what one role asks for and the other answers, and what a stranger makes of both.

use sansocket::http::HeadParser;
use sansocket::http::Header;
use sansocket::http::Headers;
use sansocket::http::Request;
use sansocket::http::Version;
use sansocket::websocket::DeflateConfig;
use sansocket::websocket::handshake;

use crate::Seeded;

/// A method, a target, a protocol to offer, and values of headers, line by line.
pub fn target(data: &[u8]) {
    let lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    stranger(&lines);
    let text = |index: usize| {
        lines
            .get(index)
            .and_then(|line| std::str::from_utf8(line).ok())
    };
    let (Some(host), Some(target), Some(protocol)) = (text(0), text(1), text(2)) else {
        return;
    };
    let offered: &[&str] = if protocol.is_empty() {
        &[]
    } else {
        &[protocol]
    };
    let config = DeflateConfig::default();
    let client = handshake::Opening::new(&mut Seeded::new(1)).unwrap();
    let client = client.with_deflate(config);
    // What would break the head is refused when it is made, not sent.
    let Ok(bytes) = client.request(host, target, offered, &[]) else {
        return;
    };
    let mut input: &[u8] = &bytes;
    let mut parser = HeadParser::default();
    // The host may be one that no server accepts; but it never makes the head go on or end early.
    let Ok(request) = parser.read_request(&mut input) else {
        return;
    };
    let request = request.expect("our own request is a whole head");
    assert!(input.is_empty(), "our own request ends where it should");
    let Ok(accepted) = handshake::accept(&request, offered) else {
        return;
    };
    let accepted = accepted.negotiate_deflate(&request, &config);
    let answer = accepted.response().to_http1(true);
    let mut input: &[u8] = &answer;
    let mut parser = HeadParser::default();
    let response = parser.read_response(&mut input).unwrap().unwrap();
    let agreed = client
        .check(&response, offered)
        .expect("the two roles agree");
    assert_eq!(agreed.protocol(), offered.first().copied());
    assert!(agreed.deflate().is_some());
    assert_eq!(agreed.deflate(), accepted.deflate());
}

fn stranger(lines: &[&[u8]]) {
    let names: [&[u8]; 8] = [
        b"Host",
        b"Upgrade",
        b"Connection",
        b"Sec-WebSocket-Key",
        b"Sec-WebSocket-Version",
        b"Sec-WebSocket-Protocol",
        b"Sec-WebSocket-Extensions",
        b"Sec-WebSocket-Key",
    ];
    let headers: Vec<Header<'_>> = names
        .into_iter()
        .zip(lines.iter().skip(2))
        .map(|(name, value)| Header { name, value })
        .collect();
    let method = String::from_utf8_lossy(lines.first().copied().unwrap_or_default());
    let target = String::from_utf8_lossy(lines.get(1).copied().unwrap_or_default());
    let request = Request {
        method: &method,
        target: &target,
        version: Version::Http11,
        headers: Headers::new(&headers),
    };
    match handshake::accept(&request, &["chat", "superchat"]) {
        Ok(accepted) => {
            assert_eq!(method, "GET");
            assert_eq!(accepted.response().status(), 101);
            let accepted = accepted.negotiate_deflate(&request, &DeflateConfig::default());
            let response = accepted.response();
            let named = response
                .headers()
                .iter()
                .filter(|(name, _)| name == "Sec-WebSocket-Extensions");
            assert_eq!(named.count(), usize::from(accepted.deflate().is_some()));
        }
        Err(refusal) => assert!((400..500).contains(&refusal.status())),
    }
}
