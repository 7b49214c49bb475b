use super::*;

const WS: Source = Source::Connection(ConnId::from_u64(1));

#[test]
fn a_polling_client_gets_its_pings_by_poll() {
    let mut session = polling();
    for round in 1..=3 {
        let due = round * 300;
        session.handle_poll(at(due - 290), request(round));
        assert_eq!(drain(&mut session), [""; 0]);
        assert_eq!(session.poll_timeout(), Some(at(due)));
        session.handle_timeout(at(due));
        assert_eq!(drain(&mut session), [format!("poll {round}: 2")]);
        assert_eq!(post(&mut session, due + 5, 100 + round, "3"), [""; 0]);
        assert_eq!(drain(&mut session), [format!("post {}: ok", 100 + round)]);
    }
}

#[test]
fn a_websocket_client_gets_its_pings_at_once() {
    let mut session = websocket();
    for round in 1..=3 {
        session.handle_timeout(at(round * 300));
        assert_eq!(drain(&mut session), ["ws 1: 2"]);
        assert_eq!(receive(&mut session, round * 300 + 199, WS, "3"), None);
    }
}

#[test]
fn a_polling_session_is_gone_500_ms_after_the_handshake() {
    // Whenever the host happens to look, and whether the client ever polls.
    for looks in [&[300][..], &[], &[299, 310, 499]] {
        let mut session = polling();
        for &now in looks {
            session.handle_timeout(at(now));
        }
        assert_eq!(drain(&mut session), [""; 0]);
        session.handle_poll(at(500), request(1));
        assert_eq!(
            drain(&mut session),
            ["refuse 1: 400 Session ID unknown", "closed: ping timeout"]
        );
    }
}

#[test]
fn a_websocket_session_is_gone_500_ms_after_the_handshake() {
    let mut session = websocket();
    session.handle_timeout(at(390));
    assert_eq!(drain(&mut session), ["ws 1: 2"]);
    assert_eq!(session.poll_timeout(), Some(at(500)), "not 590");
    session.handle_timeout(at(499));
    assert_eq!(drain(&mut session), [""; 0]);
    session.handle_timeout(at(500));
    assert_eq!(drain(&mut session), ["close 1", "closed: ping timeout"]);
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn every_call_applies_the_timeouts_that_have_passed() {
    let calls: [fn(&mut Session); 6] = [
        |session| session.handle_poll(at(500), request(1)),
        |session| assert_eq!(session.handle_packet(at(500), WS, Packet::Pong("")), None),
        |session| session.handle_congested(at(500), conn(1), true),
        |session| session.close(at(500), CloseReason::ForcedClose),
        |session| assert_eq!(session.send(at(500), text("a")), Err(SendError::Closed)),
        |session| assert!(!session.handle_upgrade(at(500), conn(2))),
    ];
    for call in calls {
        let mut session = websocket();
        call(&mut session);
        let lines = drain(&mut session);
        assert_eq!(lines.last().unwrap(), "closed: ping timeout");
    }
}

#[test]
fn a_poll_that_waits_hears_of_the_end() {
    let mut session = polling();
    session.handle_timeout(at(300));
    session.handle_poll(at(301), request(1));
    assert_eq!(drain(&mut session), ["poll 1: 2"]);
    session.handle_poll(at(302), request(2));
    session.handle_timeout(at(500));
    assert_eq!(drain(&mut session), ["poll 2: 1", "closed: ping timeout"]);
}

#[test]
fn t50_a_flood_of_pongs_changes_nothing() {
    let mut session = websocket();
    for _ in 0..10_000 {
        assert_eq!(receive(&mut session, 299, WS, "3"), None);
    }
    assert_eq!(drain(&mut session), [""; 0]);
    assert_eq!(session.poll_timeout(), Some(at(300)));
    session.handle_timeout(at(300));
    assert_eq!(drain(&mut session), ["ws 1: 2"]);
}

#[test]
fn a_congested_connection_owes_its_pong_all_the_same() {
    let mut session = websocket();
    session.handle_congested(at(1), conn(1), true);
    session.handle_timeout(at(300));
    assert_eq!(drain(&mut session), [""; 0]);
    session.handle_timeout(at(500));
    assert_eq!(drain(&mut session), ["close 1", "closed: ping timeout"]);
}

#[test]
fn time_that_runs_backwards_stands_still() {
    let mut session = websocket();
    session.handle_timeout(at(300));
    session.handle_timeout(at(0));
    assert_eq!(drain(&mut session), ["ws 1: 2"]);
    assert_eq!(receive(&mut session, 5, WS, "3"), None);
    assert_eq!(session.poll_timeout(), Some(at(600)));
}

#[test]
fn an_hour_of_heartbeats_stays_on_the_grid() {
    let mut session = websocket();
    let mut pings = 0;
    while let Some(due) = session.poll_timeout().filter(|due| *due <= at(3_600_000)) {
        assert_eq!(due, at(300 * (pings + 1)));
        // The host is late by a little, and by a different little each time.
        let late = due + Duration::from_millis(pings * 7 % 150);
        session.handle_timeout(late);
        assert_eq!(drain(&mut session), ["ws 1: 2"]);
        assert_eq!(session.handle_packet(late, WS, Packet::Pong("")), None);
        pings += 1;
    }
    assert_eq!(pings, 12_000);
}
