//! Two ends that do anything in any order understand each other: what one sends the other gets, once
//! and in order, and neither ever blames the other.

use std::collections::VecDeque;

use bytes::Bytes;
use sansocket::Instant;
use sansocket::Message;
use sansocket::websocket::CloseCode;
use sansocket::websocket::Config;
use sansocket::websocket::Connection;
use sansocket::websocket::Event;

use super::Choices;
use crate::Seeded;

/// What the two ends do.
pub fn target(data: &[u8]) {
    let mut choices = Choices::new(data);
    let config = Config::default();
    let client = Connection::client(config, &mut Seeded::new(7)).unwrap();
    let mut ends = [End::new(Connection::server(config)), End::new(client)];
    let mut now = Instant::ZERO;
    while !choices.is_empty() {
        let own = choices.below(2);
        let end = &mut ends[own];
        match choices.below(8) {
            0 | 1 => {
                let text = choices.text();
                end.send(Message::Text(&text));
            }
            2 => end.send(Message::Binary(choices.bytes())),
            3 => {
                let _refused = end.connection.ping(choices.bytes());
            }
            4 => {
                let _refused = end.connection.pong(choices.bytes());
            }
            5 => {
                let code =
                    choices.one_of(&[CloseCode::NORMAL, CloseCode::NO_STATUS, CloseCode::POLICY]);
                let reason = choices.text();
                // It is refused once the end is closing, and when the reason is too long.
                let _refused = end.connection.close(now, code, &reason);
            }
            6 => {
                now = now + choices.duration();
                end.connection.handle_timeout(now);
                end.hear_of_the_end();
            }
            _ => deliver(&mut ends, own, now, choices.byte()),
        }
    }
    // Whatever is still on its way arrives.
    for _ in 0..4 {
        for own in [0, 1] {
            deliver(&mut ends, own, now, u8::MAX);
        }
    }
    let [server, client] = &ends;
    server.was_understood_by(client);
    client.was_understood_by(server);
}

struct End {
    connection: Connection,
    /// What is on its way to the other end.
    wire: VecDeque<u8>,
    sent: Vec<Bytes>,
    received: Vec<Bytes>,
    ends: usize,
}

impl End {
    fn new(connection: Connection) -> Self {
        Self {
            connection,
            wire: VecDeque::new(),
            sent: Vec::new(),
            received: Vec::new(),
            ends: 0,
        }
    }

    fn send(&mut self, message: Message<'_>) {
        let is_open = self.connection.is_open();
        let sent = self.connection.send(message);
        assert_eq!(sent.is_ok(), is_open);
        if is_open {
            self.sent.push(Bytes::copy_from_slice(message.as_bytes()));
        }
    }

    fn hear_of_the_end(&mut self) {
        self.ends += usize::from(self.connection.poll_event().is_some());
        assert!(self.ends <= 1, "the end is told once");
    }

    /// What came is what was sent, up to where the end came in between.
    fn was_understood_by(&self, other: &Self) {
        assert!(self.sent.starts_with(&other.received));
        if self.connection.is_open() && other.connection.is_open() {
            assert_eq!(self.sent, other.received);
        }
    }
}

/// Moves some bytes from one end to the other.
fn deliver(ends: &mut [End; 2], from: usize, now: Instant, count: u8) {
    while let Some(bytes) = ends[from].connection.poll_transmit() {
        ends[from].wire.extend(bytes);
    }
    let count = match count {
        u8::MAX => ends[from].wire.len(),
        count => usize::from(count).min(ends[from].wire.len()),
    };
    let moved: Vec<u8> = ends[from].wire.drain(..count).collect();
    let to = &mut ends[1 - from];
    let mut input = moved.as_slice();
    while let Some(event) = to.connection.handle_input(now, &mut input) {
        match event {
            Event::Message(message) => {
                to.received.push(Bytes::copy_from_slice(message.as_bytes()));
            }
            Event::Ping(_) | Event::Pong(_) => {}
            Event::Closed(closed) => {
                assert!(closed.cause.is_none(), "{closed:?}");
                to.ends += 1;
            }
        }
    }
    to.hear_of_the_end();
}
