//! Memory follows the bytes that came, not what a client announces and not how it cuts them.
//!
//! The constants are generous; what matters is that the bounds hold for any amount of input.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "whatever goes wrong here is a failed test"
)]

use sansocket::ConnId;
use sansocket::Instant;
use sansocket::http;
use sansocket::server::Config;
use sansocket::server::EmitOptions;
use sansocket::server::EventData;
use sansocket::server::Input;
use sansocket::server::Output;
use sansocket::server::Protocol;
use sansocket::server::Server;
use sansocket::server::Target;
use sansocket::server::Wire;
use sansocket_tests::Meter;
use sansocket_tests::Net;
use sansocket_tests::Seeded;
use sansocket_tests::Usage;
use sansocket_tests::Via;

#[global_allocator]
static METER: Meter = Meter;

const NOW: Instant = Instant::ZERO;

/// A server with one WebSocket connection, and nothing left to drain.
fn connected(protocol: Protocol, wire: Wire) -> (Server, ConnId) {
    let config = Config {
        protocol,
        ..Config::default()
    };
    let mut server = Server::new(config, Box::new(Seeded::new(1))).unwrap();
    let header = |name: &'static str, value: &'static str| http::Header {
        name: name.as_bytes(),
        value: value.as_bytes(),
    };
    let headers = [
        header("Host", "localhost"),
        header("Upgrade", "websocket"),
        header("Connection", "Upgrade"),
        header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        header("Sec-WebSocket-Version", "13"),
    ];
    let request = http::Request {
        method: "GET",
        target: "/?EIO=4&transport=websocket",
        version: http::Version::Http11,
        headers: http::Headers::new(&headers),
    };
    let conn = server.handle_upgrade(NOW, &request, wire, &[]).unwrap();
    drain(&mut server);
    (server, conn)
}

/// How many outputs there were.
fn drain(server: &mut Server) -> usize {
    let mut count = 0;
    while server.poll_output().is_some() {
        count += 1;
    }
    count
}

/// Feeds `input` in pieces of `size` bytes, and measures.
fn feed(server: &mut Server, conn: ConnId, input: &[u8], size: usize) -> Usage {
    let ((), usage) = Meter::measure(|| {
        for piece in input.chunks(size) {
            // Input after the end is thrown away.
            let _over = server.handle_input(NOW, conn, Input::Bytes(piece));
            drain(server);
        }
        // Whoever broke a rule goes at the end of the turn.
        server.handle_timeout(NOW);
        drain(server);
    });
    usage
}

/// A masked frame, with a mask of zeros; `len` is what the header says.
fn frame(first: u8, len: u64, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match len {
        0..126 => frame.push(0x80 | len as u8),
        126..65536 => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&len.to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

#[test]
fn t01_a_dribbled_head_is_kept_once() {
    let mut head = b"GET / HTTP/1.1\r\nHost: a\r\n".to_vec();
    while head.len() < 15_000 {
        head.extend_from_slice(b"X-Padding: 0123456789\r\n");
        if head.iter().filter(|byte| **byte == b'\n').count() == 90 {
            break;
        }
    }
    head.extend_from_slice(b"\r\n");
    let mut connection = http::Connection::default();
    let (complete, usage) = Meter::measure(|| {
        let mut complete = false;
        for byte in head.chunks(1) {
            let mut input = byte;
            complete |= connection.handle_input(&mut input).is_some();
        }
        complete
    });
    assert!(complete);
    assert!(usage.peak <= 4 * head.len() + 8 * 1024, "{usage:?}");
}

#[test]
fn t23_t32_a_declared_length_reserves_nothing() {
    for len in [100_000, 1024 * 1024, 1 << 40, (1 << 62) - 1] {
        let (mut server, conn) = connected(Protocol::WebSocket, Wire::Bytes);
        let usage = feed(
            &mut server,
            conn,
            &frame(0x82, len, b"a little"),
            usize::MAX,
        );
        assert!(usage.peak <= 16 * 1024, "{len}: {usage:?}");
    }
}

#[test]
fn t24_t25_t27_one_message_takes_no_more_than_its_limit() {
    let limit = Config::default().websocket.max_message_bytes;
    let (mut server, conn) = connected(Protocol::WebSocket, Wire::Bytes);
    let mut input = frame(0x02, 65_536, &[7; 65_536]);
    for _ in 0..100 {
        input.extend(frame(0x00, 65_536, &[7; 65_536]));
    }
    let usage = feed(&mut server, conn, &input, 4096);
    // It doubles while it grows: the old block and the new one exist together for a moment.
    assert!(usage.peak <= 3 * limit + 64 * 1024, "{usage:?}");
    assert!(usage.kept <= 64 * 1024, "{usage:?}");
    assert_eq!(server.load().connections, 0);
}

#[test]
fn t29_t33_pieces_cost_nothing_beyond_their_bytes() {
    let payload = [b'a'; 10_000];
    let mut fragments = frame(0x01, 1, b"a");
    for _ in 0..payload.len() {
        fragments.extend(frame(0x00, 1, b"a"));
    }
    let whole = frame(0x81, payload.len() as u64, &payload);
    for (name, input) in [("fragments", &fragments), ("dribble", &whole)] {
        let (mut server, conn) = connected(Protocol::WebSocket, Wire::Bytes);
        let usage = feed(&mut server, conn, input, 1);
        assert!(usage.peak <= 8 * payload.len(), "{name}: {usage:?}");
        assert!(usage.allocations <= 64, "{name}: {usage:?}");
    }
}

#[test]
fn t30_empty_fragments_cost_nothing_and_end() {
    let (mut server, conn) = connected(Protocol::WebSocket, Wire::Bytes);
    let mut input = frame(0x01, 0, b"");
    let max = Config::default().websocket.max_fragments as usize;
    for _ in 0..max {
        input.extend(frame(0x00, 0, b""));
    }
    let usage = feed(&mut server, conn, &input, 1000);
    assert!(usage.peak <= 16 * 1024, "{usage:?}");
    assert_eq!(server.load().connections, 0);
}

#[test]
fn t47_t48_a_payload_of_tiny_packets_is_not_multiplied() {
    for filling in [&b"2\x1e"[..], b"4\x1e", b"\x1e", b"b\x1e", b"4[\x1e"] {
        let mut net = Net::default();
        let client = net.open(Via::Polling);
        let session = net.session(client);
        let sid = net.server.session_sid(session).unwrap().to_owned();
        let body = filling.repeat(900_000 / filling.len());
        let target = format!("/?EIO=4&transport=polling&sid={sid}");
        let request = http::Request {
            method: "POST",
            target: &target,
            version: http::Version::Http11,
            headers: http::Headers::new(&[]),
        };
        let ((), usage) = Meter::measure(|| {
            let id = net.server.handle_request(NOW, &request);
            for chunk in body.chunks(1000) {
                let _refused = net.server.handle_body(NOW, id, chunk, false);
            }
            let _refused = net.server.handle_body(NOW, id, b"", true);
            let now = net.now;
            net.server.handle_timeout(now);
            drain(&mut net.server);
        });
        assert!(usage.peak <= 4 * body.len(), "{filling:?}: {usage:?}");
        assert!(usage.kept <= 64 * 1024, "{filling:?}: {usage:?}");
        assert_eq!(net.server.load().sessions, 0);
    }
}

#[test]
fn t61_t66_t81_announcements_of_packets_reserve_nothing() {
    let namespace = format!("0/{},", "n".repeat(100_000));
    let digits = format!("2{}[\"a\"]", "1".repeat(100_000));
    let name = format!("2[\"{}\"]", "e".repeat(100_000));
    for packet in [
        namespace.as_str(),
        &digits,
        &name,
        r#"59999999999-["a"]"#,
        r#"510-["a",{"_placeholder":true,"num":0}]"#,
    ] {
        let mut net = Net::default();
        let client = net.open(Via::Bytes);
        net.say(client, "0");
        let message = format!("4{packet}");
        let conn = net.conn(client);
        let input = frame(0x81, message.len() as u64, message.as_bytes());
        let usage = feed(&mut net.server, conn, &input, usize::MAX);
        let shown = &packet[..packet.len().min(20)];
        assert!(usage.peak <= 4 * input.len() + 4096, "{shown}: {usage:?}");
        assert_eq!(net.server.load().sockets, 0, "{shown} is refused");
    }
}

#[test]
fn t66_attachments_are_charged_by_their_bytes() {
    let mut net = Net::default();
    let client = net.open(Via::Bytes);
    net.say(client, "0");
    let placeholders: Vec<String> = (0..10)
        .map(|n| format!(r#"{{"_placeholder":true,"num":{n}}}"#))
        .collect();
    let packet = format!(r#"4510-["a",{}]"#, placeholders.join(","));
    let conn = net.conn(client);
    let mut input = frame(0x81, packet.len() as u64, packet.as_bytes());
    for _ in 0..9 {
        input.extend(frame(0x82, 900_000, &[0; 900_000]));
    }
    let usage = feed(&mut net.server, conn, &input, 64 * 1024);
    let limit = Config::default().socketio.max_packet_size;
    assert!(usage.peak <= 3 * limit, "{usage:?}");
    assert!(usage.kept <= 64 * 1024, "{usage:?}");
    assert_eq!(net.server.load().sessions, 0);
}

#[test]
fn t83_a_dribbled_body_keeps_nothing_for_each_chunk() {
    let mut net = Net::default();
    let client = net.open(Via::Polling);
    let session = net.session(client);
    let sid = net.server.session_sid(session).unwrap().to_owned();
    let target = format!("/?EIO=4&transport=polling&sid={sid}");
    let request = http::Request {
        method: "POST",
        target: &target,
        version: http::Version::Http11,
        headers: http::Headers::new(&[]),
    };
    let body = format!("4{}", "x".repeat(100_000));
    let ((), usage) = Meter::measure(|| {
        let id = net.server.handle_request(NOW, &request);
        for chunk in body.as_bytes().chunks(1) {
            net.server.handle_body(NOW, id, chunk, false).unwrap();
        }
    });
    assert!(usage.peak <= 4 * body.len(), "{usage:?}");
    assert!(usage.allocations <= 64, "{usage:?}");
}

#[test]
fn an_idle_connection_keeps_nothing_of_what_it_carried() {
    let (mut server, conn) = connected(Protocol::WebSocket, Wire::Bytes);
    let input = frame(0x82, 1_000_000, &vec![7; 1_000_000]);
    let usage = feed(&mut server, conn, &input, 10_000);
    assert!(usage.kept <= 16 * 1024, "{usage:?}");
}

#[test]
fn messages_come_in_without_allocating() {
    for (protocol, message) in [
        (Protocol::WebSocket, "a message"),
        (Protocol::EngineIo, "4a message"),
        (Protocol::SocketIo, r#"42["an event",{"with":"data"}]"#),
    ] {
        let config = Config {
            protocol,
            ..Config::default()
        };
        let mut net = Net::new(config, 0);
        let client = net.open(Via::Bytes);
        if protocol == Protocol::SocketIo {
            net.say(client, "0");
        }
        let (conn, server) = (net.conn(client), &mut net.server);
        let input = frame(0x81, message.len() as u64, message.as_bytes());
        // The first ones make room that the others use.
        feed(server, conn, &input.repeat(10), usize::MAX);
        let (events, usage) = Meter::measure(|| {
            let mut events = 0;
            for _ in 0..1000 {
                server
                    .handle_input(NOW, conn, Input::Bytes(&input))
                    .unwrap();
                events += drain(server);
            }
            events
        });
        assert_eq!(events, 1000, "{protocol:?}");
        assert_eq!(usage.allocations, 0, "{protocol:?}: {usage:?}");
    }
}

#[test]
fn a_broadcast_costs_the_same_however_many_hear_it() {
    let broadcast = |listeners: usize| {
        let mut net = Net::default();
        for _ in 0..listeners {
            let client = net.open(Via::Bytes);
            net.say(client, "0");
        }
        let everybody = Target::Rooms {
            namespace: "/",
            rooms: &[],
            except: &[],
        };
        let json = format!(r#"["news","{}"]"#, "x".repeat(4096));
        let mut emit = || {
            let data = EventData::new(&json);
            net.server
                .emit(NOW, everybody, data, EmitOptions::default())
                .unwrap();
            let Some(Output::Transmit { to, .. }) = net.server.poll_output() else {
                panic!("a broadcast is transmitted");
            };
            assert_eq!(to.len(), listeners);
            assert_eq!(drain(&mut net.server), 0, "one output for all");
        };
        emit();
        Meter::measure(emit).1
    };
    let (few, many) = (broadcast(10), broadcast(1000));
    assert_eq!(few.allocations, many.allocations);
    assert!(many.peak < few.peak + 1024, "{few:?} {many:?}");
}
