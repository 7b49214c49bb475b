//! Both roles take any bytes, and make the same of them wherever they are cut.

use sansocket::Instant;
use sansocket::Message;
use sansocket::websocket::CloseFrame;
use sansocket::websocket::Config;
use sansocket::websocket::Connection;
use sansocket::websocket::Event;
use sansocket::websocket::Role;
use sansocket::websocket::frame::Header;
use sansocket::websocket::frame::MAX_HEADER;
use sansocket::websocket::frame::Rsv1;

use crate::Seeded;

/// The bytes of a peer.
pub fn target(data: &[u8]) {
    for role in [Role::Server, Role::Client] {
        let whole = read(role, [data]);
        assert_eq!(whole, read(role, super::pieces(data)));
        assert_eq!(whole, read(role, data.chunks(1)));
        if let Ok(Some((header, len))) = Header::parse(data, role, Rsv1::Reserved) {
            assert!(len <= MAX_HEADER && len <= data.len());
            let mut written = Vec::new();
            header.write(&mut written);
            assert_eq!(written, data[..len], "there is one way to write a header");
        }
    }
    if let Ok(close) = CloseFrame::parse(data) {
        assert!(close.reason.len() <= data.len());
    }
}

/// Everything that happened, and everything that was written.
fn read<'d>(role: Role, pieces: impl IntoIterator<Item = &'d [u8]>) -> (Vec<String>, Vec<u8>) {
    let config = Config {
        max_message_bytes: 1000,
        max_fragments: 10,
        ..Config::default()
    };
    let mut connection = match role {
        Role::Server => Connection::server(config),
        Role::Client => Connection::client(config, &mut Seeded::new(0)).unwrap(),
    };
    let now = Instant::ZERO;
    let mut happened: Vec<String> = Vec::new();
    let mut is_over = false;
    for mut piece in pieces {
        while let Some(event) = connection.handle_input(now, &mut piece) {
            assert!(!is_over, "nothing comes after the end");
            match event {
                Event::Message(Message::Text(text)) => {
                    assert!(text.len() <= config.max_message_bytes);
                }
                Event::Message(Message::Binary(bytes)) => {
                    assert!(bytes.len() <= config.max_message_bytes);
                }
                Event::Ping(payload) | Event::Pong(payload) => assert!(payload.len() <= 125),
                Event::Closed(_) => is_over = true,
            }
            happened.push(format!("{event:?}"));
        }
        assert!(piece.is_empty(), "all input is eaten");
    }
    let mut written = Vec::new();
    while let Some(bytes) = connection.poll_transmit() {
        assert!(!bytes.is_empty());
        written.extend_from_slice(&bytes);
    }
    // Only the newest ping is answered, so the bound does not depend on how many came.
    assert!(written.len() <= 4 * (MAX_HEADER + 125), "{}", written.len());
    assert_eq!(connection.is_open(), !is_over);
    connection.handle_eof();
    let last = connection.poll_event();
    assert_eq!(last.is_some(), !is_over, "the end is told exactly once");
    assert_eq!(connection.poll_event(), None);
    (happened, written)
}
