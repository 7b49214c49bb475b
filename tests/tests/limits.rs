//! Every queue has a bound, and every bound a policy: what just fits is served, and one more ends it
//! with a reason, or is dropped where dropping was asked for.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "whatever goes wrong here is a failed test"
)]

use sansocket::UsageError;
use sansocket::server::Config;
use sansocket::server::EmitOptions;
use sansocket::server::EventData;
use sansocket::server::NamespacePolicy;
use sansocket::server::Protocol;
use sansocket::server::Target;
use sansocket_tests::Happened;
use sansocket_tests::Net;
use sansocket_tests::Via;

/// A client in the main namespace of a server with small limits.
fn small(via: Via) -> (Net, usize) {
    let mut config = Config {
        namespaces: NamespacePolicy::Ask,
        max_namespaces_per_session: 3,
        ..Config::default()
    };
    config.engineio.max_payload_bytes = 400;
    config.engineio.max_payload_packets = 5;
    config.engineio.max_buffered_bytes = 2_000;
    config.websocket.max_fragments = 5;
    config.socketio.max_attachments = 2;
    config.socketio.max_packet_size = 300;
    config.socketio.max_namespace_length = 20;
    config.socketio.max_event_name_length = 20;
    config.socketio.max_rooms_per_socket = 3;
    let mut net = Net::new(config, 0);
    let client = net.open(via);
    net.say(client, "0");
    net.received(client);
    net.happened();
    (net, client)
}

/// Whether an event came through, and whether the session is still there; it is one or neither.
fn is_served(net: &mut Net) -> bool {
    let happened = net.happened();
    let is_event = |event: &Happened| matches!(event, Happened::Event { .. });
    let is_reason = |event: &Happened| matches!(event, Happened::Refused { .. });
    let served = happened.iter().any(is_event);
    assert_eq!(served, net.server.load().sessions == 1, "{happened:?}");
    assert_eq!(served, !happened.iter().any(is_reason), "{happened:?}");
    served
}

/// A text of exactly so many bytes: the event `e` with a string of fitting length.
fn event_of(bytes: usize) -> String {
    format!(r#"2["e","{}"]"#, "x".repeat(bytes - r#"2["e",""]"#.len()))
}

#[test]
fn one_message_has_so_many_bytes() {
    for via in [Via::Polling, Via::Bytes, Via::Messages] {
        // The packet type of Engine.IO is one byte more.
        for (bytes, fits) in [(399, true), (400, false)] {
            let (mut net, client) = small(via);
            net.say(client, &event_of(bytes));
            assert_eq!(is_served(&mut net), fits, "{via:?}, {bytes}");
        }
    }
}

#[test]
fn one_message_has_so_many_fragments() {
    for (count, fits) in [(5, true), (6, false)] {
        let (mut net, client) = small(Via::Bytes);
        // The first fragment carries all, and the others nothing.
        let mut frames = vec![0x01, 0x80 | 7, 0, 0, 0, 0];
        frames.extend_from_slice(b"42[\"e\"]");
        for _ in 2..count {
            frames.extend_from_slice(&[0x00, 0x80, 0, 0, 0, 0]);
        }
        frames.extend_from_slice(&[0x80, 0x80, 0, 0, 0, 0]);
        net.send_bytes(client, &frames);
        assert_eq!(is_served(&mut net), fits, "{count}");
    }
}

#[test]
fn one_body_has_so_many_packets() {
    for (count, fits) in [(5, true), (6, false)] {
        let (mut net, client) = small(Via::Polling);
        let events = vec![r#"2["e"]"#; count];
        net.say_together(client, &events);
        let heard = net.happened();
        let heard = heard
            .iter()
            .filter(|event| matches!(event, Happened::Event { .. }));
        assert_eq!(heard.count(), 5, "what was good before is not lost");
        assert_eq!(net.server.load().sessions == 1, fits, "{count}");
    }
}

#[test]
fn one_packet_has_so_many_attachments() {
    for (count, fits) in [(2, true), (3, false)] {
        let (mut net, client) = small(Via::Bytes);
        let placeholders: Vec<String> = (0..count)
            .map(|number| format!(r#"{{"_placeholder":true,"num":{number}}}"#))
            .collect();
        net.say(
            client,
            &format!(r#"5{count}-["e",{}]"#, placeholders.join(",")),
        );
        for _ in 0..count {
            net.say_binary(client, b"bytes");
        }
        assert_eq!(is_served(&mut net), fits, "{count}");
    }
}

#[test]
fn one_packet_with_its_attachments_has_so_many_bytes() {
    let packet = r#"51-["e",{"_placeholder":true,"num":0}]"#;
    let (mut fitting, mut too_large) = (None, None);
    for bytes in 100..350 {
        let (mut net, client) = small(Via::Bytes);
        net.say(client, packet);
        net.say_binary(client, &vec![7; bytes]);
        if is_served(&mut net) {
            fitting = Some(bytes);
        } else {
            too_large = too_large.or(Some(bytes));
        }
    }
    assert_eq!(
        fitting.map(|bytes| bytes + 1),
        too_large,
        "there is one border"
    );
    assert!(fitting.unwrap() + packet.len() <= 300);
}

#[test]
fn names_have_so_many_letters() {
    for (letters, fits) in [(20, true), (21, false)] {
        let (mut net, client) = small(Via::Bytes);
        net.say(client, &format!(r#"2["{}"]"#, "n".repeat(letters)));
        assert_eq!(is_served(&mut net), fits, "{letters}");
    }
    for (letters, fits) in [(19, true), (20, false)] {
        let (mut net, client) = small(Via::Bytes);
        net.say(client, &format!("0/{},", "n".repeat(letters)));
        assert_eq!(net.server.load().sockets == 2, fits, "{letters}");
        assert_eq!(net.is_open(client), fits, "{letters}");
    }
}

#[test]
fn one_client_is_in_so_many_namespaces() {
    let (mut net, client) = small(Via::Bytes);
    net.say(client, "0/a,");
    net.say(client, "0/b,");
    assert_eq!(net.server.load().sockets, 3);
    net.say(client, "0/c,");
    assert_eq!(net.server.load().sockets, 0);
}

#[test]
fn one_socket_is_in_so_many_rooms() {
    let (mut net, client) = small(Via::Bytes);
    let socket = net.socket(client, "/");
    for room in ["a", "b", "c", "a"] {
        net.server.join(socket, room).unwrap();
    }
    let refused = net.server.join(socket, "d");
    assert_eq!(refused, Err(UsageError::Limit("max_rooms_per_socket")));
    net.server.leave(socket, "a").unwrap();
    net.server.join(socket, "d").unwrap();
}

#[test]
fn a_client_that_does_not_read_is_let_go_and_nobody_else() {
    let (mut net, slow) = small(Via::Bytes);
    let fast = net.open(Via::Messages);
    net.say(fast, "0");
    net.received(fast);
    net.congest(slow, true);
    net.happened();
    let everybody = Target::Rooms {
        namespace: "/",
        rooms: &[],
        except: &[],
    };
    for number in 0..30 {
        let json = format!(r#"["news",{number},"{}"]"#, "x".repeat(100));
        let options = EmitOptions::default();
        net.server
            .emit(net.now, everybody, EventData::new(&json), options)
            .unwrap();
        net.settle();
    }
    assert_eq!(net.received(fast).len(), 30);
    assert_eq!(net.received(slow).len(), 0);
    let happened = net.happened();
    let let_go = |event: &&Happened| {
        matches!(
            event,
            Happened::Disconnect {
                reason: "buffer overflow",
                ..
            } | Happened::SessionClosed {
                reason: "buffer overflow",
                ..
            }
        )
    };
    assert_eq!(happened.iter().filter(let_go).count(), 2, "{happened:?}");
    assert_eq!(net.server.load().sessions, 1);
}

#[test]
fn what_is_volatile_is_dropped_instead() {
    let (mut net, slow) = small(Via::Bytes);
    let socket = Target::Socket(net.socket(slow, "/"));
    net.congest(slow, true);
    for number in 0..1000 {
        let json = format!(r#"["position",{number}]"#);
        let options = EmitOptions {
            volatile: true,
            ..EmitOptions::default()
        };
        net.server
            .emit(net.now, socket, EventData::new(&json), options)
            .unwrap();
    }
    let data = EventData::new(r#"["kept"]"#);
    let options = EmitOptions::default();
    net.server.emit(net.now, socket, data, options).unwrap();
    net.settle();
    assert_eq!(net.received(slow).len(), 0);
    net.congest(slow, false);
    assert_eq!(net.received(slow), [r#"2["kept"]"#]);
}

#[test]
fn a_plain_connection_that_does_not_read_is_closed_with_a_reason() {
    let config = Config {
        protocol: Protocol::WebSocket,
        max_buffered_bytes: 2_000,
        ..Config::default()
    };
    for via in [Via::Bytes, Via::Messages] {
        let mut net = Net::new(config.clone(), 0);
        let client = net.open(via);
        let conn = net.conn(client);
        net.congest(client, true);
        net.happened();
        let text = "x".repeat(500);
        let sent = (0..100)
            .take_while(|_| {
                let message = sansocket::Message::Text(&text);
                net.server.send(net.now, conn, message).is_ok()
            })
            .count();
        assert!((3..=5).contains(&sent), "{via:?}: {sent}");
        net.settle();
        net.run_for(Config::default().websocket.close_timeout);
        let happened = net.happened();
        let is_closed = |event: &&Happened| matches!(event, Happened::Closed { .. });
        let closed: Vec<&Happened> = happened.iter().filter(is_closed).collect();
        assert_eq!(closed.len(), 1, "{via:?}: {happened:?}");
        assert_eq!(net.server.load().connections, 0, "{via:?}");
    }
}
