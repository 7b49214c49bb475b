//! Compressed messages: any bytes at both roles, and two ends that understand each other whatever they
//! agreed on, own and shared messages mixed.

use sansocket::Instant;
use sansocket::Message;
use sansocket::websocket::Compressor;
use sansocket::websocket::Config;
use sansocket::websocket::Connection;
use sansocket::websocket::DeflateConfig;
use sansocket::websocket::DeflateLevel;
use sansocket::websocket::Event;
use sansocket::websocket::Role;
use sansocket::websocket::WindowBits;

use super::Choices;
use crate::Seeded;
use crate::deflate_agreed;

/// A byte for what was agreed on, then the bytes of a peer, which are also what two ends do.
pub fn target(data: &[u8]) {
    let Some((agreed, data)) = data.split_first() else {
        return;
    };
    let config = config(*agreed);
    for role in [Role::Server, Role::Client] {
        let whole = read(role, &config, [data]);
        assert_eq!(whole, read(role, &config, super::pieces(data)));
        assert_eq!(whole, read(role, &config, data.chunks(1)));
    }
    talk(&config, data);
}

fn config(choice: u8) -> DeflateConfig {
    let bits = WindowBits::new(8 + (choice >> 2 & 7)).unwrap();
    DeflateConfig {
        server_no_context_takeover: choice & 1 != 0,
        client_no_context_takeover: choice & 2 != 0,
        server_max_window_bits: bits,
        client_max_window_bits: bits,
        threshold: usize::from(choice >> 5),
        ..DeflateConfig::default()
    }
}

fn connection(role: Role, config: &DeflateConfig) -> Connection {
    let limits = Config {
        max_message_bytes: MAX_MESSAGE_BYTES,
        ..Config::default()
    };
    let connection = match role {
        Role::Server => Connection::server(limits),
        Role::Client => Connection::client(limits, &mut Seeded::new(0)).unwrap(),
    };
    connection.with_deflate(&deflate_agreed(config))
}

/// Everything that happened.
fn read<'d>(
    role: Role,
    config: &DeflateConfig,
    pieces: impl IntoIterator<Item = &'d [u8]>,
) -> Vec<String> {
    let mut connection = connection(role, config);
    let mut happened = Vec::new();
    for mut piece in pieces {
        while let Some(event) = connection.handle_input(Instant::ZERO, &mut piece) {
            if let Event::Message(message) = event {
                assert!(message.as_bytes().len() <= MAX_MESSAGE_BYTES);
            }
            happened.push(format!("{event:?}"));
        }
        assert!(piece.is_empty(), "all input is eaten");
    }
    happened
}

/// A server and its client say what the bytes choose, and each hears what the other said.
fn talk(config: &DeflateConfig, data: &[u8]) {
    let mut choices = Choices::new(data);
    let mut compressor = Compressor::new(DeflateLevel::DEFAULT);
    let mut server = connection(Role::Server, config);
    let mut client = connection(Role::Client, config);
    while !choices.is_empty() {
        let way = choices.below(5);
        let message = choices.bytes().repeat(1 + choices.below(40));
        let (speaker, listener) = match way {
            0 | 1 => (&mut client, &mut server),
            _ => (&mut server, &mut client),
        };
        let message = Message::Binary(&message);
        let mut frames = Vec::new();
        match way {
            0 | 2 => speaker.send(message).unwrap(),
            4 => {
                speaker.release_compressor();
                speaker.send(message).unwrap();
            }
            _ => {
                let mut shared = compressor.share(message);
                frames.extend(speaker.send_shared(&mut shared).unwrap());
            }
        }
        frames.extend(speaker.poll_transmit());
        let frames = frames.concat();
        let mut input: &[u8] = &frames;
        let heard = listener.handle_input(Instant::ZERO, &mut input);
        assert_eq!(heard, Some(Event::Message(message)));
        assert!(input.is_empty());
    }
}

/// Below 64 KiB, where no ratio is looked at.
const MAX_MESSAGE_BYTES: usize = 60_000;
