use super::*;

#[test]
fn a_close_packet_by_post_ends_the_poll_with_a_noop() {
    let mut session = polling();
    session.handle_poll(at(1), request(1));
    assert_eq!(post(&mut session, 1, 2, "1\x1e4ignored"), [""; 0]);
    assert_eq!(
        drain(&mut session),
        ["poll 1: 6", "post 2: ok", "closed: transport close"]
    );
    session.handle_poll(at(2), request(3));
    assert!(!session.handle_post(at(2), request(4)));
    assert_eq!(
        drain(&mut session),
        [
            "refuse 3: 400 Session ID unknown",
            "refuse 4: 400 Session ID unknown"
        ]
    );
}

#[test]
fn the_next_poll_hears_of_a_clean_close() {
    let mut session = polling();
    session.close(at(1), CloseReason::ForcedClose);
    assert_eq!(drain(&mut session), [""; 0]);
    assert!(!session.is_open());
    assert_eq!(session.send(at(1), text("late")), Err(SendError::Closed));
    session.handle_poll(at(2), request(1));
    assert_eq!(drain(&mut session), ["poll 1: 6 1", "closed: forced close"]);
}

#[test]
fn what_was_sent_before_a_clean_close_arrives_before_it() {
    let mut session = polling();
    session.send(at(1), text("last words")).unwrap();
    session.close(at(1), CloseReason::ForcedClose);
    session.handle_poll(at(2), request(1));
    assert_eq!(
        drain(&mut session),
        ["poll 1: 4last words 1", "closed: forced close"]
    );
}

#[test]
fn a_poll_that_waits_hears_of_a_clean_close_at_once() {
    let mut session = polling();
    session.handle_poll(at(1), request(1));
    session.send(at(1), text("last words")).unwrap();
    session.close(at(1), CloseReason::ForcedClose);
    assert_eq!(
        drain(&mut session),
        ["poll 1: 4last words 1", "closed: forced close"]
    );

    let mut session = polling();
    session.handle_poll(at(1), request(1));
    session.close(at(1), CloseReason::ForcedClose);
    assert_eq!(drain(&mut session), ["poll 1: 1", "closed: forced close"]);
}

#[test]
fn a_close_while_a_post_is_read_does_not_blame_the_post() {
    for poll_waits in [false, true] {
        let mut session = polling();
        if poll_waits {
            session.handle_poll(at(1), request(1));
        }
        assert!(session.handle_post(at(1), request(2)));
        session.close(at(1), CloseReason::ForcedClose);
        let from = Source::Post(request(2));
        assert_eq!(receive(&mut session, 1, from, "4ignored"), None);
        session.handle_post_end(at(1), request(2));
        if !poll_waits {
            session.handle_poll(at(2), request(3));
        }
        let lines = drain(&mut session);
        assert!(lines.contains(&"post 2: ok".to_string()), "{lines:?}");
        assert_eq!(lines.len(), 3);
    }
}

#[test]
fn nobody_waits_for_ever_for_a_poll() {
    let mut session = polling();
    session.close(at(1), CloseReason::ForcedClose);
    assert_eq!(session.poll_timeout(), Some(at(201)));
    session.handle_timeout(at(200));
    assert_eq!(drain(&mut session), [""; 0]);
    session.handle_timeout(at(201));
    assert_eq!(drain(&mut session), ["closed: forced close"]);
}

#[test]
fn the_first_reason_stays() {
    let mut session = polling();
    session.close(at(1), CloseReason::ForcedClose);
    session.close(at(1), CloseReason::BufferOverflow);
    assert_eq!(post(&mut session, 2, 1, "abc"), [""; 0]);
    assert_eq!(
        drain(&mut session),
        ["refuse 1: 400 Bad request", "closed: forced close"]
    );
}

#[test]
fn a_server_that_shuts_down_does_not_wait() {
    let mut session = polling();
    session.close(at(1), CloseReason::ServerShuttingDown);
    assert_eq!(drain(&mut session), ["closed: server shutting down"]);

    let mut session = polling();
    session.handle_poll(at(1), request(1));
    session.close(at(1), CloseReason::ServerShuttingDown);
    assert_eq!(
        drain(&mut session),
        ["poll 1: 1", "closed: server shutting down"]
    );
}

#[test]
fn a_websocket_closes_after_what_was_sent_even_when_congested() {
    for is_congested in [false, true] {
        let mut session = websocket();
        session.handle_congested(at(1), conn(1), is_congested);
        session.send(at(1), text("last words")).unwrap();
        session.close(at(1), CloseReason::ForcedClose);
        assert_eq!(
            drain(&mut session),
            ["ws 1: 4last words", "close 1", "closed: forced close"]
        );
    }
}

#[test]
fn t53_every_request_is_answered_also_when_the_session_ends() {
    let mut session = polling();
    session.handle_poll(at(1), request(1));
    assert!(session.handle_post(at(1), request(2)));
    probed(&mut session, 1, 9);
    session.handle_poll(at(2), request(3));
    session.handle_timeout(at(500));
    assert_eq!(
        drain(&mut session),
        [
            "ws 9: 3probe",
            "poll 1: 6",
            "poll 3: 1",
            "refuse 2: 400 Bad request",
            "close 9",
            "closed: ping timeout"
        ]
    );
}

#[test]
fn after_the_end_there_is_nothing() {
    let mut session = websocket();
    session.close(at(1), CloseReason::ForcedClose);
    assert_eq!(drain(&mut session), ["close 1", "closed: forced close"]);
    session.close(at(2), CloseReason::ForcedClose);
    session.handle_connection_closed(at(2), conn(1), CloseReason::TransportClose);
    session.handle_timeout(at(10_000));
    assert_eq!(drain(&mut session), [""; 0]);
    assert_eq!(session.transport(), None);
    assert_eq!(session.connection(), None);
    assert_eq!(session.direct(), None);
    assert!(!session.is_open() && !session.is_writable());
    assert_eq!(session.poll_timeout(), None);
}
