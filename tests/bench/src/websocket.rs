//! Client frames decoded, unmasked and checked for UTF-8, whole messages in one input.

use std::hint::black_box;
use std::io;
use std::io::Read;
use std::io::Write;

use sansocket::Instant;
use sansocket::websocket::Config;
use sansocket::websocket::Connection;
use sansocket::websocket::Event;
use sansocket::websocket::frame;
use sansocket::websocket::frame::Opcode;
use tungstenite::protocol::Role;
use tungstenite::protocol::WebSocket;

use crate::interleave::Figure;
use crate::interleave::compare;

pub(crate) fn decode() -> Vec<Figure> {
    let mut figures = Vec::new();
    for (kind, opcode) in [("text", Opcode::Text), ("binary", Opcode::Binary)] {
        for size in [16, 125, 1024, 64 * 1024] {
            let count = (1 << 20) / (size + 256) as u32;
            let payload = vec![b'a'; size];
            let mut stream = Vec::new();
            for _ in 0..count {
                frame::write_frame(&mut stream, opcode, &payload, Some([1, 2, 3, 4]));
            }
            let mut connection = Connection::server(Config::default());
            let ours = || {
                let mut input = black_box(stream.as_slice());
                let mut messages = 0;
                while let Some(event) = connection.handle_input(Instant::ZERO, &mut input) {
                    assert!(matches!(black_box(event), Event::Message(_)));
                    messages += 1;
                }
                assert_eq!(messages, count);
            };
            let theirs = || {
                let input = Arrived(black_box(&stream));
                let mut socket = WebSocket::from_raw_socket(input, Role::Server, None);
                for _ in 0..count {
                    black_box(socket.read()).expect("a whole message");
                }
            };
            figures.push(compare(
                format!("websocket decode, {kind}, {size} B"),
                "tungstenite 0.30.0",
                count,
                ours,
                theirs,
            ));
        }
    }
    figures
}

/// A socket that has received everything, and whose writes go nowhere.
struct Arrived<'a>(&'a [u8]);

impl Read for Arrived<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Arrived<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
