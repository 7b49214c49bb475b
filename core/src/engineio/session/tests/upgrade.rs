use super::*;

const WS: Source = Source::Connection(ConnId::from_u64(1));

#[test]
fn a_session_upgrades() {
    let mut session = polling();
    assert!(session.handle_upgrade(at(1), conn(1)));
    assert_eq!(receive(&mut session, 2, WS, "2probe"), None);
    assert_eq!(drain(&mut session), ["ws 1: 3probe"]);
    session.handle_poll(at(3), request(1));
    assert_eq!(drain(&mut session), [""; 0]);
    assert_eq!(session.poll_timeout(), Some(at(103)));
    session.handle_timeout(at(103));
    assert_eq!(drain(&mut session), ["poll 1: 6"]);
    assert_eq!(receive(&mut session, 104, WS, "5"), None);
    assert_eq!(
        receive(&mut session, 104, WS, "4hello").as_deref(),
        Some("hello")
    );
    session.send(at(104), text("hello")).unwrap();
    assert_eq!(drain(&mut session), ["upgraded 1", "ws 1: 4hello"]);
    assert_eq!(session.transport(), Some(Transport::WebSocket));
    assert_eq!(session.connection(), Some(conn(1)));
    assert_eq!(session.direct(), Some(conn(1)));
}

#[test]
fn a_poll_that_waits_is_ended_by_the_probe() {
    let mut session = polling();
    session.handle_poll(at(1), request(1));
    probed(&mut session, 2, 1);
    assert_eq!(drain(&mut session), ["ws 1: 3probe", "poll 1: 6"]);
    assert_eq!(session.poll_timeout(), Some(at(300)), "no noop is due");
}

#[test]
fn a_poll_that_waits_with_packets_gets_those_instead_of_a_noop() {
    let mut session = polling();
    session.handle_poll(at(1), request(1));
    session.send(at(1), text("a")).unwrap();
    probed(&mut session, 2, 1);
    assert_eq!(drain(&mut session), ["ws 1: 3probe", "poll 1: 4a"]);
}

#[test]
fn t56_a_poll_beside_the_upgrade_packet_is_refused_in_either_order() {
    let mut session = polling();
    probed(&mut session, 1, 1);
    assert_eq!(receive(&mut session, 2, WS, "5"), None);
    session.handle_poll(at(2), request(1));
    assert_eq!(
        drain(&mut session),
        ["ws 1: 3probe", "upgraded 1", "refuse 1: 400 Bad request"]
    );

    let mut session = polling();
    probed(&mut session, 1, 1);
    session.handle_poll(at(2), request(1));
    assert_eq!(drain(&mut session), ["ws 1: 3probe"]);
    assert_eq!(receive(&mut session, 2, WS, "5"), None);
    assert_eq!(
        drain(&mut session),
        ["refuse 1: 400 Bad request", "upgraded 1"]
    );
}

#[test]
fn t56_requests_and_websockets_after_the_upgrade_are_refused() {
    let mut session = polling();
    probed(&mut session, 1, 1);
    receive(&mut session, 1, WS, "5");
    drain(&mut session);
    session.handle_poll(at(2), request(1));
    assert!(!session.handle_post(at(2), request(2)));
    assert!(!session.handle_upgrade(at(2), conn(2)));
    assert_eq!(
        drain(&mut session),
        ["refuse 1: 400 Bad request", "refuse 2: 400 Bad request"]
    );
    assert_eq!(
        receive(&mut session, 3, WS, "4hello").as_deref(),
        Some("hello")
    );
}

#[test]
fn a_post_that_is_still_read_at_the_upgrade_is_refused() {
    let mut session = polling();
    probed(&mut session, 1, 1);
    assert!(session.handle_post(at(1), request(1)));
    receive(&mut session, 1, WS, "5");
    assert_eq!(
        receive(&mut session, 1, Source::Post(request(1)), "4late"),
        None
    );
    session.handle_post_end(at(1), request(1));
    assert_eq!(
        drain(&mut session),
        ["ws 1: 3probe", "refuse 1: 400 Bad request", "upgraded 1"]
    );
}

#[test]
fn packets_that_wait_follow_in_order() {
    let mut session = polling();
    probed(&mut session, 1, 1);
    session.send(at(1), text("a")).unwrap();
    session.send(at(1), text("b")).unwrap();
    assert_eq!(drain(&mut session), ["ws 1: 3probe"]);
    receive(&mut session, 1, WS, "5");
    session.send(at(1), text("c")).unwrap();
    assert_eq!(
        drain(&mut session),
        ["upgraded 1", "ws 1: 4a", "ws 1: 4b", "ws 1: 4c"]
    );
}

#[test]
fn a_poll_during_the_upgrade_still_gets_packets() {
    let mut session = polling();
    probed(&mut session, 1, 1);
    session.send(at(1), text("a")).unwrap();
    session.handle_poll(at(2), request(1));
    assert_eq!(drain(&mut session), ["ws 1: 3probe", "poll 1: 4a"]);
    session.handle_poll(at(3), request(2));
    session.send(at(4), text("b")).unwrap();
    assert_eq!(drain(&mut session), ["poll 2: 4b"]);
}

#[test]
fn a_ping_of_the_polling_days_may_be_answered_on_the_websocket() {
    let mut session = polling();
    session.handle_timeout(at(300));
    probed(&mut session, 310, 1);
    receive(&mut session, 310, WS, "5");
    assert_eq!(
        drain(&mut session),
        ["ws 1: 3probe", "upgraded 1", "ws 1: 2"]
    );
    receive(&mut session, 400, WS, "3");
    assert_eq!(session.poll_timeout(), Some(at(600)));
}

#[test]
fn t55_a_wrong_packet_ends_the_attempt_and_only_that() {
    let wrong = ["0", "1", "2", "2Probe", "3probe", "3", "4hello", "5", "6"];
    for packet in wrong {
        let mut session = polling();
        assert!(session.handle_upgrade(at(1), conn(1)));
        assert_eq!(receive(&mut session, 1, WS, packet), None, "{packet}");
        assert_eq!(drain(&mut session), ["close 1"], "{packet}");
        assert!(session.is_open());
        assert!(session.handle_upgrade(at(2), conn(2)), "another may try");
    }
    for packet in ["0", "1", "2", "2probe", "3probe", "4hello", "6"] {
        let mut session = polling();
        probed(&mut session, 1, 1);
        assert_eq!(receive(&mut session, 1, WS, packet), None, "{packet}");
        assert_eq!(drain(&mut session), ["ws 1: 3probe", "close 1"], "{packet}");
        assert!(session.is_open());
    }
}

#[test]
fn t55_garbage_ends_the_attempt_and_only_that() {
    let mut session = polling();
    assert!(session.handle_upgrade(at(1), conn(1)));
    session.handle_bad_input(at(1), WS);
    assert_eq!(drain(&mut session), ["close 1"]);
    assert_eq!(post(&mut session, 2, 1, "4still here"), ["still here"]);
}

#[test]
fn a_second_candidate_is_not_taken() {
    let mut session = polling();
    probed(&mut session, 1, 1);
    assert!(!session.handle_upgrade(at(1), conn(2)));
    receive(&mut session, 1, WS, "5");
    assert_eq!(drain(&mut session), ["ws 1: 3probe", "upgraded 1"]);
}

#[test]
fn upgrades_can_be_turned_off() {
    let config = Config {
        allow_upgrades: false,
        ..config()
    };
    let mut session = Session::open_polling(at(0), "sid", request(0), &config);
    assert!(!session.handle_upgrade(at(1), conn(1)));
}

#[test]
fn an_upgrade_that_takes_too_long_is_given_up() {
    let config = Config {
        upgrade_timeout: Duration::from_millis(50),
        ..config()
    };
    let mut session = Session::open_polling(at(0), "sid", request(0), &config);
    drain(&mut session);
    probed(&mut session, 1, 1);
    session.handle_poll(at(2), request(1));
    assert_eq!(session.poll_timeout(), Some(at(51)));
    session.handle_timeout(at(51));
    assert_eq!(drain(&mut session), ["ws 1: 3probe", "close 1"]);
    session.send(at(52), text("still here")).unwrap();
    assert_eq!(drain(&mut session), ["poll 1: 4still here"]);
    assert_eq!(receive(&mut session, 53, WS, "5"), None);
    assert_eq!(session.transport(), Some(Transport::Polling));
}

#[test]
fn the_death_of_a_candidate_leaves_the_session_polling() {
    let mut session = polling();
    probed(&mut session, 1, 1);
    session.send(at(1), text("a")).unwrap();
    session.handle_connection_closed(at(2), conn(1), CloseReason::TransportError);
    session.handle_poll(at(3), request(1));
    assert_eq!(
        drain(&mut session),
        ["poll 1: 4a"],
        "and nothing is said to a dead connection"
    );
}

#[test]
fn a_candidate_goes_with_its_session() {
    let mut session = polling();
    probed(&mut session, 1, 1);
    session.handle_poll(at(2), request(1));
    session.close(at(2), CloseReason::ForcedClose);
    assert_eq!(
        drain(&mut session),
        [
            "ws 1: 3probe",
            "poll 1: 1",
            "close 1",
            "closed: forced close"
        ]
    );
}

#[test]
fn a_session_closed_in_the_middle_of_its_upgrade_closes_after_it() {
    let mut session = polling();
    probed(&mut session, 1, 1);
    session.send(at(1), text("last words")).unwrap();
    session.close(at(1), CloseReason::ForcedClose);
    assert_eq!(drain(&mut session), ["ws 1: 3probe"]);
    receive(&mut session, 2, WS, "5");
    assert_eq!(
        drain(&mut session),
        [
            "upgraded 1",
            "ws 1: 4last words",
            "close 1",
            "closed: forced close"
        ]
    );
}

#[test]
fn a_candidate_may_be_congested_before_it_counts() {
    let mut session = polling();
    probed(&mut session, 1, 1);
    session.handle_congested(at(1), conn(1), true);
    session.send(at(1), text("a")).unwrap();
    receive(&mut session, 1, WS, "5");
    assert_eq!(drain(&mut session), ["ws 1: 3probe", "upgraded 1"]);
    session.handle_congested(at(1), conn(1), false);
    assert_eq!(drain(&mut session), ["ws 1: 4a"]);
}
