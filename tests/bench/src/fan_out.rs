//! One broadcast to a thousand WebSocket connections: from `emit` to the drained outputs.

use std::hint::black_box;

use sansocket::Instant;
use sansocket::OsEntropy;
use sansocket::http::Header;
use sansocket::http::Headers;
use sansocket::http::Request;
use sansocket::http::Version;
use sansocket::server::Config;
use sansocket::server::EmitOptions;
use sansocket::server::Event;
use sansocket::server::EventData;
use sansocket::server::Input;
use sansocket::server::Output;
use sansocket::server::Server;
use sansocket::server::Target;
use sansocket::server::Wire;
use sansocket::websocket::frame;
use sansocket::websocket::frame::Opcode;

use crate::interleave::Figure;
use crate::interleave::compare;

pub(crate) fn broadcast() -> Vec<Figure> {
    let mut server = room();
    let text = format!(r#"["msg",{{"id":100000,"text":"{}"}}]"#, "x".repeat(95));
    let everybody = Target::Rooms {
        namespace: "/",
        rooms: &["room"],
        except: &[],
    };
    let ours = || {
        let data = EventData::new(black_box(&text));
        server
            .emit(Instant::ZERO, everybody, data, EmitOptions::default())
            .expect("the namespace exists");
        let mut receivers = 0;
        while let Some(output) = server.poll_output() {
            if let Output::Transmit { to, .. } = black_box(output) {
                receivers += to.len();
            }
        }
        assert_eq!(receivers, MEMBERS as usize);
    };
    let packet = format!("42{text}");
    let theirs = || {
        for _ in 0..MEMBERS {
            black_box(frame::encode_frame(
                Opcode::Text,
                black_box(packet.as_bytes()),
                None,
            ));
        }
    };
    vec![compare(
        "broadcast of 128 B, per receiver",
        "a frame made for each",
        MEMBERS,
        ours,
        theirs,
    )]
}

fn room() -> Server {
    let mut server =
        Server::new(Config::default(), Box::new(OsEntropy)).expect("the system has entropy");
    let headers = [
        ("Host", "localhost"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", "13"),
    ]
    .map(|(name, value)| Header {
        name: name.as_bytes(),
        value: value.as_bytes(),
    });
    let request = Request {
        method: "GET",
        target: "/socket.io/?EIO=4&transport=websocket",
        version: Version::Http11,
        headers: Headers::new(&headers),
    };
    let connect = frame::encode_frame(Opcode::Text, b"40", Some([0; 4]));
    for _ in 0..MEMBERS {
        let conn = server
            .handle_upgrade(Instant::ZERO, &request, Wire::Bytes, &[])
            .expect("a handshake");
        server
            .handle_input(Instant::ZERO, conn, Input::Bytes(&connect))
            .expect("the connection is open");
        let mut asked = None;
        while let Some(output) = server.poll_output() {
            if let Output::Event(Event::Connect { socket, .. }) = output {
                asked = Some(socket);
            }
        }
        let socket = asked.expect("the client asked to connect");
        server.accept(Instant::ZERO, socket).expect("it is there");
        server.join(socket, "room").expect("it is there");
        while server.poll_output().is_some() {}
    }
    server
}

const MEMBERS: u32 = 1_000;
