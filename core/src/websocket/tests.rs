//! The protocol as a whole: every vector whole, byte by byte, and cut in two everywhere.

mod bad_input;
mod closing;
mod messages;
mod pair;

use alloc::string::String;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::*;
use crate::Entropy;
use crate::EntropyError;
use crate::Instant;
use crate::Message;
use frame::Header;
use frame::Opcode;

/// An event that outlives its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Happened {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Closed {
        code: u16,
        reason: String,
        clean: bool,
        cause: Option<Error>,
    },
}

impl From<Event<'_>> for Happened {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Message(Message::Text(text)) => Self::Text(text.to_string()),
            Event::Message(Message::Binary(bytes)) => Self::Binary(bytes.to_vec()),
            Event::Ping(payload) => Self::Ping(payload.to_vec()),
            Event::Pong(payload) => Self::Pong(payload.to_vec()),
            Event::Closed(closed) => Self::Closed {
                code: closed.code.as_u16(),
                reason: closed.reason.to_string(),
                clean: closed.clean,
                cause: closed.cause,
            },
        }
    }
}

fn text(text: &str) -> Happened {
    Happened::Text(text.to_string())
}

fn closed(code: u16, reason: &str) -> Happened {
    Happened::Closed {
        code,
        reason: reason.to_string(),
        clean: true,
        cause: None,
    }
}

fn failed(error: impl Into<Error>) -> Happened {
    let error = error.into();
    Happened::Closed {
        code: CloseCode::from(error).as_u16(),
        reason: error.reason().to_string(),
        clean: false,
        cause: Some(error),
    }
}

/// The same bytes for every mask key, so that frames can be told apart from their masks.
struct Fixed;

impl Entropy for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(0xA5);
        Ok(())
    }
}

fn connection(role: Role, config: Config) -> Connection {
    match role {
        Role::Server => Connection::server(config),
        Role::Client => Connection::client(config, &mut Fixed).unwrap(),
    }
}

/// Feeds everything and takes every event; messages are sent back at once.
fn feed(connection: &mut Connection, mut input: &[u8]) -> Vec<Happened> {
    let mut happened = Vec::new();
    loop {
        let before = input.len();
        let Some(event) = connection.handle_input(Instant::ZERO, &mut input) else {
            assert!(input.is_empty(), "input is left although nothing happened");
            return happened;
        };
        assert!(
            input.len() < before || matches!(event, Event::Closed(_)),
            "an event without input: {event:?}"
        );
        happened.push(event.into());
        if let Some(Happened::Text(text)) = happened.last() {
            // Refused once we have closed, and nothing to the test then.
            let _ = connection.send(Message::Text(text));
        }
    }
}

fn transmitted(connection: &mut Connection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(frames) = connection.poll_transmit() {
        bytes.extend_from_slice(&frames);
    }
    bytes
}

/// What happened and what was sent, whatever the pieces the input came in.
fn run(role: Role, config: Config, input: &[u8]) -> (Vec<Happened>, Vec<u8>) {
    let run = |pieces: &[&[u8]]| {
        let mut connection = connection(role, config);
        let happened = pieces
            .iter()
            .flat_map(|piece| feed(&mut connection, piece))
            .collect::<Vec<_>>();
        (happened, transmitted(&mut connection))
    };
    let whole = run(&[input]);
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    assert_eq!(run(&bytes), whole, "byte by byte");
    for cut in 1..input.len() {
        let (head, tail) = input.split_at(cut);
        assert_eq!(run(&[head, tail]), whole, "cut at {cut}");
    }
    whole
}

/// What happens at a server with the default limits.
fn at_server(input: &[u8]) -> Vec<Happened> {
    run(Role::Server, Config::default(), input).0
}

/// One frame of a client, masked.
fn client_frame(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    raw_frame(fin, opcode, payload, Some([0x37, 0xFA, 0x21, 0x3D]))
}

/// One frame of a server.
fn server_frame(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    raw_frame(fin, opcode, payload, None)
}

fn raw_frame(fin: bool, opcode: Opcode, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let header = Header {
        fin,
        opcode,
        compressed: false,
        mask,
        payload_len: payload.len() as u64,
    };
    let mut frame = Vec::new();
    header.write(&mut frame);
    // Masked bytewise, as section 5.3 writes it down, to check the fast way.
    let key = mask.unwrap_or_default();
    frame.extend(
        payload
            .iter()
            .enumerate()
            .map(|(at, byte)| byte ^ key[at % 4]),
    );
    frame
}
