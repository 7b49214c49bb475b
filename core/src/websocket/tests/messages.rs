//! Messages, fragments and control frames between them.

use super::*;
use alloc::vec;
use core::time::Duration;

#[test]
fn the_examples_of_section_5_7() {
    assert_eq!(
        at_server(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
        [text("Hello")]
    );
    let at_client = |input: &[u8]| run(Role::Client, Config::default(), input).0;
    assert_eq!(at_client(b"\x81\x05Hello"), [text("Hello")]);
    assert_eq!(at_client(b"\x01\x03Hel\x80\x02lo"), [text("Hello")]);
    assert_eq!(
        at_client(b"\x89\x05Hello\x8a\x05Hello"),
        [
            Happened::Ping(b"Hello".to_vec()),
            Happened::Pong(b"Hello".to_vec()),
        ]
    );
}

#[test]
fn every_length_of_a_header_is_read() {
    for len in [
        0, 1, 3, 4, 15, 16, 17, 124, 125, 126, 127, 255, 256, 257, 1_023, 1_024, 1_025,
    ] {
        let payload: Vec<u8> = (0..len).map(|at| at as u8).collect();
        let input = client_frame(true, Opcode::Binary, &payload);
        assert_eq!(at_server(&input), [Happened::Binary(payload)], "{len}");
    }
    for len in [65_535, 65_536, 65_537] {
        let payload = vec![7; len];
        let input = client_frame(true, Opcode::Binary, &payload);
        for piece in [len - 1, 4_096, input.len()] {
            let mut connection = Connection::server(Config::default());
            let pieces = input.chunks(piece);
            let happened: Vec<_> = pieces
                .flat_map(|piece| feed(&mut connection, piece))
                .collect();
            assert_eq!(
                happened,
                [Happened::Binary(payload.clone())],
                "{len} in {piece}"
            );
        }
    }
}

#[test]
fn control_frames_come_between_fragments() {
    let input = [
        client_frame(false, Opcode::Text, b"a"),
        client_frame(true, Opcode::Ping, b"1"),
        client_frame(false, Opcode::Continuation, b""),
        client_frame(true, Opcode::Pong, b"2"),
        client_frame(true, Opcode::Continuation, b"b"),
        client_frame(true, Opcode::Text, b"c"),
    ]
    .concat();
    let (happened, sent) = run(Role::Server, Config::default(), &input);
    assert_eq!(
        happened,
        [
            Happened::Ping(b"1".to_vec()),
            Happened::Pong(b"2".to_vec()),
            text("ab"),
            text("c"),
        ]
    );
    assert_eq!(sent, b"\x8a\x011\x81\x02ab\x81\x01c");
}

#[test]
fn a_character_may_be_cut_by_fragments() {
    let input = [
        client_frame(false, Opcode::Text, b"\xf0\x9f"),
        client_frame(false, Opcode::Continuation, b"\x98"),
        client_frame(true, Opcode::Continuation, b"\x80"),
    ]
    .concat();
    assert_eq!(at_server(&input), [text("\u{1f600}")]);
}

#[test]
fn wrong_text_fails_at_its_first_wrong_byte() {
    // Autobahn 6.4.x: the frame is far from complete.
    let mut input = client_frame(
        true,
        Opcode::Text,
        b"\xce\xba\xe1\xbd\xb9\xf4\x90\x80\x80edited",
    );
    input.truncate(6 + 7);
    assert_eq!(at_server(&input), [failed(Error::InvalidUtf8)]);
    let whole = client_frame(true, Opcode::Text, b"\xed\xa0\x80");
    assert_eq!(at_server(&whole), [failed(Error::InvalidUtf8)]);
    let unfinished = client_frame(true, Opcode::Text, b"\xc3");
    assert_eq!(at_server(&unfinished), [failed(Error::InvalidUtf8)]);
    let fragments = [
        client_frame(false, Opcode::Text, b"\xc3"),
        client_frame(true, Opcode::Continuation, b""),
    ]
    .concat();
    assert_eq!(at_server(&fragments), [failed(Error::InvalidUtf8)]);
}

#[test]
fn binary_is_not_checked_as_text() {
    let input = client_frame(true, Opcode::Binary, b"\xff\xfe");
    assert_eq!(at_server(&input), [Happened::Binary(b"\xff\xfe".to_vec())]);
}

#[test]
fn fragments_out_of_place_are_refused() {
    let continuation = client_frame(true, Opcode::Continuation, b"a");
    assert_eq!(
        at_server(&continuation),
        [failed(ProtocolError::UnexpectedContinuation)]
    );
    let two = [
        client_frame(false, Opcode::Text, b"a"),
        client_frame(true, Opcode::Text, b"b"),
    ]
    .concat();
    assert_eq!(
        at_server(&two),
        [failed(ProtocolError::ExpectedContinuation)]
    );
}

#[test]
fn good_frames_before_a_bad_one_are_delivered_and_answered() {
    let input = [
        client_frame(true, Opcode::Text, b"good"),
        client_frame(true, Opcode::Ping, b"p"),
        b"\x83\x80\0\0\0\0".to_vec(),
        client_frame(true, Opcode::Text, b"never read"),
    ]
    .concat();
    let (happened, sent) = run(Role::Server, Config::default(), &input);
    assert_eq!(
        happened,
        [
            text("good"),
            Happened::Ping(b"p".to_vec()),
            failed(ProtocolError::ReservedOpcode),
        ]
    );
    assert!(sent.starts_with(b"\x81\x04good\x8a\x01p\x88"));
    let reason = ProtocolError::ReservedOpcode;
    assert!(sent.ends_with(Error::from(reason).reason().as_bytes()));
}

#[test]
fn a_broadcast_can_be_framed_in_place() {
    for len in [0, 1, 125, 126, 65_535, 65_536] {
        let mut buffer = vec![0xEE; frame::MAX_SERVER_HEADER];
        buffer.resize(frame::MAX_SERVER_HEADER + len, b'x');
        let start = frame::write_header_before(&mut buffer, frame::MAX_SERVER_HEADER, Opcode::Text);
        let framed = &buffer[start.unwrap()..];
        assert_eq!(framed, server_frame(true, Opcode::Text, &vec![b'x'; len]));
        assert_eq!(
            framed,
            frame::encode_frame(Opcode::Text, &vec![b'x'; len], None)
        );
    }
    let mut buffer = [0; 20];
    assert_eq!(
        frame::write_header_before(&mut buffer, 9, Opcode::Text),
        None
    );
    assert_eq!(
        frame::write_header_before(&mut buffer, 21, Opcode::Text),
        None
    );
}

#[test]
fn a_connection_is_small_and_keeps_little() {
    // The counter of steps is there only for tests.
    let size = size_of::<Connection>() - size_of::<usize>();
    assert!(size <= 200, "{size}");
    let config = Config {
        close_timeout: Duration::ZERO,
        ..Config::default()
    };
    let mut connection = Connection::server(config);
    feed(
        &mut connection,
        &client_frame(true, Opcode::Binary, &[0; 100_000]),
    );
    assert!(connection.buffer_capacity() <= 1_024);
    for fragment in client_frame(true, Opcode::Binary, &[0; 100_000]).chunks(1_000) {
        feed(&mut connection, fragment);
    }
    assert!(connection.buffer_capacity() <= 1_024);
}
