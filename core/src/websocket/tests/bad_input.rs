//! What broke other implementations. The names are those of the list in `tests/bad_input`.

use super::*;
use alloc::vec;
use proptest::prelude::*;

fn small_limits() -> Config {
    Config {
        max_message_bytes: 1_000,
        max_fragments: 8,
        ..Config::default()
    }
}

fn header(first: u8, len: u64) -> Vec<u8> {
    let mut frame = vec![first, 0x80 | 127];
    frame.extend_from_slice(&len.to_be_bytes());
    frame.extend_from_slice(&[0; 4]);
    frame
}

proptest! {
    #[test]
    fn t20_t22_lengths_never_overflow(
        first in 1_usize..=1_000,
        second in prop_oneof![u64::from(u16::MAX) + 1.., (i64::MAX as u64 - 2_000)..=i64::MAX as u64, (1_u64 << 53)..(1 << 54)],
    ) {
        let mut connection = Connection::server(small_limits());
        let input = [client_frame(false, Opcode::Binary, &vec![0; first]), header(0x80, second)].concat();
        let expected = if second >> 63 == 0 { failed(LimitError::MessageBytes) } else { failed(ProtocolError::LengthTooLarge) };
        prop_assert_eq!(feed(&mut connection, &input), [expected]);
    }
}

#[test]
fn t21_the_highest_bit_of_a_length_is_zero() {
    assert_eq!(
        at_server(&header(0x82, 1 << 63)),
        [failed(ProtocolError::LengthTooLarge)]
    );
    assert_eq!(
        at_server(&header(0x82, u64::MAX)),
        [failed(ProtocolError::LengthTooLarge)]
    );
}

#[test]
fn t23_t32_nothing_is_reserved_for_a_declared_length() {
    assert_eq!(
        at_server(&header(0x82, 1 << 62)),
        [failed(LimitError::MessageBytes)]
    );
    let mut connection = Connection::server(Config::default());
    assert_eq!(feed(&mut connection, &header(0x82, 1024 * 1024)), []);
    assert_eq!(connection.buffer_capacity(), 0);
    assert_eq!(feed(&mut connection, b"x"), []);
    assert!(connection.buffer_capacity() <= 64);
}

#[test]
fn t24_t25_t26_the_default_limit_is_one_mebibyte() {
    let limit = 1024 * 1024;
    assert_eq!(
        at_server(&header(0x82, limit + 1)),
        [failed(LimitError::MessageBytes)]
    );
    let mut connection = Connection::server(Config::default());
    let frame = client_frame(true, Opcode::Binary, &vec![1; limit as usize]);
    assert_eq!(
        feed(&mut connection, &frame),
        [Happened::Binary(vec![1; limit as usize])]
    );
}

#[test]
fn t27_the_limit_holds_over_all_fragments() {
    let input = [
        client_frame(false, Opcode::Binary, &[0; 600]),
        client_frame(false, Opcode::Continuation, &[0; 401]),
    ]
    .concat();
    let (happened, sent) = run(Role::Server, small_limits(), &input);
    assert_eq!(happened, [failed(LimitError::MessageBytes)]);
    assert_eq!(sent[2..4], 1009_u16.to_be_bytes());
}

#[test]
fn t29_t30_t31_fragments_are_counted_even_when_they_are_empty() {
    for payload in [&b""[..], b"x"] {
        let fragments = |count: usize| {
            let mut input = client_frame(false, Opcode::Text, payload);
            for _ in 1..count {
                input.extend(client_frame(false, Opcode::Continuation, payload));
            }
            input
        };
        assert_eq!(run(Role::Server, small_limits(), &fragments(8)).0, []);
        assert_eq!(
            run(Role::Server, small_limits(), &fragments(9)).0,
            [failed(LimitError::Fragments)]
        );
        let client = |frames: Vec<u8>| run(Role::Client, small_limits(), &frames).0;
        let mut frames = server_frame(false, Opcode::Text, payload);
        frames.extend(server_frame(false, Opcode::Continuation, payload).repeat(8));
        assert_eq!(client(frames), [failed(LimitError::Fragments)]);
    }
}

#[test]
fn t28_t29_t33_memory_follows_the_bytes_and_not_the_pieces() {
    let payload = vec![b'x'; 10_000];
    let dribbled = client_frame(true, Opcode::Text, &payload);
    let mut fragmented = client_frame(false, Opcode::Text, b"");
    for byte in &payload {
        fragmented.extend(client_frame(false, Opcode::Continuation, &[*byte]));
    }
    fragmented.extend(client_frame(true, Opcode::Continuation, b""));
    for input in [dribbled, fragmented] {
        let mut connection = Connection::server(Config::default());
        let mut largest = 0;
        let mut happened = Vec::new();
        for byte in input.chunks(1) {
            happened.extend(feed(&mut connection, byte));
            largest = largest.max(connection.buffer_capacity());
        }
        assert_eq!(happened, [Happened::Text("x".repeat(10_000))]);
        assert!(largest <= 2 * payload.len(), "{largest}");
        // Every byte was moved once and checked once: no piece is walked again for a later one.
        assert_eq!(connection.steps(), payload.len());
    }
}

/// The rules of section 5.2, 5.4 and 5.5 for a frame that opens a connection, written down a second
/// time.
fn expected(first: u8, second: u8, role: Role) -> Option<ProtocolError> {
    let opcode = first & 0x0F;
    let masked = second >= 0x80;
    if matches!(opcode, 3..=7 | 11..=15) {
        return Some(ProtocolError::ReservedOpcode);
    }
    if first & 0x70 != 0 {
        return Some(ProtocolError::ReservedBit);
    }
    if opcode >= 8 && first < 0x80 {
        return Some(ProtocolError::FragmentedControlFrame);
    }
    if opcode >= 8 && second & 0x7F > 125 {
        return Some(ProtocolError::LongControlFrame);
    }
    match role {
        Role::Server if !masked => Some(ProtocolError::UnmaskedClientFrame),
        Role::Client if masked => Some(ProtocolError::MaskedServerFrame),
        _ => None,
    }
}

#[test]
fn t34_t35_t36_every_first_and_second_byte_has_its_verdict() {
    for role in [Role::Server, Role::Client] {
        for (first, second) in
            (0..=255).flat_map(|first| (0..=255).map(move |second| (first, second)))
        {
            let mut connection = connection(role, Config::default());
            let happened = feed(&mut connection, &[first, second]);
            let case = (role, first, second);
            match expected(first, second, role) {
                Some(error) => assert_eq!(happened, [failed(error)], "{case:x?}"),
                // A server's empty frame is whole already.
                None if role == Role::Client && second == 0 => match first {
                    0x00 | 0x80 => {
                        assert_eq!(happened, [failed(ProtocolError::UnexpectedContinuation)]);
                    }
                    0x01 | 0x02 => assert_eq!(happened, [], "{case:x?}"),
                    _ => assert_eq!(happened.len(), 1, "{case:x?}"),
                },
                None if role == Role::Client && first & 0x0F == 0 && second < 126 => {
                    assert_eq!(
                        happened,
                        [failed(ProtocolError::UnexpectedContinuation)],
                        "{case:x?}"
                    );
                }
                None => assert_eq!(happened, [], "{case:x?}"),
            }
        }
    }
}

#[test]
fn a_length_takes_the_fewest_bytes() {
    for bytes in [
        &b"\x82\xfe\x00\x00"[..],
        b"\x82\xfe\x00\x7d",
        b"\x82\xff\x00\x00\x00\x00\x00\x00\x00\x00",
        b"\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff",
    ] {
        assert_eq!(at_server(bytes), [failed(ProtocolError::LengthNotMinimal)]);
    }
}

#[test]
fn t39_a_peer_that_pings_and_never_reads_keeps_few_pongs_waiting() {
    let mut connection = Connection::server(Config::default());
    for count in 0..100_000_u32 {
        let ping = client_frame(true, Opcode::Ping, &count.to_be_bytes());
        assert_eq!(feed(&mut connection, &ping).len(), 1);
    }
    let sent = transmitted(&mut connection);
    assert_eq!(sent.len(), 16 * 6);
    assert!(sent.ends_with(&server_frame(true, Opcode::Pong, &99_999_u32.to_be_bytes())));
    assert!(sent.starts_with(&server_frame(true, Opcode::Pong, &0_u32.to_be_bytes())));
}

#[test]
fn t39_a_pong_never_overwrites_a_message() {
    let mut connection = Connection::server(Config::default());
    let ping = client_frame(true, Opcode::Ping, b"");
    for _ in 0..20 {
        feed(&mut connection, &ping);
    }
    connection.send(Message::Text("kept")).unwrap();
    for _ in 0..20 {
        feed(&mut connection, &ping);
    }
    let expected = [&b"\x8a\x00".repeat(16)[..], b"\x81\x04kept", b"\x8a\x00"].concat();
    assert_eq!(transmitted(&mut connection), expected);
}

#[test]
fn t38_masks_are_applied_alike_at_every_length_and_offset() {
    use crate::websocket::mask::MaskKey;
    let key = [1, 2, 4, 8];
    let payload: Vec<u8> = (0..600_u32).map(|at| (at * 7) as u8).collect();
    for len in 0..payload.len() {
        let payload = &payload[..len];
        let expected: Vec<u8> = payload
            .iter()
            .enumerate()
            .map(|(at, byte)| byte ^ key[at % 4])
            .collect();
        let key = MaskKey::new(key);
        assert_eq!(key.unmasked(payload), expected);
        let mut copied = vec![0; len];
        key.copy(payload, &mut copied);
        assert_eq!(copied, expected);
        let cut = len / 3;
        let mut in_place = payload.to_vec();
        key.apply(&mut in_place[..cut]);
        key.after(cut).apply(&mut in_place[cut..]);
        assert_eq!(in_place, expected);
    }
}
