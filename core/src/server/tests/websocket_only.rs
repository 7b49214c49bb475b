//! Plain WebSocket connections, framed by the core or by the host.

use super::*;
use crate::Message;

#[test]
fn the_core_frames_on_a_raw_socket() {
    let mut host = Host::new(Protocol::WebSocket);
    let conn = host.upgrade("", Wire::Bytes).unwrap();
    assert!(host.written_to(conn)[0].contains("101 Switching Protocols"));
    assert_eq!(host.events, ["opened"]);
    host.server
        .handle_input(
            host.now,
            conn,
            Input::Bytes(b"\x81\x82\0\0\0\0hi\x89\x80\0\0\0\0"),
        )
        .unwrap();
    host.drain();
    assert_eq!(host.events[1], r#"message Text("hi")"#);
    assert_eq!(host.written_to(conn)[1], r#"octets b"\x8a\0""#);
    host.server
        .send(host.now, conn, Message::Text("ho"))
        .unwrap();
    host.drain();
    assert_eq!(host.written_to(conn)[2], r#"octets b"\x81\x02ho""#);

    host.server.close(host.now, conn, 1000, "bye").unwrap();
    host.drain();
    assert_eq!(host.written_to(conn)[3], r#"octets b"\x88\x05\x03\xe8bye""#);
    assert_eq!(
        host.server.send(host.now, conn, Message::Text("late")),
        Err(UsageError::Closing)
    );
    host.server
        .handle_input(host.now, conn, Input::Bytes(b"\x88\x82\0\0\0\0\x03\xe8"))
        .unwrap();
    host.drain();
    assert_eq!(host.events[2], r#"closed 1000 "" clean=true"#);
    assert_eq!(host.closed, [conn]);
    assert_eq!(
        host.server.send(host.now, conn, Message::Text("later")),
        Err(UsageError::Unknown)
    );
}

#[test]
fn a_peer_that_never_answers_our_close_is_let_go() {
    let mut host = Host::new(Protocol::WebSocket);
    let conn = host.upgrade("", Wire::Bytes).unwrap();
    host.server.close(host.now, conn, 1000, "").unwrap();
    host.after(9_999);
    assert_eq!(host.closed, []);
    host.after(1);
    assert_eq!(host.closed, [conn]);
    assert_eq!(host.server.poll_timeout(), None);
}

#[test]
fn t08_bytes_right_behind_the_handshake_are_ordinary_input() {
    let mut host = Host::new(Protocol::WebSocket);
    let conn = host.upgrade("", Wire::Bytes).unwrap();
    host.server
        .handle_input(host.now, conn, Input::Bytes(b"test"))
        .unwrap();
    host.drain();
    assert!(host.events[1].starts_with("refused: "), "{:?}", host.events);
    assert!(host.events[2].starts_with("closed 1002"));
    assert_eq!(host.closed, [conn]);
}

#[test]
fn a_message_before_a_bad_frame_is_answered_before_the_close() {
    for (last, close) in [
        // A reserved bit; and a close frame of the peer's.
        (&b"\xf1\x80\0\0\0\0"[..], r#"octets b"\x88"#),
        (b"\x88\x82\0\0\0\0\x03\xe8", r#"octets b"\x88\x02\x03\xe8""#),
    ] {
        let mut host = Host::new(Protocol::WebSocket);
        let conn = host.upgrade("", Wire::Bytes).unwrap();
        let mut input = b"\x81\x82\0\0\0\0hi".to_vec();
        input.extend_from_slice(last);
        host.forget();
        host.server
            .handle_input(host.now, conn, Input::Bytes(&input))
            .unwrap();
        host.take_outputs();
        assert_eq!(host.events[0], r#"message Text("hi")"#);
        host.server
            .send(host.now, conn, Message::Text("hi"))
            .unwrap();
        host.drain();
        assert_eq!(host.written_to(conn)[0], r#"octets b"\x81\x02hi""#);
        assert!(host.written_to(conn)[1].starts_with(close));
        assert_eq!(host.closed, [conn]);
    }
}

#[test]
fn a_lost_connection_is_not_clean() {
    for wire in [Wire::Bytes, Wire::Messages] {
        let mut host = Host::new(Protocol::WebSocket);
        let conn = host.upgrade("", wire).unwrap();
        host.server
            .handle_input(host.now, conn, Input::Eof)
            .unwrap();
        host.drain();
        assert!(
            host.events.last().unwrap().starts_with("closed 1006"),
            "{:?}",
            host.events
        );
        assert!(host.events.last().unwrap().ends_with("clean=false"));
        assert_eq!(host.closed, [conn]);
    }
}

#[test]
fn t39_a_peer_that_never_reads_is_closed() {
    let mut host = Host::with(Config {
        protocol: Protocol::WebSocket,
        max_buffered_bytes: 10_000,
        ..Config::default()
    });
    let conn = host.upgrade("", Wire::Messages).unwrap();
    host.server
        .handle_input(host.now, conn, Input::Congested(true))
        .unwrap();
    let text = "x".repeat(1_000);
    let mut sent = 0;
    while host
        .server
        .send(host.now, conn, Message::Text(&text))
        .is_ok()
    {
        sent += 1;
        assert!(sent < 20, "the queue has no bound");
    }
    host.drain();
    assert_eq!(
        host.events.last().unwrap(),
        r#"closed 1008 "the peer reads too slowly" clean=false"#
    );
    assert_eq!(host.closed, [conn]);
}

#[test]
fn what_waits_for_a_slow_peer_goes_out_before_the_close() {
    for wire in [Wire::Bytes, Wire::Messages] {
        let mut host = Host::new(Protocol::WebSocket);
        let conn = host.upgrade("", wire).unwrap();
        host.forget();
        host.server
            .handle_input(host.now, conn, Input::Congested(true))
            .unwrap();
        host.server
            .send(host.now, conn, Message::Text("last words"))
            .unwrap();
        host.drain();
        assert_eq!(host.written_to(conn), [""; 0]);
        host.server.close(host.now, conn, 1000, "").unwrap();
        host.drain();
        let written = host.written_to(conn).concat();
        assert!(written.contains("last words"), "{written}");
        assert_eq!(
            wire == Wire::Bytes,
            written.ends_with(r#"\x88\x02\x03\xe8""#)
        );
    }
}

#[cfg(feature = "deflate")]
#[test]
fn compression_is_agreed_on_and_used() {
    use crate::websocket::DeflateConfig;

    let mut host = Host::with(Config {
        protocol: Protocol::WebSocket,
        deflate: Some(DeflateConfig::default()),
        ..Config::default()
    });
    let offer = header("Sec-WebSocket-Extensions", "permessage-deflate");
    let headers = [UPGRADE, &[offer]].concat();
    let request = request("GET", "/", &headers);
    let conn = host
        .server
        .handle_upgrade(host.now, &request, Wire::Bytes, &[])
        .unwrap();
    host.drain();
    assert!(host.written_to(conn)[0].contains("Sec-WebSocket-Extensions: permessage-deflate"));
    // RFC 7692, 7.2.3.1: "Hello".
    host.server
        .handle_input(
            host.now,
            conn,
            Input::Bytes(b"\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\0"),
        )
        .unwrap();
    host.drain();
    assert_eq!(host.events.last().unwrap(), r#"message Text("Hello")"#);
    let long = "compress me ".repeat(500);
    host.server
        .send(host.now, conn, Message::Text(&long))
        .unwrap();
    host.drain();
    let written = host.written_to(conn)[1];
    assert!(written.starts_with(r#"octets b"\xc1"#), "{written}");
    assert!(written.len() < 1_000);
    // Without an offer nothing is compressed.
    let conn = host.upgrade("", Wire::Bytes).unwrap();
    assert!(!host.written_to(conn)[0].contains("Extensions"));
}

#[test]
fn a_polling_request_is_told_to_upgrade() {
    let mut host = Host::new(Protocol::WebSocket);
    let id = host.request("GET", "EIO=4&transport=polling");
    assert!(host.reply(id).starts_with("426"));
}

#[test]
fn a_close_code_that_must_not_be_sent_is_refused() {
    let mut host = Host::new(Protocol::WebSocket);
    let conn = host.upgrade("", Wire::Bytes).unwrap();
    for code in [0, 999, 1005, 1006, 1015, 2999, 5000] {
        assert!(matches!(
            host.server.close(host.now, conn, code, ""),
            Err(UsageError::Invalid(_))
        ));
    }
    assert!(matches!(
        host.server.close(host.now, conn, 1000, &"x".repeat(124)),
        Err(UsageError::Invalid(_))
    ));
    host.server.close(host.now, conn, 4999, "fine").unwrap();
}
