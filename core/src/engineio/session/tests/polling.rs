use super::*;

#[test]
fn a_message_comes_back_by_the_next_poll() {
    let mut session = polling();
    assert_eq!(post(&mut session, 1, 1, "4hello"), ["hello"]);
    session.send(at(1), text("hello")).unwrap();
    assert_eq!(drain(&mut session), ["post 1: ok"]);
    session.handle_poll(at(2), request(2));
    assert_eq!(drain(&mut session), ["poll 2: 4hello"]);
}

#[test]
fn packets_of_one_turn_share_an_answer() {
    let mut session = polling();
    session.handle_poll(at(1), request(1));
    assert_eq!(drain(&mut session), [""; 0], "nothing to say yet");
    for message in ["a", "b", "c"] {
        session.send(at(2), text(message)).unwrap();
    }
    assert_eq!(drain(&mut session), ["poll 1: 4a 4b 4c"]);
}

#[test]
fn text_and_binary_keep_their_order() {
    let mut session = polling();
    session.send(at(1), text("hello")).unwrap();
    let binary = OutgoingPacket::message(&Message::Binary(&[1, 2, 3, 4]));
    session.send(at(1), binary).unwrap();
    session.handle_poll(at(1), request(1));
    assert_eq!(drain(&mut session), ["poll 1: 4hello bAQIDBA=="]);
}

#[test]
fn a_second_poll_closes_the_session() {
    let mut session = polling();
    session.handle_poll(at(1), request(1));
    session.handle_poll(at(6), request(2));
    assert_eq!(
        drain(&mut session),
        [
            "refuse 2: 400 Bad request",
            "poll 1: 1",
            "closed: transport error"
        ]
    );
    session.handle_poll(at(7), request(3));
    assert_eq!(drain(&mut session), ["refuse 3: 400 Session ID unknown"]);
}

#[test]
fn a_second_post_closes_the_session() {
    let mut session = polling();
    session.handle_poll(at(1), request(1));
    assert!(session.handle_post(at(1), request(2)));
    assert!(!session.handle_post(at(1), request(3)));
    assert_eq!(
        drain(&mut session),
        [
            "refuse 3: 400 Bad request",
            "poll 1: 1",
            "refuse 2: 400 Bad request",
            "closed: transport error"
        ]
    );
}

#[test]
fn posts_may_follow_one_another() {
    let mut session = polling();
    assert_eq!(post(&mut session, 1, 1, "4a\x1e4b"), ["a", "b"]);
    assert_eq!(post(&mut session, 1, 2, "4c"), ["c"]);
    assert_eq!(drain(&mut session), ["post 1: ok", "post 2: ok"]);
}

#[test]
fn a_bad_payload_ends_the_session() {
    let mut session = polling();
    session.handle_poll(at(1), request(1));
    assert_eq!(post(&mut session, 1, 2, "4good\x1eabc"), ["good"]);
    assert_eq!(
        drain(&mut session),
        [
            "poll 1: 1",
            "refuse 2: 400 Bad request",
            "closed: parse error"
        ]
    );
}

#[test]
fn an_aborted_poll_ends_the_session() {
    let mut session = polling();
    session.handle_poll(at(1), request(1));
    session.handle_abort(at(2), request(1));
    session.handle_poll(at(2), request(2));
    assert_eq!(
        drain(&mut session),
        [
            "refuse 2: 400 Session ID unknown",
            "closed: transport close"
        ]
    );
}

#[test]
fn an_answer_that_nobody_waits_for_any_more_ends_the_session() {
    let mut session = polling();
    session.handle_poll(at(1), request(1));
    session.send(at(1), text("lost")).unwrap();
    // The answer was decided, but the host has not taken it yet.
    session.handle_poll(at(1), request(2));
    session.handle_abort(at(1), request(1));
    assert_eq!(
        drain(&mut session),
        ["refuse 2: 400 Bad request", "closed: transport error"]
    );
}

#[test]
fn an_aborted_post_ends_the_session() {
    let mut session = polling();
    session.handle_poll(at(1), request(1));
    assert!(session.handle_post(at(1), request(2)));
    session.handle_abort(at(2), request(2));
    assert_eq!(
        drain(&mut session),
        ["poll 1: 1", "closed: transport close"]
    );
}

#[test]
fn a_post_that_is_too_large_ends_the_session() {
    let mut session = polling();
    assert!(session.handle_post(at(1), request(1)));
    session.handle_oversized_post(at(1), request(1));
    assert_eq!(
        drain(&mut session),
        ["refuse 1: 413 Payload too large", "closed: transport error"]
    );
}

#[test]
fn t52_only_the_post_that_was_admitted_may_deliver() {
    let mut session = polling();
    assert!(session.handle_post(at(1), request(1)));
    let stray = Source::Post(request(2));
    assert_eq!(receive(&mut session, 1, stray, "4hello"), None);
    assert_eq!(
        receive(&mut session, 1, Source::Connection(conn(1)), "4hello"),
        None
    );
    session.handle_bad_input(at(1), stray);
    session.handle_post_end(at(1), request(2));
    session.handle_oversized_post(at(1), request(2));
    session.handle_abort(at(1), request(2));
    assert_eq!(drain(&mut session), [""; 0]);
    session.handle_post_end(at(1), request(1));
    assert_eq!(drain(&mut session), ["post 1: ok"]);
}

#[test]
fn packets_without_a_meaning_here_are_ignored() {
    let mut session = polling();
    assert_eq!(
        post(&mut session, 1, 1, "0{}\x1e5\x1e6\x1e4hello"),
        ["hello"]
    );
    assert_eq!(drain(&mut session), ["post 1: ok"]);
}

#[test]
fn a_client_of_version_4_does_not_ping() {
    let mut session = polling();
    assert_eq!(post(&mut session, 1, 1, "2\x1e4hello"), [""; 0]);
    assert_eq!(
        drain(&mut session),
        ["refuse 1: 400 Bad request", "closed: transport error"]
    );
}

#[test]
fn t39_what_waits_is_bounded_and_an_overflow_is_not_silent() {
    let config = Config {
        max_buffered_bytes: 1_000,
        ..config()
    };
    let mut session = Session::open_polling(at(0), "sid", request(0), &config);
    drain(&mut session);
    let packet = text(&"x".repeat(435));
    session.send(at(1), packet.clone()).unwrap();
    session.send(at(1), packet.clone()).unwrap();
    assert_eq!(session.buffered_bytes(), 1_000);
    assert_eq!(
        session.send(at(1), packet.clone()),
        Err(SendError::Overflow)
    );
    assert_eq!(session.buffered_bytes(), 0);
    assert_eq!(session.send(at(1), packet), Err(SendError::Closed));
    assert_eq!(drain(&mut session), ["closed: buffer overflow"]);
}

#[test]
fn t30_empty_packets_count() {
    let mut session = polling();
    let empty = OutgoingPacket::message(&Message::Binary(&[]));
    let sent = (0..)
        .take_while(|_| session.send(at(1), empty.clone()).is_ok())
        .count();
    assert_eq!(sent, (1 << 20) / 64);
}

#[test]
fn one_packet_may_be_larger_than_the_buffer() {
    let mut session = polling();
    let large = text(&"x".repeat(2 << 20));
    session.send(at(1), large).unwrap();
    assert_eq!(session.send(at(1), text("")), Err(SendError::Overflow));
}

#[test]
fn a_session_is_writable_while_a_poll_waits_for_something() {
    let mut session = polling();
    assert!(!session.is_writable());
    session.handle_poll(at(1), request(1));
    assert!(session.is_writable());
    session.send(at(1), text("a")).unwrap();
    assert!(
        !session.is_writable(),
        "a second volatile packet does not ride along"
    );
    drain(&mut session);
    assert!(!session.is_writable());
}

#[test]
fn polling_has_no_connection() {
    let session = polling();
    assert_eq!(session.transport(), Some(Transport::Polling));
    assert_eq!(session.connection(), None);
    assert_eq!(session.direct(), None);
}
