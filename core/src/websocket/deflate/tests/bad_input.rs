//! What broke other implementations. The names are those of the list in `tests/bad_input`.

use super::*;
use crate::websocket::CloseCode;
use alloc::vec;
use std::thread;

/// One compressed message of a server that says `len` zeros in very few bytes.
fn bomb(len: usize) -> Vec<u8> {
    let mut sender = server(&DeflateConfig {
        level: DeflateLevel::new(9).unwrap(),
        ..EAGER
    });
    sender.send(Message::Binary(&vec![0; len])).unwrap();
    transmitted(&mut sender)
}

/// The same from a client.
fn masked_bomb(len: usize) -> Vec<u8> {
    let mut sender = client(&EAGER);
    sender.send(Message::Binary(&vec![0; len])).unwrap();
    transmitted(&mut sender)
}

fn limited(config: Config, ratio: u32) -> [Connection; 2] {
    let agreed = agreed(&DeflateConfig {
        max_ratio: ratio,
        ..EAGER
    });
    let client = Connection::client(config, &mut Fixed).unwrap();
    [
        Connection::server(config).with_deflate(&agreed),
        client.with_deflate(&agreed),
    ]
}

#[test]
fn t25_t40_t42_a_bomb_stops_at_the_limit_of_messages_in_both_roles() {
    let config = Config {
        max_message_bytes: 200_000,
        ..Config::default()
    };
    let len = 20_000_000;
    let inputs = [masked_bomb(len), bomb(len)];
    assert!(inputs.iter().all(|input| input.len() < 25_000));
    for (mut connection, input) in limited(config, u32::MAX).into_iter().zip(inputs) {
        let mut largest = 0;
        let mut failure = None;
        for piece in input.chunks(16) {
            failure = failure.or(receive(&mut connection, piece).1);
            largest = largest.max(connection.buffer_capacity());
        }
        assert_eq!(failure, Some(LimitError::MessageBytes.into()));
        assert!(largest <= 2 * 200_001, "{largest}");
        assert_eq!(connection.buffer_capacity(), 0);
        let close = transmitted(&mut connection);
        assert_eq!(close[0], 0x88);
    }
}

#[test]
fn t41_a_message_over_64_kib_may_not_be_compressed_too_well() {
    let inputs = |len| [masked_bomb(len), bomb(len)];
    let max_bytes = Config::default();
    for (mut connection, input) in limited(max_bytes, 100).into_iter().zip(inputs(65_536)) {
        assert_eq!(receive(&mut connection, &input).0, [vec![0; 65_536]]);
    }
    for (mut connection, input) in limited(max_bytes, 100).into_iter().zip(inputs(65_537)) {
        let heard = receive(&mut connection, &input);
        assert_eq!(heard, (vec![], Some(LimitError::DeflateRatio.into())));
    }
    for (mut connection, input) in limited(max_bytes, 2_000).into_iter().zip(inputs(65_537)) {
        assert_eq!(receive(&mut connection, &input).0, [vec![0; 65_537]]);
    }
}

#[test]
fn t43_the_limit_is_exact() {
    for len in [0, 1, 255, 256, 1_000, 16_384, 16_385, 100_000] {
        let input = bomb(len);
        for (max_message_bytes, fits) in [(len, true), (len.saturating_sub(1), len == 0)] {
            let config = Config {
                max_message_bytes,
                ..Config::default()
            };
            for piece in [1, 7, input.len()] {
                let [_, mut connection] = limited(config, u32::MAX);
                let mut messages = Vec::new();
                let mut failure = None;
                for piece in input.chunks(piece) {
                    let heard = receive(&mut connection, piece);
                    messages.extend(heard.0);
                    failure = failure.or(heard.1);
                }
                if fits {
                    assert_eq!((messages, failure), (vec![vec![0; len]], None));
                } else {
                    let expected = Some(LimitError::MessageBytes.into());
                    assert_eq!((messages, failure), (vec![], expected));
                }
            }
        }
    }
}

#[test]
fn t32_t40_the_declared_length_is_judged_before_a_byte_comes() {
    let config = Config {
        max_message_bytes: 1_000,
        ..Config::default()
    };
    // A little more is legal: what is random becomes longer by compression.
    let declared = |len: u16| [&[0xC2, 126][..], &len.to_be_bytes()].concat();
    for (len, failure) in [
        (1_189, None),
        (1_190, Some(LimitError::MessageBytes.into())),
    ] {
        let [_, mut connection] = limited(config, 100);
        assert_eq!(receive(&mut connection, &declared(len)).1, failure);
        assert_eq!(connection.buffer_capacity(), 0);
    }
    // Over all fragments, and also when nothing comes out of them.
    let [_, mut connection] = limited(config, 100);
    let empty_block = b"\x00\x00\x00\xff\xff";
    let mut input = frame(0x42, empty_block);
    input.extend(frame(0x00, empty_block).repeat(300));
    let (_, failure) = receive(&mut connection, &input);
    assert_eq!(failure, Some(LimitError::MessageBytes.into()));
}

#[test]
fn t30_empty_fragments_of_a_compressed_message_are_counted() {
    let config = Config {
        max_fragments: 8,
        ..Config::default()
    };
    let [_, mut connection] = limited(config, 100);
    let input = [frame(0x41, b""), frame(0x00, b"").repeat(8)].concat();
    let (_, failure) = receive(&mut connection, &input);
    assert_eq!(failure, Some(LimitError::Fragments.into()));
}

#[test]
fn t36_only_the_first_frame_of_a_message_says_that_it_is_compressed() {
    for (mut connection, mask) in [(server(&EAGER), 0x80), (client(&EAGER), 0)] {
        assert_eq!(receive(&mut connection, &[0x41, mask]), (vec![], None));
    }
    for first in 0..=255_u8 {
        let opcode = first & 0x0F;
        let is_legal = match first & 0x70 {
            0x00 => true,
            0x40 => matches!(opcode, 1 | 2),
            _ => false,
        };
        if is_legal || matches!(opcode, 3..=7 | 11..) {
            continue;
        }
        for (mut connection, mask) in [(server(&EAGER), 0x80), (client(&EAGER), 0)] {
            let (_, failure) = receive(&mut connection, &[first, mask]);
            let expected = Some(ProtocolError::ReservedBit.into());
            assert_eq!(failure, expected, "{first:x}");
        }
    }
    let [mut plain_server, mut plain_client] = [
        Connection::server(Config::default()),
        Connection::client(Config::default(), &mut Fixed).unwrap(),
    ];
    let expected = Some(ProtocolError::ReservedBit.into());
    let hello = client_hello();
    assert_eq!(receive(&mut plain_server, &hello), (vec![], expected));
    let hello = frame(0xC1, b"\xf2\x48\xcd\xc9\xc9\x07\x00");
    assert_eq!(receive(&mut plain_client, &hello), (vec![], expected));
}

fn client_hello() -> Vec<u8> {
    let mut client = client(&EAGER);
    client.send(Message::Text("Hello")).unwrap();
    transmitted(&mut client)
}

#[test]
fn what_cannot_be_inflated_ends_the_connection() {
    for payload in [
        // A reserved type of block, a wrong length of a stored one.
        &b"\x07"[..],
        b"\x00\x05\x00\x00\x00Hello",
        // A distance that reaches before the first message.
        b"\x02\x06\x00",
        // Cut: inside a stored block, inside a code.
        b"\x00\x05\x00\xfa\xffHe",
        b"\xf2\x48\xcd\xc9",
        // With the end of the flush, which does not belong to the message.
        b"\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff",
        // Behind a final block, the same again.
        b"\xf3\x48\xcd\xc9\xc9\x07\x00\x07",
        b"\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x48",
    ] {
        let mut connection = client(&EAGER);
        let (messages, failure) = receive(&mut connection, &frame(0xC2, payload));
        assert_eq!(
            (messages, failure),
            (vec![], Some(Error::InvalidDeflate)),
            "{payload:x?}"
        );
        let close = transmitted(&mut connection);
        assert_eq!(close[..2], [0x88, close[1]]);
        assert_eq!(CloseCode::from(Error::InvalidDeflate).as_u16(), 1007);
    }
}

#[test]
fn what_other_peers_leave_out_is_not_missed() {
    // A final block without the start of another one, and no byte at all for an empty message.
    for (payload, message) in [
        (&b"\xf3\x48\xcd\xc9\xc9\x07\x00"[..], &b"Hello"[..]),
        (b"", b""),
    ] {
        let heard = receive(&mut client(&EAGER), &frame(0xC1, payload));
        assert_eq!(heard, (vec![message.to_vec()], None));
    }
    // Several final blocks, each on a whole byte; the next message may still refer to them.
    let final_block = b"\xf3\x48\xcd\xc9\xc9\x07\x00";
    let twice = [final_block, &final_block[..]].concat();
    let again = frame(0xC1, b"\xf2\x00\x11\x00\x00");
    let input = [frame(0xC1, &twice), again].concat();
    let heard = receive(&mut client(&EAGER), &input);
    assert_eq!(
        heard,
        (vec![b"HelloHello".to_vec(), b"Hello".to_vec()], None)
    );
}

#[test]
fn a_compressed_text_fails_at_its_first_wrong_byte() {
    let mut sender = server(&EAGER);
    let wrong = [b"\xce\xba\xf4\x90\x80\x80".as_slice(), &[b'x'; 5_000]].concat();
    sender.send(Message::Binary(&wrong)).unwrap();
    let mut input = transmitted(&mut sender);
    input[0] = 0xC1;
    // Nothing but the wrong bytes is needed to know.
    let (messages, failure) = receive(&mut client(&EAGER), &input[..input.len() - 2]);
    assert_eq!((messages, failure), (vec![], Some(Error::InvalidUtf8)));
    // A character that is cut by the end of its message.
    let mut sender = server(&EAGER);
    sender.send(Message::Binary(b"\xc3")).unwrap();
    let mut input = transmitted(&mut sender);
    input[0] = 0xC1;
    let (messages, failure) = receive(&mut client(&EAGER), &input);
    assert_eq!((messages, failure), (vec![], Some(Error::InvalidUtf8)));
}

#[test]
fn t45_no_stream_is_too_deep_for_a_small_stack() {
    let junk = thread::Builder::new().stack_size(64 * 1024);
    let heard = junk.spawn(|| {
        let mut random = 0x9E37_79B9_7F4A_7C15_u64;
        let mut failures = 0;
        for round in 0..3_000 {
            let mut payload: Vec<u8> = (0..round % 300)
                .map(|_| {
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    (random >> 32) as u8
                })
                .collect();
            // Every type of block is tried, final and not.
            if let Some(first) = payload.first_mut() {
                *first = *first & 0xF8 | (round % 6) as u8;
            }
            let (_, failure) = receive(&mut client(&EAGER), &frame(0xC2, &payload));
            failures += usize::from(failure.is_some());
        }
        failures
    });
    let failures = heard.unwrap().join().unwrap();
    assert!(failures > 2_000, "{failures}");
}
