use super::*;

const WS: Source = Source::Connection(ConnId::from_u64(1));

#[test]
fn a_message_goes_out_at_once() {
    let mut session = websocket();
    assert_eq!(
        receive(&mut session, 1, WS, "4hello").as_deref(),
        Some("hello")
    );
    session.send(at(1), text("hello")).unwrap();
    assert_eq!(drain(&mut session), ["ws 1: 4hello"]);
}

#[test]
fn bytes_go_out_as_bytes() {
    let mut session = websocket();
    let bytes = Message::Binary(&[1, 2, 3, 4]);
    let packet = Packet::decode(bytes).unwrap();
    assert_eq!(session.handle_packet(at(1), WS, packet), Some(bytes));
    let packet = OutgoingPacket::message(&bytes);
    session.send(at(1), packet.clone()).unwrap();
    let conn = conn(1);
    assert_eq!(
        session.poll_output(),
        Some(Output::Transmit { conn, packet })
    );
}

#[test]
fn bad_input_closes() {
    let mut session = websocket();
    session.handle_bad_input(at(1), WS);
    assert_eq!(drain(&mut session), ["close 1", "closed: parse error"]);
}

#[test]
fn the_client_closes_with_a_packet() {
    let mut session = websocket();
    assert_eq!(receive(&mut session, 1, WS, "1"), None);
    assert_eq!(drain(&mut session), ["close 1", "closed: transport close"]);
}

#[test]
fn the_client_closes_by_going_away() {
    for reason in [CloseReason::TransportClose, CloseReason::TransportError] {
        let mut session = websocket();
        session.send(at(1), text("never arrives")).unwrap();
        session.handle_connection_closed(at(1), conn(1), reason);
        assert_eq!(drain(&mut session), [format!("closed: {reason}")]);
    }
}

#[test]
fn only_its_own_connection_speaks_for_a_session() {
    let mut session = websocket();
    let stranger = Source::Connection(conn(2));
    assert_eq!(receive(&mut session, 1, stranger, "4hello"), None);
    assert_eq!(receive(&mut session, 1, stranger, "1"), None);
    session.handle_bad_input(at(1), stranger);
    session.handle_congested(at(1), conn(2), true);
    session.handle_connection_closed(at(1), conn(2), CloseReason::TransportError);
    assert_eq!(drain(&mut session), [""; 0]);
    assert_eq!(session.direct(), Some(conn(1)));
}

#[test]
fn requests_to_a_websocket_session_are_refused() {
    let mut session = websocket();
    session.handle_poll(at(1), request(1));
    assert!(!session.handle_post(at(1), request(2)));
    assert_eq!(
        drain(&mut session),
        ["refuse 1: 400 Bad request", "refuse 2: 400 Bad request"]
    );
    assert!(session.is_open());
}

#[test]
fn t56_a_second_websocket_is_not_taken() {
    let mut session = websocket();
    assert!(!session.handle_upgrade(at(1), conn(2)));
    assert_eq!(drain(&mut session), [""; 0]);
}

#[test]
fn packets_wait_in_order_while_the_connection_is_congested() {
    let mut session = websocket();
    session.send(at(1), text("a")).unwrap();
    assert_eq!(session.direct(), None, "something has to go first");
    assert_eq!(drain(&mut session), ["ws 1: 4a"]);
    assert_eq!(session.direct(), Some(conn(1)));
    session.handle_congested(at(1), conn(1), true);
    assert_eq!((session.direct(), session.is_writable()), (None, false));
    session.send(at(1), text("b")).unwrap();
    session.send(at(1), text("c")).unwrap();
    assert_eq!(drain(&mut session), [""; 0]);
    session.handle_congested(at(1), conn(1), false);
    assert_eq!(session.direct(), None, "b and c have to go first");
    session.send(at(1), text("d")).unwrap();
    assert_eq!(drain(&mut session), ["ws 1: 4b", "ws 1: 4c", "ws 1: 4d"]);
    assert_eq!(
        (session.direct(), session.is_writable()),
        (Some(conn(1)), true)
    );
}

#[test]
fn t39_a_peer_that_never_reads_is_closed_at_the_limit() {
    let mut session = websocket();
    session.handle_congested(at(1), conn(1), true);
    let kilobyte = text(&"x".repeat(1_024));
    let mut taken = 0;
    while session.send(at(1), kilobyte.clone()).is_ok() {
        taken += 1;
        assert!(session.buffered_bytes() <= 1 << 20);
    }
    assert_eq!(taken, (1 << 20) / (1_025 + 64));
    assert_eq!(drain(&mut session), ["close 1", "closed: buffer overflow"]);
}
