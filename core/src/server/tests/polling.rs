//! Long polling and the upgrade, seen from HTTP.

use super::*;

#[test]
fn a_session_polls_and_posts() {
    let mut host = Host::new(Protocol::EngineIo);
    let open = host.request("GET", "EIO=4&transport=polling");
    let sid = host.sessions[0].1.clone();
    assert_eq!(
        host.reply(open),
        format!(
            r#"200 0{{"sid":"{sid}","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}}"#
        )
    );
    let post = host.post(&sid, "4hello\u{1e}bAQID");
    assert_eq!(host.reply(post), "200 ok");
    assert_eq!(
        host.events[1..],
        [
            r#"session message Text("hello")"#,
            "session message Binary([1, 2, 3])"
        ]
    );
    let poll = host.poll(&sid);
    assert!(!host.is_answered(poll));
    let session = host.sessions[0].0;
    host.server
        .send_session(host.now, session, crate::Message::Text("back"))
        .unwrap();
    host.drain();
    assert_eq!(host.reply(poll), "200 4back");
}

#[test]
fn the_body_of_a_poll_means_nothing() {
    let mut host = Host::new(Protocol::EngineIo);
    let sid = host.open_polling();
    let poll = host.poll(&sid);
    for (chunk, end) in [(&b"4hello"[..], false), (b"", true), (b"4again", true)] {
        let passed = host.server.handle_body(host.now, poll, chunk, end);
        assert_eq!(passed, Ok(()));
        host.drain();
    }
    assert!(!host.is_answered(poll));
    assert_eq!(host.events.len(), 1);
}

#[test]
fn every_bad_request_is_told_what_is_wrong() {
    let mut host = Host::new(Protocol::SocketIo);
    let cases = [
        (
            "GET",
            "transport=polling",
            r#"400 {"code":5,"message":"Unsupported protocol version"}"#,
        ),
        (
            "GET",
            "EIO=abc&transport=polling",
            r#"400 {"code":5,"message":"Unsupported protocol version"}"#,
        ),
        (
            "GET",
            "EIO=4",
            r#"400 {"code":0,"message":"Transport unknown"}"#,
        ),
        (
            "GET",
            "EIO=4&transport=__proto__",
            r#"400 {"code":0,"message":"Transport unknown"}"#,
        ),
        (
            "GET",
            "EIO=4&transport=polling&transport=polling",
            r#"400 {"code":0,"message":"Transport unknown"}"#,
        ),
        (
            "POST",
            "EIO=4&transport=polling",
            r#"400 {"code":2,"message":"Bad handshake method"}"#,
        ),
        (
            "PUT",
            "EIO=4&transport=polling",
            r#"400 {"code":2,"message":"Bad handshake method"}"#,
        ),
        (
            "GET",
            "EIO=4&transport=polling&sid=unknown",
            r#"400 {"code":1,"message":"Session ID unknown"}"#,
        ),
        (
            "GET",
            "EIO=4&transport=websocket",
            r#"400 {"code":3,"message":"Bad request"}"#,
        ),
    ];
    for (method, query, expected) in cases {
        let id = host.request(method, query);
        assert_eq!(host.reply(id), expected, "{method} {query}");
    }
    assert_eq!(host.server.session_count(), 0);
    assert!(
        host.events
            .iter()
            .all(|event| event.starts_with("refused: "))
    );
}

#[test]
fn an_upgrade_refused_by_engine_io_answers_400() {
    let mut host = Host::new(Protocol::SocketIo);
    for query in [
        "transport=websocket",
        "EIO=abc&transport=websocket",
        "EIO=4",
        "EIO=4&transport=abc",
        "EIO=4&transport=polling",
        "EIO=4&transport=websocket&sid=unknown",
    ] {
        let response = host.upgrade(query, Wire::Bytes).unwrap_err();
        assert_eq!(response.status(), 400, "{query}");
    }
    assert_eq!(host.server.state.conns.len(), 0);
}

#[test]
fn a_session_upgrades_without_losing_a_packet() {
    let mut host = Host::new(Protocol::SocketIo);
    let sid = host.open_polling();
    host.post(&sid, "40");
    let socket = host.sockets[0];
    host.server.accept(host.now, socket).unwrap();
    host.drain();
    let accepted = host.poll(&sid);
    assert!(host.reply(accepted).starts_with("200 40{"));
    let poll = host.poll(&sid);
    let conn = host
        .upgrade(
            &format!("EIO=4&transport=websocket&sid={sid}"),
            Wire::Messages,
        )
        .unwrap();
    host.text(conn, "2probe");
    assert_eq!(host.written_to(conn), ["3probe"]);
    assert_eq!(host.reply(poll), "200 6");
    host.emit(EVERYBODY, r#"["between"]"#);
    assert_eq!(host.written_to(conn), ["3probe"]);
    host.text(conn, "5");
    host.emit(EVERYBODY, r#"["after"]"#);
    assert_eq!(
        host.written_to(conn),
        ["3probe", r#"42["between"]"#, r#"42["after"]"#]
    );
    assert!(host.events.contains(&"session upgraded".to_string()));
    let late = host.poll(&sid);
    assert!(host.reply(late).starts_with("400"));
    // A second WebSocket with the same session is closed at once.
    let second = host
        .upgrade(
            &format!("EIO=4&transport=websocket&sid={sid}"),
            Wire::Messages,
        )
        .unwrap();
    assert_eq!(host.closed, [second]);
}

#[test]
fn an_aborted_poll_ends_the_session() {
    let mut host = Host::new(Protocol::SocketIo);
    let sid = host.open_polling();
    let poll = host.poll(&sid);
    host.server.handle_abort(host.now, poll).unwrap();
    host.drain();
    let next = host.poll(&sid);
    assert_eq!(
        host.reply(next),
        r#"400 {"code":1,"message":"Session ID unknown"}"#
    );
    assert_eq!(
        host.server.handle_abort(host.now, poll),
        Err(UsageError::Unknown)
    );
}

#[test]
fn a_clean_close_is_seen_by_the_next_poll() {
    let mut host = Host::new(Protocol::SocketIo);
    let sid = host.open_polling();
    let post = host.post(&sid, "4abc");
    assert_eq!(host.reply(post), "200 ok");
    let poll = host.poll(&sid);
    assert_eq!(host.reply(poll), "200 6\u{1e}1");
    let gone = host.poll(&sid);
    assert!(host.reply(gone).starts_with("400"));
}

#[test]
fn a_close_by_post_releases_the_poll() {
    let mut host = Host::new(Protocol::SocketIo);
    let sid = host.open_polling();
    let poll = host.poll(&sid);
    let post = host.post(&sid, "1");
    assert_eq!(host.reply(poll), "200 6");
    assert_eq!(host.reply(post), "200 ok");
    let gone = host.poll(&sid);
    assert!(host.reply(gone).starts_with("400"));
}

#[test]
fn a_payload_is_answered_up_to_its_bad_packet() {
    let mut host = Host::new(Protocol::EngineIo);
    let sid = host.open_polling();
    let post = host.post(&sid, "4one\u{1e}4two\u{1e}x\u{1e}4three");
    assert_eq!(
        host.events[1..3],
        [
            r#"session message Text("one")"#,
            r#"session message Text("two")"#
        ]
    );
    assert!(host.reply(post).starts_with("400"));
    assert_eq!(host.events.last().unwrap(), "session closed: parse error");
    assert_eq!(host.server.state.requests.len(), 0);
}

#[test]
fn t52_a_post_is_admitted_before_its_body_is_read() {
    let mut host = Host::new(Protocol::SocketIo);
    let id = host.request("POST", "EIO=4&transport=polling&sid=unknown");
    assert!(host.reply(id).starts_with("400"));
    // The body of a request that was refused is nobody's.
    assert_eq!(
        host.server.handle_body(host.now, id, &[b'4'; 1000], false),
        Err(UsageError::Unknown)
    );
}

#[test]
fn a_body_over_the_limit_is_413_and_ends_the_session() {
    let mut host = Host::new(Protocol::SocketIo);
    let sid = host.open_polling();
    let id = host.request("POST", &format!("EIO=4&transport=polling&sid={sid}"));
    let chunk = vec![b'4'; 600_000];
    host.server
        .handle_body(host.now, id, &chunk, false)
        .unwrap();
    host.server
        .handle_body(host.now, id, &chunk, false)
        .unwrap();
    host.drain();
    assert!(host.reply(id).starts_with("413"));
    assert_eq!(host.server.session_count(), 0);
    assert_eq!(host.server.state.requests.len(), 0);
}

#[test]
fn a_body_that_announces_too_much_is_refused_before_it_comes() {
    let mut host = Host::new(Protocol::SocketIo);
    for length in ["1000001", "99999999999999999999999999"] {
        let sid = host.open_polling();
        let target = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
        let headers = [http::Header {
            name: b"Content-Length",
            value: length.as_bytes(),
        }];
        let request = request("POST", &target, &headers);
        let id = host.server.handle_request(host.now, &request);
        host.drain();
        assert!(host.reply(id).starts_with("413"), "{}", host.reply(id));
        assert_eq!(host.server.session_count(), 0);
    }
}

#[test]
fn t53_a_binary_body_is_answered_and_leaves_no_open_exchange() {
    let mut host = Host::new(Protocol::SocketIo);
    let sid = host.open_polling();
    let target = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
    let headers = [header("Content-Type", "application/octet-stream")];
    let request = request("POST", &target, &headers);
    let id = host.server.handle_request(host.now, &request);
    host.drain();
    assert!(host.reply(id).starts_with("400"), "{}", host.reply(id));
    assert_eq!(host.server.session_count(), 0);
    assert_eq!(host.server.state.requests.len(), 0);
}

#[test]
fn t57_another_origin_is_refused_on_both_ways_in() {
    let mut host = Host::new(Protocol::SocketIo);
    for (origin, status) in [
        ("https://example.com", 200),
        ("https://evil.example", 403),
        ("https://evil-example.com", 403),
        ("https://example.com.evil", 403),
        ("null", 403),
    ] {
        let headers = [
            header("Host", "example.com"),
            http::Header {
                name: b"Origin",
                value: origin.as_bytes(),
            },
        ];
        let request = request("GET", "/socket.io/?EIO=4&transport=polling", &headers);
        let id = host.server.handle_request(host.now, &request);
        host.drain();
        assert!(
            host.reply(id).starts_with(&status.to_string()),
            "{origin}: {}",
            host.reply(id)
        );
        let mut headers = UPGRADE.to_vec();
        headers.push(http::Header {
            name: b"Origin",
            value: origin.as_bytes(),
        });
        let request = super::request("GET", "/socket.io/?EIO=4&transport=websocket", &headers);
        let upgraded = host
            .server
            .handle_upgrade(host.now, &request, Wire::Bytes, &[]);
        assert_eq!(upgraded.is_ok(), status == 200, "{origin}");
        host.drain();
    }
}
