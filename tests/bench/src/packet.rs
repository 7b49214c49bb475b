//! Socket.IO packets decoded to namespace, event name and checked argument text.

use std::hint::black_box;

use sansocket::socketio::Config;
use sansocket::socketio::decode as decode_packet;

use crate::interleave::Figure;
use crate::interleave::compare;

pub(crate) fn decode() -> Vec<Figure> {
    let config = Config::default();
    let cases = [
        ("event", r#"2["message",{"id":123,"text":"hello"}]"#),
        ("acknowledgement", r#"317["saved"]"#),
    ];
    cases
        .into_iter()
        .map(|(name, text)| {
            let ours = || {
                for _ in 0..OPERATIONS {
                    black_box(decode_packet(black_box(text), &config)).expect("a packet");
                }
            };
            let theirs = || {
                for _ in 0..OPERATIONS {
                    let json = text.trim_start_matches(|c: char| c.is_ascii_digit());
                    let value = serde_json::from_str::<serde_json::Value>(black_box(json));
                    black_box(value).expect("JSON");
                }
            };
            compare(
                format!("packet decode, {name}"),
                "serde_json to a tree",
                OPERATIONS,
                ours,
                theirs,
            )
        })
        .collect()
}

const OPERATIONS: u32 = 10_000;
