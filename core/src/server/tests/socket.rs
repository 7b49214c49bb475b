//! Sockets from CONNECT to DISCONNECT: events, acknowledgements, and what breaks the rules.

use super::*;

#[test]
fn a_socket_connects_talks_and_leaves() {
    let mut host = Host::new(Protocol::SocketIo);
    let conn = host.open_websocket();
    assert!(host.written_to(conn)[0].starts_with("0{\"sid\":\""));
    host.text(conn, r#"40{"token":"x"}"#);
    assert_eq!(
        host.events,
        ["session opened", r#"connect / {"token":"x"}"#]
    );
    let socket = host.sockets[0];
    host.server.accept(host.now, socket).unwrap();
    host.drain();
    let id = host.server.socket_id(socket).unwrap().to_string();
    assert_eq!(id.len(), 20);
    assert_eq!(host.written_to(conn)[1], format!(r#"40{{"sid":"{id}"}}"#));

    host.text(conn, r#"42["hi",{"n":1}]"#);
    assert_eq!(host.events[2], r#"event ["hi",{"n":1}] [] None"#);
    host.emit(Target::Socket(socket), r#"["there"]"#);
    assert_eq!(host.written_to(conn)[2], r#"42["there"]"#);

    host.text(conn, "41");
    assert_eq!(
        host.events[3],
        format!(r#"disconnect: client namespace disconnect ["{id}"]"#)
    );
    assert_eq!(
        host.server.emit(
            host.now,
            Target::Socket(socket),
            EventData::new("[1]"),
            EmitOptions::default()
        ),
        Err(UsageError::Unknown)
    );
    // The engine stays open.
    assert!(host.closed.is_empty());
}

#[test]
fn a_namespace_that_was_not_added_is_invalid() {
    let mut host = Host::new(Protocol::SocketIo);
    let conn = host.open_websocket();
    host.text(conn, "40/random,");
    assert_eq!(
        host.written_to(conn)[1],
        r#"44/random,{"message":"Invalid namespace"}"#
    );
    assert_eq!(host.sockets, []);
}

#[test]
fn a_namespace_may_be_asked_for() {
    let mut host = Host::with(Config {
        namespaces: NamespacePolicy::Ask,
        ..Config::default()
    });
    let conn = host.open_websocket();
    host.text(conn, "40/dynamic-7,");
    assert_eq!(host.events[1], "connect /dynamic-7 {}");
    host.server
        .reject(host.now, host.sockets[0], r#"{"message":"no"}"#)
        .unwrap();
    host.drain();
    assert_eq!(host.written_to(conn)[1], r#"44/dynamic-7,{"message":"no"}"#);
    // Nothing of the made-up name is kept.
    assert!(host.server.state.namespaces.find("/dynamic-7").is_none());
}

#[test]
fn a_rejection_is_told_and_leaves_nothing() {
    let mut host = Host::new(Protocol::SocketIo);
    let conn = host.open_websocket();
    host.text(conn, "40");
    let socket = host.sockets[0];
    let error = r#"{"message":"not authorized","data":{"code":42}}"#;
    host.server.reject(host.now, socket, error).unwrap();
    host.drain();
    assert_eq!(host.written_to(conn)[1], format!("44{error}"));
    assert_eq!(
        host.server.accept(host.now, socket),
        Err(UsageError::Unknown)
    );
    assert_eq!(host.server.state.sockets.len(), 0);
    assert!(
        !host
            .events
            .iter()
            .any(|event| event.starts_with("disconnect"))
    );
}

#[test]
fn a_rejection_must_be_an_object() {
    let mut host = Host::new(Protocol::SocketIo);
    let conn = host.open_websocket();
    host.text(conn, "40");
    let socket = host.sockets[0];
    for error in ["", "no", "\"no\"", "[1]", "{"] {
        assert!(matches!(
            host.server.reject(host.now, socket, error),
            Err(UsageError::Invalid(_))
        ));
    }
}

#[test]
fn a_second_connect_to_a_namespace_closes_the_client() {
    let mut host = Host::new(Protocol::SocketIo);
    let (conn, _) = host.connect();
    host.text(conn, "40");
    assert_eq!(host.closed, [conn]);
    assert!(
        host.events.contains(
            &"refused: the client asked for a namespace that it is in already".to_string()
        )
    );
    assert!(
        host.events
            .contains(&"session closed: forced close".to_string())
    );
}

#[test]
fn events_before_connect_close_the_client() {
    for packet in [
        r#"42["a"]"#,
        r#"43/admin,1[1]"#,
        "41",
        "4abc",
        "42{}",
        "42abc[1]",
    ] {
        let mut host = Host::new(Protocol::SocketIo);
        let conn = host.open_websocket();
        host.text(conn, packet);
        assert_eq!(host.closed, [conn], "{packet}");
        assert!(
            host.events
                .iter()
                .any(|event| event.starts_with("refused: "))
        );
        assert_eq!(host.server.session_count(), 0);
    }
}

#[test]
fn a_client_that_joins_nothing_is_closed() {
    let mut host = Host::new(Protocol::SocketIo);
    let conn = host.open_websocket();
    host.after(24_999);
    host.after(1);
    host.text(conn, "3");
    host.after(19_999);
    assert_eq!(host.closed, []);
    host.after(1);
    assert_eq!(host.closed, [conn]);
    assert!(
        host.events
            .contains(&"refused: no namespace was joined in time".to_string())
    );
}

#[test]
fn disconnecting_one_socket_leaves_the_others() {
    let mut host = Host::new(Protocol::SocketIo);
    host.server.add_namespace("/admin").unwrap();
    let (conn, socket) = host.connect();
    host.text(conn, "40/admin,");
    let admin = host.sockets[1];
    host.server.accept(host.now, admin).unwrap();
    host.server.disconnect(host.now, socket).unwrap();
    host.drain();
    assert_eq!(host.written_to(conn).last(), Some(&"41"));
    host.emit(Target::Socket(admin), r#"["still"]"#);
    assert_eq!(host.written_to(conn).last(), Some(&r#"42/admin,["still"]"#));
    assert_eq!(host.closed, []);
}

#[test]
fn closing_a_session_disconnects_all_its_sockets() {
    let mut host = Host::new(Protocol::SocketIo);
    host.server.add_namespace("/admin").unwrap();
    let (conn, socket) = host.connect();
    host.text(conn, "40/admin,");
    host.server.accept(host.now, host.sockets[1]).unwrap();
    let session = host.server.session_of(socket).unwrap();
    host.drain();
    host.forget();
    host.server.close_session(host.now, session).unwrap();
    host.drain();
    let disconnects = host
        .events
        .iter()
        .filter(|event| event.starts_with("disconnect: server namespace disconnect"))
        .count();
    assert_eq!(disconnects, 2);
    assert_eq!(host.closed, [conn]);
    assert_eq!(
        host.server.close_session(host.now, session),
        Err(UsageError::Unknown)
    );
}

#[test]
fn a_lost_connection_says_why() {
    let mut host = Host::new(Protocol::SocketIo);
    let (conn, socket) = host.connect();
    host.server.join(socket, "lobby").unwrap();
    host.server
        .handle_input(host.now, conn, Input::Eof)
        .unwrap();
    host.drain();
    let disconnect = host
        .events
        .iter()
        .find(|event| event.starts_with("disconnect"))
        .unwrap();
    assert!(disconnect.starts_with("disconnect: transport close"));
    assert!(disconnect.ends_with(r#","lobby"]"#));
    assert_eq!(host.server.room_names("/").count(), 0);
}

#[test]
fn binary_goes_both_ways() {
    let mut host = Host::new(Protocol::SocketIo);
    let (conn, socket) = host.connect();
    host.text(conn, r#"451-["up",{"_placeholder":true,"num":0}]"#);
    host.server
        .handle_input(host.now, conn, Input::Binary(&[1, 2]))
        .unwrap();
    host.drain();
    assert_eq!(
        host.events.last().unwrap(),
        r#"event ["up",{"_placeholder":true,"num":0}] [b"\x01\x02"] None"#
    );
    let attachment = [Bytes::from_static(&[9])];
    let data =
        EventData::with_attachments(r#"["down",{"_placeholder":true,"num":0}]"#, &attachment);
    host.server
        .emit(
            host.now,
            Target::Socket(socket),
            data,
            EmitOptions::default(),
        )
        .unwrap();
    host.drain();
    assert_eq!(
        host.written_to(conn)[2..],
        [r#"451-["down",{"_placeholder":true,"num":0}]"#, r#"b"\t""#]
    );
}

#[test]
fn acknowledgements_go_both_ways() {
    let mut host = Host::new(Protocol::SocketIo);
    let (conn, socket) = host.connect();
    host.text(conn, r#"4217["ask"]"#);
    assert_eq!(host.acks, [(socket, 17)]);
    host.server
        .acknowledge(host.now, socket, 17, EventData::new(r#"["told"]"#))
        .unwrap();
    host.drain();
    assert_eq!(host.written_to(conn)[2], r#"4317["told"]"#);

    let options = EmitOptions::default();
    host.server
        .emit_with_ack(
            host.now,
            Target::Socket(socket),
            EventData::new(r#"["q"]"#),
            options,
            None,
        )
        .unwrap();
    host.drain();
    assert_eq!(host.written_to(conn)[3], r#"420["q"]"#);
    host.text(conn, r#"430["a",1]"#);
    assert_eq!(
        host.events.last().unwrap(),
        r#"answer ["a",1] [] last=true"#
    );
    // A second answer is nobody's.
    let before = host.events.len();
    host.text(conn, r#"430["a",1]"#);
    assert_eq!(host.events.len(), before);
}

#[test]
fn an_acknowledgement_times_out_or_ends_with_its_socket() {
    let mut host = Host::new(Protocol::SocketIo);
    let (conn, socket) = host.connect();
    let options = EmitOptions::default();
    let second = Some(Duration::from_secs(1));
    host.server
        .emit_with_ack(
            host.now,
            Target::Socket(socket),
            EventData::new("[1]"),
            options,
            second,
        )
        .unwrap();
    host.after(999);
    assert!(!host.events.iter().any(|event| event.starts_with("settled")));
    host.after(1);
    assert_eq!(host.events.last().unwrap(), "settled TimedOut missing=1");
    host.server
        .emit_with_ack(
            host.now,
            Target::Socket(socket),
            EventData::new("[1]"),
            options,
            None,
        )
        .unwrap();
    host.server
        .handle_input(host.now, conn, Input::Eof)
        .unwrap();
    host.drain();
    assert!(
        host.events
            .contains(&"settled Disconnected missing=1".to_string())
    );
}

#[test]
fn whoever_was_not_accepted_hears_nothing() {
    let mut host = Host::new(Protocol::SocketIo);
    let conn = host.open_websocket();
    host.text(conn, "40");
    let socket = host.sockets[0];
    host.server.join(socket, "lobby").unwrap();
    host.emit(EVERYBODY, r#"["secret"]"#);
    host.emit(room(&["lobby"], &[]), r#"["secret"]"#);
    assert_eq!(host.written_to(conn).len(), 1);
    assert_eq!(
        host.server.emit(
            host.now,
            Target::Socket(socket),
            EventData::new("[1]"),
            EmitOptions::default()
        ),
        Err(UsageError::NotConnected)
    );
}

#[test]
fn what_came_before_a_broken_rule_is_answered_before_the_close() {
    for (bad, why) in [
        (r#"42{}"#, "session closed: forced close"),
        ("x", "session closed: parse error"),
        ("1", "session closed: transport close"),
        ("2", "session closed: transport error"),
    ] {
        let mut host = Host::new(Protocol::SocketIo);
        let (conn, socket) = host.connect();
        host.forget();
        for text in [r#"421["ask"]"#, bad, r#"42["never read"]"#] {
            host.server
                .handle_input(host.now, conn, Input::Text(text))
                .unwrap();
            host.take_outputs();
        }
        assert_eq!(host.events[0], r#"event ["ask"] [] Some(1)"#);
        assert!(
            !host
                .events
                .iter()
                .any(|event| event.starts_with("session closed"))
        );
        host.server
            .acknowledge(host.now, socket, 1, EventData::new("[]"))
            .unwrap();
        host.drain();
        assert_eq!(host.written_to(conn)[0], "431[]", "{bad}");
        assert_eq!(host.closed, [conn], "{bad}");
        assert!(host.events.contains(&why.to_string()), "{:?}", host.events);
        assert!(!host.events.iter().any(|event| event.contains("never read")));
    }
}

#[test]
fn time_that_runs_backwards_is_clamped() {
    let mut host = Host::new(Protocol::SocketIo);
    let (conn, _) = host.connect();
    host.after(30_000);
    host.server.handle_timeout(Instant::ZERO);
    host.server
        .handle_input(Instant::ZERO, conn, Input::Text("3"))
        .unwrap();
    host.drain();
    assert_eq!(host.closed, []);
    host.after(25_000);
    assert_eq!(
        host.written_to(conn)
            .iter()
            .filter(|text| **text == "2")
            .count(),
        2
    );
}

#[test]
fn input_must_fit_its_wire() {
    let mut host = Host::new(Protocol::SocketIo);
    let messages = host.open_websocket();
    let octets = host
        .upgrade("EIO=4&transport=websocket", Wire::Bytes)
        .unwrap();
    for (conn, input) in [
        (messages, Input::Bytes(b"x")),
        (octets, Input::Text("x")),
        (octets, Input::Binary(b"x")),
    ] {
        assert!(matches!(
            host.server.handle_input(host.now, conn, input),
            Err(UsageError::Invalid(_))
        ));
    }
    assert_eq!(host.closed, []);
}
