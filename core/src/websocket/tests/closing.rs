//! The closing handshake, its timer, and the end of the transport.

use super::*;
use alloc::vec;

fn close_payload(code: u16, reason: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], reason].concat()
}

fn client_close(code: u16, reason: &[u8]) -> Vec<u8> {
    client_frame(true, Opcode::Close, &close_payload(code, reason))
}

#[test]
fn a_close_is_answered_with_its_code() {
    let (happened, sent) = run(Role::Server, Config::default(), &client_close(1001, b"bye"));
    assert_eq!(happened, [closed(1001, "bye")]);
    assert_eq!(sent, b"\x88\x02\x03\xe9");
    let (happened, sent) = run(
        Role::Server,
        Config::default(),
        &client_frame(true, Opcode::Close, b""),
    );
    assert_eq!(happened, [closed(1005, "")]);
    assert_eq!(sent, b"\x88\x00");
}

#[test]
fn a_close_inside_a_fragmented_message_is_answered() {
    let input = [
        client_frame(false, Opcode::Text, b"a"),
        client_close(1000, b""),
    ]
    .concat();
    let (happened, sent) = run(Role::Server, Config::default(), &input);
    assert_eq!(happened, [closed(1000, "")]);
    assert_eq!(sent, b"\x88\x02\x03\xe8");
}

#[test]
fn nothing_after_a_close_is_read() {
    let input = [
        client_close(1000, b""),
        client_frame(true, Opcode::Ping, b"x"),
        b"garbage".to_vec(),
    ]
    .concat();
    assert_eq!(at_server(&input), [closed(1000, "")]);
}

#[test]
fn wrong_close_frames_are_failures() {
    let payload = |payload: &[u8]| at_server(&client_frame(true, Opcode::Close, payload));
    assert_eq!(payload(b"\x03"), [failed(ProtocolError::ShortCloseCode)]);
    for code in [
        0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535,
    ] {
        assert_eq!(
            payload(&close_payload(code, b"")),
            [failed(ProtocolError::ReservedCloseCode)]
        );
    }
    assert_eq!(
        payload(&close_payload(1000, b"\xed\xa0\x80")),
        [failed(Error::InvalidUtf8)]
    );
    assert_eq!(
        payload(&close_payload(1000, &[b'x'; 123])),
        [closed(1000, &"x".repeat(123))]
    );
}

#[test]
fn our_close_waits_for_the_answer() {
    let mut connection = Connection::server(Config::default());
    connection
        .close(Instant::ZERO, CloseCode::GOING_AWAY, "restart")
        .unwrap();
    assert!(!connection.is_open());
    assert_eq!(
        connection.send(Message::Text("late")),
        Err(crate::UsageError::Closing)
    );
    assert_eq!(
        connection.close(Instant::ZERO, CloseCode::NORMAL, ""),
        Err(crate::UsageError::Closing)
    );
    assert_eq!(transmitted(&mut connection), b"\x88\x09\x03\xe9restart");
    assert!(!connection.wants_transport_close());
    // What was on its way is delivered; a ping is not answered any more (section 5.5.1).
    assert_eq!(
        feed(&mut connection, &client_frame(true, Opcode::Text, b"last")),
        [text("last")]
    );
    assert_eq!(
        feed(&mut connection, &client_frame(true, Opcode::Ping, b"")),
        [Happened::Ping(Vec::new())]
    );
    assert_eq!(
        feed(&mut connection, &client_close(1001, b"")),
        [closed(1001, "")]
    );
    assert_eq!(connection.poll_transmit(), None);
    assert!(connection.wants_transport_close());
    assert_eq!(connection.poll_timeout(), None);
}

#[test]
fn an_answer_that_does_not_come_is_not_waited_for() {
    let mut connection = Connection::server(Config::default());
    let start = Instant::from_millis(5_000);
    connection.close(start, CloseCode::NORMAL, "").unwrap();
    let deadline = connection.poll_timeout().unwrap();
    assert_eq!(deadline, start + Config::default().close_timeout);
    connection.handle_timeout(start);
    connection.handle_timeout(Instant::ZERO);
    assert_eq!(connection.poll_event(), None);
    connection.handle_timeout(deadline);
    assert_eq!(
        connection.poll_event().map(Happened::from),
        Some(failed(Error::CloseTimeout))
    );
    assert_eq!(connection.poll_event(), None);
    assert_eq!(connection.poll_timeout(), None);
    assert!(connection.wants_transport_close());
}

#[test]
fn a_lost_transport_is_reported_once() {
    let mut connection = Connection::server(Config::default());
    connection.ping(b"").unwrap();
    connection.handle_eof();
    connection.handle_eof();
    assert!(!connection.is_open());
    assert_eq!(connection.poll_transmit(), None);
    let end = failed(Error::TransportLost);
    let Happened::Closed {
        code: 1006,
        clean: false,
        ..
    } = end
    else {
        panic!("{end:?}");
    };
    assert_eq!(connection.poll_event().map(Happened::from), Some(end));
    assert_eq!(connection.poll_event(), None);
    assert_eq!(feed(&mut connection, b"anything"), []);
}

#[test]
fn a_lost_transport_is_reported_by_input_as_well() {
    let mut connection = Connection::server(Config::default());
    connection.handle_eof();
    assert_eq!(
        feed(&mut connection, b"anything"),
        [failed(Error::TransportLost)]
    );
    assert_eq!(connection.poll_event(), None);
}

#[test]
fn the_end_of_the_transport_after_a_clean_close_is_no_event() {
    let mut connection = Connection::server(Config::default());
    assert_eq!(
        feed(&mut connection, &client_close(1000, b"")),
        [closed(1000, "")]
    );
    connection.handle_eof();
    assert_eq!(connection.poll_event(), None);
}

#[test]
fn a_client_lets_the_server_close_the_transport() {
    let mut connection = connection(Role::Client, Config::default());
    assert_eq!(
        feed(&mut connection, b"\x88\x02\x03\xe8"),
        [closed(1000, "")]
    );
    assert!(!transmitted(&mut connection).is_empty());
    assert!(!connection.wants_transport_close());
    let deadline = connection.poll_timeout().unwrap();
    connection.handle_timeout(deadline);
    assert_eq!(connection.poll_event(), None);
    assert!(connection.wants_transport_close());
}

#[test]
fn a_failure_is_written_before_the_transport_is_closed() {
    let mut connection = Connection::server(Config::default());
    feed(&mut connection, b"\x83\x80");
    assert!(!connection.wants_transport_close());
    assert!(connection.poll_transmit().is_some());
    assert!(connection.wants_transport_close());
}

#[test]
fn a_failure_while_closing_sends_no_second_close() {
    let mut connection = Connection::server(Config::default());
    connection
        .close(Instant::ZERO, CloseCode::NORMAL, "")
        .unwrap();
    assert_eq!(
        feed(&mut connection, b"\x83\x80"),
        [failed(ProtocolError::ReservedOpcode)]
    );
    assert_eq!(transmitted(&mut connection), b"\x88\x02\x03\xe8");
}

#[test]
fn control_frames_that_are_too_long_are_the_callers_fault() {
    let mut connection = Connection::server(Config::default());
    assert!(connection.ping(&[0; 126]).is_err());
    assert!(connection.pong(&[0; 126]).is_err());
    assert!(
        connection
            .close(Instant::ZERO, CloseCode::ABNORMAL, "")
            .is_err()
    );
    assert!(connection.is_open());
    assert_eq!(connection.poll_transmit(), None);
    connection.ping(&[0; 125]).unwrap();
    connection.pong(b"x").unwrap();
    assert_eq!(transmitted(&mut connection).len(), 127 + 3);
}

/// A connection in every state it can be in, and whether its end was reported.
fn every_state() -> Vec<(Connection, bool)> {
    let after = |role, input: &[u8]| {
        let mut connection = connection(role, Config::default());
        let happened = feed(&mut connection, input);
        let is_end = |happened: &Happened| matches!(happened, Happened::Closed { .. });
        (connection, happened.iter().any(is_end))
    };
    let mut closing = Connection::server(Config::default());
    closing.close(Instant::ZERO, CloseCode::NORMAL, "").unwrap();
    let mut lost = Connection::server(Config::default());
    lost.handle_eof();
    vec![
        after(Role::Server, b""),
        after(Role::Server, b"\x81"),
        after(Role::Server, &client_frame(true, Opcode::Text, b"abc")[..8]),
        after(Role::Server, &client_frame(false, Opcode::Text, b"abc")),
        after(Role::Server, b"\x83\x80"),
        after(Role::Server, &client_close(1000, b"")),
        after(Role::Client, b"\x88\x00"),
        (closing, false),
        (lost, false),
    ]
}

#[test]
fn t07_a_transport_may_end_in_every_state() {
    for (state, (mut connection, reported)) in every_state().into_iter().enumerate() {
        connection.handle_eof();
        let event = connection.poll_event().map(Happened::from);
        let expected = (!reported).then(|| failed(Error::TransportLost));
        assert_eq!(event, expected, "state {state}");
        assert_eq!(connection.poll_event(), None);
        assert_eq!(connection.poll_transmit(), None);
        assert_eq!(connection.poll_timeout(), None);
        assert!(connection.wants_transport_close(), "state {state}");
        assert_eq!(
            connection.send(Message::Text("")),
            Err(crate::UsageError::Closing)
        );
    }
}
