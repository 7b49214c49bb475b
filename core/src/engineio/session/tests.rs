//! A session and a host with a virtual clock. Outputs are compared as lines of text: what a reader
//! of the specification would expect to see.

use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use core::time::Duration;

use super::*;
use crate::engineio::payload;

mod closing;
mod heartbeat;
mod polling;
mod random;
mod upgrade;
mod upgrade_model;
mod websocket;

/// The options that the official suites run against.
fn config() -> Config {
    Config {
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        ..Config::default()
    }
}

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn request(number: u64) -> RequestId {
    RequestId::from_u64(number)
}

fn conn(number: u64) -> ConnId {
    ConnId::from_u64(number)
}

fn text(text: &str) -> OutgoingPacket {
    OutgoingPacket::message(&Message::Text(text))
}

/// A session whose handshake was answered.
fn polling() -> Session {
    let mut session = Session::open_polling(at(0), "sid", request(0), &config());
    let lines = drain(&mut session);
    assert!(lines[0].starts_with(r#"poll 0: 0{"sid":"sid","upgrades":["websocket"],"#));
    assert_eq!(lines.len(), 1);
    session
}

/// A session that began on WebSocket 1.
fn websocket() -> Session {
    let mut session = Session::open_websocket(at(0), "sid", conn(1), &config());
    let lines = drain(&mut session);
    assert!(lines[0].starts_with(r#"ws 1: 0{"sid":"sid","upgrades":[],"#));
    assert_eq!(lines.len(), 1);
    session
}

fn drain(session: &mut Session) -> Vec<String> {
    core::iter::from_fn(|| session.poll_output())
        .map(|output| line(&output))
        .collect()
}

fn line(output: &Output) -> String {
    match output {
        Output::Poll { request, packets } => {
            assert!(!packets.is_empty());
            let body = payload::encode(packets);
            let body = core::str::from_utf8(&body).unwrap();
            format!("poll {}: {}", request.as_u64(), body.replace('\x1e', " "))
        }
        Output::PostAccepted { request } => format!("post {}: ok", request.as_u64()),
        Output::Refuse { request, refusal } => {
            format!(
                "refuse {}: {} {refusal}",
                request.as_u64(),
                refusal.status()
            )
        }
        Output::Transmit { conn, packet } => {
            let text = String::from_utf8_lossy(&packet.bytes);
            format!("ws {}: {text}", conn.as_u64())
        }
        Output::CloseConnection { conn } => format!("close {}", conn.as_u64()),
        Output::Upgraded { conn } => format!("upgraded {}", conn.as_u64()),
        Output::Closed { reason } => format!("closed: {reason}"),
    }
}

/// A packet from the client; the text of the message that the application gets, if it gets one.
fn receive(session: &mut Session, now: u64, from: Source, packet: &str) -> Option<String> {
    let packet = Packet::decode(Message::Text(packet)).unwrap();
    match session.handle_packet(at(now), from, packet) {
        Some(Message::Text(text)) => Some(text.to_string()),
        Some(Message::Binary(_)) => unreachable!("the packet is a text"),
        None => None,
    }
}

/// A whole POST, as a host reads it.
fn post(session: &mut Session, now: u64, number: u64, body: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if !session.handle_post(at(now), request(number)) {
        return messages;
    }
    let from = Source::Post(request(number));
    let config = config();
    let mut reader = payload::PayloadReader::new(body.as_bytes(), &config);
    while let Some(packet) = reader.next_packet() {
        match packet {
            Ok(packet) => {
                if let Some(message) = session.handle_packet(at(now), from, packet) {
                    messages.push(String::from_utf8_lossy(message.as_bytes()).into_owned());
                }
            }
            Err(_) => session.handle_bad_input(at(now), from),
        }
    }
    session.handle_post_end(at(now), request(number));
    messages
}

/// A WebSocket that was probed.
fn probed(session: &mut Session, now: u64, number: u64) {
    assert!(session.handle_upgrade(at(now), conn(number)));
    assert_eq!(
        receive(session, now, Source::Connection(conn(number)), "2probe"),
        None
    );
}

#[test]
fn a_session_is_small_and_keeps_no_heap_when_idle() {
    assert!(size_of::<Session>() <= 200, "{}", size_of::<Session>());
    let mut session = websocket();
    for number in 0..100 {
        session.send(at(1), text(&number.to_string())).unwrap();
    }
    assert_eq!(drain(&mut session).len(), 100);
    assert_eq!(session.packets.capacity(), 0);
    assert_eq!(session.outputs.capacity(), 0);
    assert_eq!(session.buffered_bytes(), 0);
}
