//! Both roles against each other: whatever was negotiated, in any pieces and fragments.

use super::*;
use crate::websocket::frame;
use alloc::string::String;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Said {
    Text(String),
    Binary(Vec<u8>),
}

impl Said {
    fn message(&self) -> Message<'_> {
        match self {
            Self::Text(text) => Message::Text(text),
            Self::Binary(bytes) => Message::Binary(bytes),
        }
    }
}

fn said() -> impl Strategy<Value = Said> {
    let repeated = (".{0,20}", 0_usize..400).prop_map(|(text, count)| text.repeat(count));
    prop_oneof![
        repeated.prop_map(Said::Text),
        ".{0,200}".prop_map(Said::Text),
        (0_usize..70_000, any::<u32>(), 1_u8..=255)
            .prop_map(|(len, seed, below)| { Said::Binary(random(len, seed, below)) }),
    ]
}

/// Bytes that are compressed the worse the more of them may come.
fn random(len: usize, mut state: u32, below: u8) -> Vec<u8> {
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8 % below
    };
    core::iter::repeat_with(next).take(len).collect()
}

fn config() -> impl Strategy<Value = DeflateConfig> {
    let bits = || (8_u8..=15).prop_map(|bits| WindowBits::new(bits).unwrap());
    let level = (1_u8..=9).prop_map(|level| DeflateLevel::new(level).unwrap());
    (any::<[bool; 2]>(), bits(), bits(), level, 0_usize..300).prop_map(
        |(takeover, server_max_window_bits, client_max_window_bits, level, threshold)| {
            DeflateConfig {
                server_no_context_takeover: takeover[0],
                client_no_context_takeover: takeover[1],
                server_max_window_bits,
                client_max_window_bits,
                threshold,
                level,
                max_ratio: 1_000,
            }
        },
    )
}

/// Cuts a frame into fragments.
fn fragments(frames: &[u8], sender: Role, sizes: &[usize]) -> Vec<u8> {
    let (header, at) = frame::Header::parse(frames, sender, frame::Rsv1::Compressed)
        .unwrap()
        .unwrap();
    let mut rest = &frames[at..];
    let mut out = Vec::new();
    let mut first = true;
    let mut sizes = sizes.iter().cycle();
    let mut offset = 0;
    loop {
        let (piece, after) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
        frame::Header {
            fin: after.is_empty(),
            opcode: if first {
                header.opcode
            } else {
                frame::Opcode::Continuation
            },
            compressed: first && header.compressed,
            mask: header.mask.map(|mut key| {
                key.rotate_left(offset % 4);
                key
            }),
            payload_len: piece.len() as u64,
        }
        .write(&mut out);
        out.extend_from_slice(piece);
        offset += piece.len();
        first = false;
        rest = after;
        if rest.is_empty() {
            return out;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn whatever_one_end_says_the_other_hears(
        offered in config(),
        accepted in config(),
        said in prop::collection::vec(said(), 1..8),
        server_speaks in any::<bool>(),
        pieces in prop::collection::vec(1_usize..5_000, 1..20),
        fragment in prop::option::of(prop::collection::vec(0_usize..2_000, 1..5)),
    ) {
        let offer = PermessageDeflate::offer(&offered);
        let lines = [Header {
            name: b"Sec-WebSocket-Extensions",
            value: offer.as_bytes(),
        }];
        let (at_server, response) =
            PermessageDeflate::accept(&Headers::new(&lines), &accepted).unwrap();
        let lines = [Header {
            name: b"Sec-WebSocket-Extensions",
            value: response.as_bytes(),
        }];
        let at_client = PermessageDeflate::check(&Headers::new(&lines), Some(&offered));
        let at_client = at_client.unwrap().unwrap();
        let server = Connection::server(Config::default()).with_deflate(&at_server);
        let client = Connection::client(Config::default(), &mut Fixed).unwrap();
        let client = client.with_deflate(&at_client);
        let (mut speaker, mut listener, role) = if server_speaks {
            (server, client, Role::Server)
        } else {
            (client, server, Role::Client)
        };

        let mut bytes = Vec::new();
        for said in &said {
            speaker.send(said.message()).unwrap();
            let frames = transmitted(&mut speaker);
            match &fragment {
                // Fragments of no bytes alone would have no end.
                Some(sizes) if sizes.iter().any(|size| *size > 0) => {
                    bytes.extend(fragments(&frames, role, sizes));
                }
                _ => bytes.extend(frames),
            }
        }
        let mut rest = &bytes[..];
        let mut heard = Vec::new();
        for piece in pieces.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*piece).min(rest.len()));
            rest = after;
            let (messages, failure) = receive(&mut listener, piece);
            prop_assert_eq!(failure, None);
            heard.extend(messages);
        }
        let said: Vec<&[u8]> = said.iter().map(|said| said.message().as_bytes()).collect();
        prop_assert!(heard == said);
    }

    #[test]
    fn no_input_breaks_the_machine(
        payload in prop::collection::vec(any::<u8>(), 0..300),
        first in prop::sample::select(&[0xC1_u8, 0xC2, 0x41, 0x42][..]),
        followed in prop::collection::vec(any::<u8>(), 0..20),
        cut in 0_usize..300,
    ) {
        let input = [frame(first, &payload), followed].concat();
        let whole = receive(&mut client(&EAGER), &input);
        let mut in_two = client(&EAGER);
        let (head, tail) = input.split_at(cut.min(input.len()));
        let (mut messages, failure) = receive(&mut in_two, head);
        let after = receive(&mut in_two, tail);
        messages.extend(after.0);
        prop_assert_eq!((messages, failure.or(after.1)), whole);
    }
}
