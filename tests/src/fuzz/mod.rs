//! The fuzz targets: one for each way in, as plain functions over bytes.
//!
//! `fuzz/` runs them under libFuzzer; `tests/fuzz_seeds.rs` runs them over the committed seeds and
//! some mutations of these with the stable compiler. A target panics when something is wrong.

mod choices;

pub mod engineio_packet;
pub mod engineio_payload;
pub mod engineio_session;
pub mod http_connection;
pub mod http_fields;
pub mod http_head;
pub mod json;
pub mod server;
pub mod socketio_acks;
pub mod socketio_decode;
pub mod socketio_rooms;
pub mod utf8;
pub mod websocket_deflate;
pub mod websocket_frames;
pub mod websocket_handshake;
pub mod websocket_pair;

use choices::Choices;
use choices::pieces;

/// A target by its name, which is that of its module, its wrapper in `fuzz/fuzz_targets/` and its
/// folder in `fuzz/seeds/`.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[
    ("engineio_packet", engineio_packet::target),
    ("engineio_payload", engineio_payload::target),
    ("engineio_session", engineio_session::target),
    ("http_connection", http_connection::target),
    ("http_fields", http_fields::target),
    ("http_head", http_head::target),
    ("json", json::target),
    ("server", server::target),
    ("socketio_acks", socketio_acks::target),
    ("socketio_decode", socketio_decode::target),
    ("socketio_rooms", socketio_rooms::target),
    ("utf8", utf8::target),
    ("websocket_deflate", websocket_deflate::target),
    ("websocket_frames", websocket_frames::target),
    ("websocket_handshake", websocket_handshake::target),
    ("websocket_pair", websocket_pair::target),
];
