//! Queries, cookies, tokens and origins: everything that reads the inside of a head.

use sansocket::http::Cookie;
use sansocket::http::Cookies;
use sansocket::http::Cors;
use sansocket::http::Header;
use sansocket::http::Headers;
use sansocket::http::Origins;
use sansocket::http::Parameter;
use sansocket::http::Query;
use sansocket::http::Request;
use sansocket::http::Response;
use sansocket::http::Version;

/// A target, and the values of headers, line by line.
pub fn target(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let target = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let names: [&[u8]; 6] = [
        b"Host",
        b"Origin",
        b"Cookie",
        b"Connection",
        b"Cookie",
        b"Access-Control-Request-Headers",
    ];
    let headers: Vec<Header<'_>> = names
        .into_iter()
        .zip(lines)
        .map(|(name, value)| Header { name, value })
        .collect();
    let request = Request {
        method: "GET",
        target: &target,
        version: Version::Http11,
        headers: Headers::new(&headers),
    };
    assert!(!request.path().contains('?'));
    query(request.query());
    query(Query::new(&target));
    for (name, value) in Cookies::of(request.headers).iter() {
        assert!(!name.contains(&b';') && !value.contains(&b';'));
        if let Ok(name) = std::str::from_utf8(name) {
            assert!(Cookies::of(request.headers).get(name).is_some());
        }
    }
    let _any_list = request.headers.has_token("Connection", "upgrade");
    if let Some(host) = request.host() {
        assert!(!host.is_empty());
    }
    for origins in [
        Origins::SameOrigin,
        Origins::Any,
        Origins::List(vec!["https://example.com".to_owned()]),
    ] {
        let cors = Cors {
            origins,
            credentials: data.len().is_multiple_of(2),
            ..Cors::default()
        };
        let _verdict = cors.decide(&request);
        let answer = cors.apply(&request, Response::new(200));
        is_sound(&answer);
        if let Some(answer) = cors.preflight(&request) {
            is_sound(&answer);
        }
    }
    let cookie = Cookie::default();
    if let Ok(line) = cookie.set(&target) {
        assert!(!line.contains(['\r', '\n']));
    }
}

fn query(query: Query<'_>) {
    for (name, value) in query.iter() {
        let found = query.get(&name).expect("what is there is found");
        if let Parameter::One(one) = query.unique(&name) {
            assert_eq!(one, value);
            assert_eq!(one, found);
        }
    }
}

/// What is written to a client holds exactly the lines that were meant.
fn is_sound(response: &Response) {
    let bytes = response.to_http1(true);
    let lines = bytes.split(|byte| *byte == b'\n').count();
    // The status line, the headers, the length, the empty line, and what is after the last `\n`.
    assert!(lines <= response.headers().len() + 4);
}
