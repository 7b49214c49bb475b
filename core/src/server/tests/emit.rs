//! Fan-out: who receives what, and that it is encoded once.

use super::*;
use crate::websocket::frame;
use crate::websocket::frame::Opcode;

#[test]
fn one_broadcast_to_a_thousand_is_one_buffer() {
    let mut host = Host::new(Protocol::SocketIo);
    for _ in 0..1_000 {
        host.connect_octets();
    }
    host.forget();
    host.emit(EVERYBODY, r#"["news",1]"#);
    // One frame was made, and one output carries it to everybody.
    assert_eq!(host.fan_outs, [1_000]);
    assert_eq!(host.written.len(), 1_000);
    assert!(
        host.written
            .iter()
            .all(|(_, text)| text == "octets b\"\\x81\\x0c42[\\\"news\\\",1]\"")
    );
}

#[test]
fn a_burst_is_one_buffer_for_each_connection_in_order() {
    let mut host = Host::new(Protocol::SocketIo);
    let clients: Vec<_> = (0..3).map(|_| host.connect_octets()).collect();
    host.forget();
    for n in 0..50 {
        let data = format!("[{n}]");
        host.server
            .emit(
                host.now,
                EVERYBODY,
                EventData::new(&data),
                EmitOptions::default(),
            )
            .unwrap();
    }
    // Somebody else's answer in between ends the run, so that nobody's order changes.
    host.server
        .emit(
            host.now,
            Target::Socket(clients[1].1),
            EventData::new(r#"["you"]"#),
            EmitOptions::default(),
        )
        .unwrap();
    host.server
        .emit(
            host.now,
            EVERYBODY,
            EventData::new(r#"["end"]"#),
            EmitOptions::default(),
        )
        .unwrap();
    host.drain();
    assert_eq!(host.fan_outs, [3, 1, 3]);
    let mut expected = Vec::new();
    for n in 0..50 {
        let text = format!("42[{n}]");
        frame::write_frame(&mut expected, Opcode::Text, text.as_bytes(), None);
    }
    let burst = format!("octets {:?}", Bytes::from(expected));
    for (n, (conn, _)) in clients.iter().enumerate() {
        let written = host.written_to(*conn);
        assert_eq!(written[0], burst);
        assert_eq!(written.len(), if n == 1 { 3 } else { 2 });
        assert!(written.last().unwrap().contains("end"));
    }
}

#[test]
fn all_wires_and_transports_share_one_encoding() {
    let mut host = Host::new(Protocol::SocketIo);
    host.connect_octets();
    host.connect();
    host.drain();
    host.server
        .emit(
            host.now,
            EVERYBODY,
            EventData::new(r#"["x"]"#),
            EmitOptions::default(),
        )
        .unwrap();
    let mut buffers = Vec::new();
    while let Some(output) = host.server.poll_output() {
        if let Output::Transmit { frame, .. } = output {
            let (Frame::Bytes(bytes) | Frame::Text(bytes) | Frame::Binary(bytes)) = frame;
            buffers.push(bytes.clone());
        }
    }
    let [frame, message] = &buffers[..] else {
        panic!("two wires, two outputs: {buffers:?}");
    };
    // The message is the payload of the frame: the same memory, not a copy.
    assert_eq!(frame[2..].as_ptr(), message.as_ptr());
}

#[test]
fn rooms_choose_and_except_leaves_out() {
    let mut host = Host::new(Protocol::SocketIo);
    let clients: Vec<_> = (0..4).map(|_| host.connect()).collect();
    let ids: Vec<String> = clients
        .iter()
        .map(|(_, socket)| host.server.socket_id(*socket).unwrap().to_string())
        .collect();
    host.server.join(clients[0].1, "a").unwrap();
    host.server.join(clients[1].1, "a").unwrap();
    host.server.join(clients[1].1, "b").unwrap();
    host.server.join(clients[2].1, "b").unwrap();
    let mut reached = |rooms: &[&str], except: &[&str]| {
        host.forget();
        host.emit(room(rooms, except), "[1]");
        clients
            .iter()
            .map(|(conn, _)| host.written_to(*conn).len())
            .collect::<Vec<_>>()
    };
    assert_eq!(reached(&[], &[]), [1, 1, 1, 1]);
    assert_eq!(reached(&["a"], &[]), [1, 1, 0, 0]);
    // A socket in two selected rooms receives it once.
    assert_eq!(reached(&["a", "b"], &[]), [1, 1, 1, 0]);
    assert_eq!(reached(&["a", "b"], &["b"]), [1, 0, 0, 0]);
    // To all but the sender.
    assert_eq!(reached(&[], &[&ids[3]]), [1, 1, 1, 0]);
    assert_eq!(reached(&[&ids[2]], &[]), [0, 0, 1, 0]);
    assert_eq!(reached(&["nobody is here"], &[]), [0, 0, 0, 0]);
}

#[test]
fn a_binary_broadcast_reaches_polling_and_websocket_intact() {
    let mut host = Host::new(Protocol::SocketIo);
    let (conn, _) = host.connect();
    let sid = host.open_polling();
    host.post(&sid, "40");
    let socket = *host.sockets.last().unwrap();
    host.server.accept(host.now, socket).unwrap();
    host.drain();
    host.poll(&sid);
    let poll = host.poll(&sid);
    host.forget();
    let attachment = [Bytes::from_static(&[0, 1, 2, 255])];
    let data = EventData::with_attachments(r#"["x",{"_placeholder":true,"num":0}]"#, &attachment);
    host.server
        .emit(host.now, EVERYBODY, data, EmitOptions::default())
        .unwrap();
    host.drain();
    let text = r#"451-["x",{"_placeholder":true,"num":0}]"#;
    assert_eq!(host.written_to(conn), [text, r#"b"\0\x01\x02\xff""#]);
    assert_eq!(host.reply(poll), format!("200 {text}\u{1e}bAAEC/w=="));
}

#[test]
fn volatile_is_dropped_for_whoever_cannot_be_written_to() {
    let mut host = Host::new(Protocol::SocketIo);
    let (fast, _) = host.connect();
    let (slow, _) = host.connect();
    host.server
        .handle_input(host.now, slow, Input::Congested(true))
        .unwrap();
    host.forget();
    let volatile = EmitOptions {
        volatile: true,
        ..EmitOptions::default()
    };
    host.server
        .emit(host.now, EVERYBODY, EventData::new(r#"["v"]"#), volatile)
        .unwrap();
    host.emit(EVERYBODY, r#"["kept"]"#);
    assert_eq!(host.written_to(fast), [r#"42["v"]"#, r#"42["kept"]"#]);
    assert_eq!(host.written_to(slow), [""; 0]);
    host.server
        .handle_input(host.now, slow, Input::Congested(false))
        .unwrap();
    host.drain();
    assert_eq!(host.written_to(slow), [r#"42["kept"]"#]);
}

#[test]
fn an_acknowledgement_by_many_collects_what_comes_in_time() {
    let mut host = Host::new(Protocol::SocketIo);
    let (first, _) = host.connect();
    let (second, _) = host.connect();
    host.connect();
    host.forget();
    let options = EmitOptions::default();
    host.server
        .emit_with_ack(
            host.now,
            EVERYBODY,
            EventData::new(r#"["q"]"#),
            options,
            Some(Duration::from_secs(1)),
        )
        .unwrap();
    host.drain();
    assert_eq!(host.written_to(first), [r#"420["q"]"#]);
    host.text(first, "430[1]");
    host.text(second, "430[2]");
    host.after(1_000);
    assert_eq!(
        host.events,
        [
            "answer [1] [] last=false",
            "answer [2] [] last=false",
            "settled TimedOut missing=1"
        ]
    );
}
