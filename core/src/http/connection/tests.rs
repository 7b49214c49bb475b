use super::*;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec::Vec;

/// What happens when every complete request gets `response`, in words; neighbouring pieces of a
/// body are one.
fn run_in_pieces(bytes: &[u8], piece: usize, response: &Response) -> Vec<String> {
    let mut connection = Connection::default();
    let mut happened: Vec<String> = Vec::new();
    let mut waiting: Vec<u8> = Vec::new();
    for piece in bytes.chunks(piece.max(1)) {
        waiting.extend_from_slice(piece);
        let mut input = waiting.as_slice();
        loop {
            let mut answer = None;
            match connection.handle_input(&mut input) {
                None => break,
                Some(Event::Request(request)) => {
                    happened.push(format!("{} {}", request.method, request.target));
                }
                Some(Event::Upgrade(request)) => {
                    happened.push(format!("upgrade {}", request.target));
                    answer = Some(response.clone());
                }
                Some(Event::Body(content)) => {
                    let text = String::from_utf8(content.to_vec()).unwrap();
                    match happened.last_mut() {
                        Some(last) if last.starts_with('=') => last.push_str(&text),
                        _ => happened.push(format!("={text}")),
                    }
                }
                Some(Event::BodyEnd) => {
                    happened.push("end".to_string());
                    answer = Some(response.clone());
                }
                Some(Event::Refuse(refusal)) => answer = Some(refusal),
            }
            if let Some(answer) = answer {
                let bytes = connection.respond(&answer).unwrap();
                let close = if connection.wants_transport_close() {
                    " close"
                } else {
                    ""
                };
                let status = core::str::from_utf8(&bytes[9..12]).unwrap();
                happened.push(format!("{status}{close}"));
            }
        }
        waiting = input.to_vec();
    }
    if !waiting.is_empty() {
        happened.push(format!("left {}", waiting.escape_ascii()));
    }
    happened
}

/// The same events whatever the pieces.
fn run(bytes: &[u8]) -> Vec<String> {
    run_with(bytes, &Response::new(200).text("ok"))
}

fn run_with(bytes: &[u8], response: &Response) -> Vec<String> {
    let whole = run_in_pieces(bytes, bytes.len(), response);
    for piece in 1..bytes.len() {
        assert_eq!(
            run_in_pieces(bytes, piece, response),
            whole,
            "in pieces of {piece}"
        );
    }
    whole
}

fn post(lines: &str, body: &str) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\nHost: x\r\n{lines}\r\n{body}").into_bytes()
}

#[test]
fn requests_are_served_one_after_another() {
    assert_eq!(
        run(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /3 HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n"),
        ["GET /1", "end", "200", "POST /2", "=abc", "end", "200", "GET /3", "end", "200 close"]
    );
    assert_eq!(
        run(b"GET / HTTP/1.0\r\n\r\n"),
        ["GET /", "end", "200 close"]
    );
}

#[test]
fn the_next_request_waits_for_the_response() {
    let mut connection = Connection::default();
    let mut input: &[u8] = b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n";
    assert!(matches!(
        connection.handle_input(&mut input),
        Some(Event::Request(_))
    ));
    assert!(matches!(
        connection.handle_input(&mut input),
        Some(Event::BodyEnd)
    ));
    let left = input.len();
    assert!(connection.handle_input(&mut input).is_none());
    assert_eq!(input.len(), left);
    assert!(connection.wants_response());
    connection.respond(&Response::new(200)).unwrap();
    assert!(connection.respond(&Response::new(200)).is_err());
    let Some(Event::Request(request)) = connection.handle_input(&mut input) else {
        panic!("the second request is read after the first response");
    };
    assert_eq!(request.path(), "/2");
}

#[test]
fn chunks_are_put_together() {
    let chunked = "Transfer-Encoding: Chunked\r\n";
    assert_eq!(
        run(&post(
            chunked,
            "3\r\nabc\r\n0A;name=\"v\"\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
        )),
        ["POST /", "=abc0123456789", "end", "200"]
    );
    assert_eq!(run(&post(chunked, "0\r\n\r\n")), ["POST /", "end", "200"]);
}

#[test]
fn broken_chunks_are_refused() {
    for body in [
        "\r\n",
        "g\r\n",
        ";\r\n",
        "-1\r\n",
        "+1\r\n",
        " 1\r\n",
        "1 \r\n",
        "0x1\r\n",
        "1\na",
        "1\r\nab",
        "1\r\na\n",
        "1\r\na\r\r",
        "1;\0\r\n",
        "1;\na\r\n",
        "FFFFFFFFFFFFFFFF\r\n",
        "0\r\n\n",
        "0\r\na\n",
    ] {
        let events = run(&post("Transfer-Encoding: chunked\r\n", body));
        assert_eq!(
            events.last().map(String::as_str),
            Some("400 close"),
            "{}",
            body.escape_debug()
        );
    }
    let long_extension = format!("1;{}", "x".repeat(300));
    assert_eq!(
        run(&post("Transfer-Encoding: chunked\r\n", &long_extension)),
        ["POST /", "400 close"]
    );
    let mut connection = Connection::default();
    let endless_trailer = post(
        "Transfer-Encoding: chunked\r\n",
        &format!("0\r\n{}", "a: b\r\n".repeat(2_000)),
    );
    let mut input = endless_trailer.as_slice();
    assert!(matches!(
        connection.handle_input(&mut input),
        Some(Event::Request(_))
    ));
    assert!(matches!(
        connection.handle_input(&mut input),
        Some(Event::Refuse(_))
    ));
}

#[test]
fn t16_a_length_that_two_readers_could_read_differently_is_refused() {
    for (lines, status) in [
        ("Content-Length: 1\r\nContent-Length: 1\r\n", "400 close"),
        ("Content-Length: 1, 1\r\n", "400 close"),
        ("Content-Length: +1\r\n", "400 close"),
        ("Content-Length: -1\r\n", "400 close"),
        ("Content-Length: 0x1\r\n", "400 close"),
        ("Content-Length:\r\n", "400 close"),
        ("Content-Length: \u{663}\r\n", "400 close"),
        ("Content-Length: 18446744073709551616\r\n", "400 close"),
        (
            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            "400 close",
        ),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "400 close",
        ),
        ("Transfer-Encoding: gzip, chunked\r\n", "501 close"),
        ("Transfer-Encoding: xchunked\r\n", "501 close"),
    ] {
        assert_eq!(run(&post(lines, "")), [status], "{}", lines.escape_debug());
    }
    assert_eq!(
        run(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ["400 close"]
    );
}

#[test]
fn a_body_is_only_sent_with_leave() {
    let mut connection = Connection::default();
    let head = post("Content-Length: 2\r\nExpect: 100-continue\r\n", "");
    let mut input = head.as_slice();
    assert!(matches!(
        connection.handle_input(&mut input),
        Some(Event::Request(_))
    ));
    assert_eq!(
        connection.permit_body().unwrap(),
        &b"HTTP/1.1 100 Continue\r\n\r\n"[..]
    );
    assert_eq!(connection.permit_body(), None);
    let mut input: &[u8] = b"ab";
    assert!(matches!(
        connection.handle_input(&mut input),
        Some(Event::Body(b"ab"))
    ));
}

#[test]
fn t52_a_body_can_be_refused_before_it_is_read() {
    let mut connection = Connection::default();
    let head = post("Content-Length: 1000000000\r\n", "");
    let mut input = head.as_slice();
    assert!(matches!(
        connection.handle_input(&mut input),
        Some(Event::Request(_))
    ));
    let bytes = connection.respond(&Response::new(400)).unwrap();
    assert!(bytes.ends_with(b"Connection: close\r\n\r\n"));
    assert!(connection.wants_transport_close());
    let mut input: &[u8] = &[0; 1_000];
    assert!(connection.handle_input(&mut input).is_none());
    assert!(input.is_empty());
}

#[test]
fn head_gets_the_length_without_the_body() {
    let mut connection = Connection::default();
    let mut input: &[u8] = b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n";
    while connection.handle_input(&mut input).is_some() {}
    let bytes = connection
        .respond(&Response::new(200).text("four"))
        .unwrap();
    assert!(bytes.ends_with(b"Content-Length: 4\r\n\r\n"));
}

const UPGRADE: &str =
    "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n";

#[test]
fn t08_what_follows_an_upgrade_is_left_alone() {
    let bytes = format!("{UPGRADE}\r\ntest");
    assert_eq!(
        run_with(bytes.as_bytes(), &Response::new(101)),
        ["upgrade /ws", "101", "left test"]
    );
    assert_eq!(
        run_with(bytes.as_bytes(), &Response::new(400)),
        ["upgrade /ws", "400 close"]
    );
}

#[test]
fn t06_an_upgrade_to_something_else_is_an_ordinary_request() {
    let bytes = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
    assert_eq!(run(bytes), ["GET /", "end", "200"]);
    let with_body = format!("{UPGRADE}Content-Length: 2\r\n\r\nab");
    assert_eq!(run(with_body.as_bytes()), ["GET /ws", "=ab", "end", "200"]);
}

#[test]
fn an_interim_response_answers_nothing() {
    let mut connection = Connection::default();
    let mut input: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    while connection.handle_input(&mut input).is_some() {}
    assert!(connection.respond(&Response::new(101)).is_err());
    assert!(connection.respond(&Response::new(200)).is_ok());
}
