//! Compressed messages between two ends, and against streams made by hand.

mod bad_input;
mod memory;
mod messages;
mod pair;
mod reference;
mod shared;

use alloc::vec::Vec;

use super::*;
use crate::Entropy;
use crate::EntropyError;
use crate::Instant;
use crate::Message;
use crate::http::Header;
use crate::http::Headers;
use crate::websocket::Config;
use crate::websocket::Connection;
use crate::websocket::Event;
use crate::websocket::LimitError;
use crate::websocket::ProtocolError;

struct Fixed;

impl Entropy for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(0x5A);
        Ok(())
    }
}

/// Takeover in both directions, and everything compressed.
const EAGER: DeflateConfig = DeflateConfig {
    server_no_context_takeover: false,
    client_no_context_takeover: false,
    server_max_window_bits: WindowBits::MAX,
    client_max_window_bits: WindowBits::MAX,
    threshold: 0,
    level: DeflateLevel::DEFAULT,
    max_ratio: 100,
};

fn agreed(config: &DeflateConfig) -> PermessageDeflate {
    let lines = [Header {
        name: b"Sec-WebSocket-Extensions",
        value: b"permessage-deflate; client_max_window_bits",
    }];
    let accepted = PermessageDeflate::accept(&Headers::new(&lines), config);
    accepted.unwrap().0
}

fn server(config: &DeflateConfig) -> Connection {
    Connection::server(Config::default()).with_deflate(&agreed(config))
}

fn client(config: &DeflateConfig) -> Connection {
    let client = Connection::client(Config::default(), &mut Fixed).unwrap();
    client.with_deflate(&agreed(config))
}

/// Everything that `connection` makes of `input`: its messages, and why it failed, if it did.
fn receive(connection: &mut Connection, mut input: &[u8]) -> (Vec<Vec<u8>>, Option<Error>) {
    let mut messages = Vec::new();
    while let Some(event) = connection.handle_input(Instant::ZERO, &mut input) {
        match event {
            Event::Message(message) => messages.push(message.as_bytes().to_vec()),
            Event::Closed(closed) => return (messages, closed.cause),
            Event::Ping(_) | Event::Pong(_) => {}
        }
    }
    (messages, None)
}

/// A server's frame, unmasked and compressed already.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    crate::websocket::frame::Header {
        fin: first & 0x80 != 0,
        opcode: match first & 0x0F {
            0 => crate::websocket::frame::Opcode::Continuation,
            1 => crate::websocket::frame::Opcode::Text,
            _ => crate::websocket::frame::Opcode::Binary,
        },
        compressed: first & 0x40 != 0,
        mask: None,
        payload_len: payload.len() as u64,
    }
    .write(&mut frame);
    frame.extend_from_slice(payload);
    frame
}

fn transmitted(connection: &mut Connection) -> Vec<u8> {
    connection
        .poll_transmit()
        .map(|bytes| bytes.to_vec())
        .unwrap_or_default()
}
