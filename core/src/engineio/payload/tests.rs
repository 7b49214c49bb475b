use alloc::string::String;
use alloc::string::ToString;
use alloc::vec;

use proptest::prelude::*;

use super::*;
use crate::engineio::error::PacketError;

/// A received packet that is kept.
#[derive(Clone, Debug, PartialEq)]
enum Kept {
    Text(String),
    Binary(Vec<u8>),
    Other(String),
}

fn read_with(body: &[u8], config: &Config) -> (Vec<Kept>, Option<PayloadError>) {
    let mut reader = PayloadReader::new(body, config);
    let mut packets = Vec::new();
    let mut error = None;
    while let Some(packet) = reader.next_packet() {
        assert_eq!(error, None, "nothing follows an error");
        match packet {
            Ok(Packet::Message(Message::Text(text))) => packets.push(Kept::Text(text.to_string())),
            Ok(Packet::Message(Message::Binary(bytes))) => packets.push(Kept::Binary(bytes.into())),
            Ok(other) => packets.push(Kept::Other(alloc::format!("{other:?}"))),
            Err(why) => error = Some(why),
        }
    }
    (packets, error)
}

fn read(body: &[u8]) -> (Vec<Kept>, Option<PayloadError>) {
    read_with(body, &Config::default())
}

fn text(text: &str) -> Kept {
    Kept::Text(text.to_string())
}

#[test]
fn the_examples_of_the_specification_read() {
    let (packets, error) = read(b"4hello\x1e2\x1e4world");
    let ping = Kept::Other("Ping(\"\")".to_string());
    assert_eq!(packets, [text("hello"), ping, text("world")]);
    assert_eq!(error, None);

    let (packets, error) = read(b"4hello\x1ebAQIDBA==");
    assert_eq!(packets, [text("hello"), Kept::Binary(vec![1, 2, 3, 4])]);
    assert_eq!(error, None);
}

#[test]
fn empty_messages_are_messages() {
    assert_eq!(
        read(b"4\x1eb"),
        (vec![text(""), Kept::Binary(vec![])], None)
    );
}

#[test]
fn base64_may_come_without_padding_but_not_with_other_letters() {
    assert_eq!(read(b"bAQIDBA").0, [Kept::Binary(vec![1, 2, 3, 4])]);
    for body in ["b!", "bAQ_-", "bAQI", "bA", "bAQ==AQ==", "b AQID", "b="] {
        let (packets, error) = read(body.as_bytes());
        // Three letters are two bytes whose last bits must be zero: `AQI` is fine.
        if body == "bAQI" {
            assert_eq!((packets.len(), error), (1, None));
        } else {
            assert_eq!(
                (packets.len(), error),
                (0, Some(PayloadError::Base64)),
                "{body}"
            );
        }
    }
}

#[test]
fn text_has_to_be_utf8() {
    assert_eq!(read("4€".as_bytes()).0, [text("€")]);
    assert_eq!(
        read(b"4ok\x1e4\xff").1,
        Some(PayloadError::Utf8),
        "a byte that never occurs"
    );
    assert_eq!(
        read(b"4\xe2\x82\x1e4\xac").1,
        Some(PayloadError::Utf8),
        "a character is not continued behind a separator"
    );
}

#[test]
fn t47_the_body_is_split_lazily_and_once() {
    let config = Config {
        max_payload_packets: usize::MAX,
        ..Config::default()
    };
    let body = b"412\x1e".repeat(100_000);
    let mut reader = PayloadReader::new(&body, &config);
    let mut unread = body.len();
    while let Some(Ok(_)) = reader.next_packet() {
        let rest = reader.rest.unwrap_or_default().len();
        assert_eq!(unread - rest, 4, "each step eats its packet and no more");
        unread = rest;
        assert_eq!(reader.decoded.capacity(), 0, "text is not copied");
    }
}

#[test]
fn t47_a_body_over_the_limit_is_not_even_looked_at() {
    let config = Config {
        max_payload_bytes: 5,
        ..Config::default()
    };
    assert_eq!(read_with(b"4four", &config), (vec![text("four")], None));
    assert_eq!(
        read_with(b"4fours", &config),
        (vec![], Some(PayloadError::TooLarge))
    );
}

#[test]
fn t48_an_empty_packet_is_an_error() {
    let empty = Some(PayloadError::Packet(PacketError::Empty));
    assert_eq!(read(b"").1, empty);
    assert_eq!(read(b"\x1e").1, empty);
    assert_eq!(read(b"4a\x1e").1, empty);
    assert_eq!(read(b"\x1e4a").1, empty);
    assert_eq!(read(b"4a\x1e\x1e4b"), (vec![text("a")], empty));
    let flood = b"\x1e".repeat(1_000_000);
    assert_eq!(read(&flood), (vec![], empty));
}

#[test]
fn t49_a_burst_up_to_the_limit_loses_nothing_and_beyond_it_is_an_error() {
    let burst = |count: usize| ["4x"].repeat(count).join("\x1e");
    let (packets, error) = read(burst(1_024).as_bytes());
    assert_eq!((packets.len(), error), (1_024, None));
    let (packets, error) = read(burst(1_025).as_bytes());
    assert_eq!(
        (packets.len(), error),
        (1_024, Some(PayloadError::TooManyPackets))
    );
}

#[test]
fn t60_base64_that_starts_like_a_packet_type_stays_binary() {
    // 0xe0 is `4A==`: the letter behind the `b` is data, not the type of a message.
    for first in 0..=u8::MAX {
        let body = encode(&[OutgoingPacket::message(&Message::Binary(&[first]))]);
        assert_eq!(read(&body), (vec![Kept::Binary(vec![first])], None));
    }
    assert_eq!(
        &encode(&[OutgoingPacket::message(&Message::Binary(&[0xe0]))])[..],
        b"b4A=="
    );
}

#[test]
fn t60_a_payload_of_version_3_is_refused() {
    let bodies = [
        &b"\x01\x05\xff\x04\x01\x02"[..],
        b"\x00\x01\xff4",
        b"\xd0:4a",
        b"6:4hello",
        b"1:21:2",
        b"b4AQIDBA==\xff",
    ];
    for body in bodies {
        let (packets, error) = read(body);
        assert_eq!(packets, [], "{body:?}");
        assert!(error.is_some(), "{body:?}");
    }
}

#[test]
fn one_text_packet_is_the_body_without_a_copy() {
    let packet = OutgoingPacket::message(&Message::Text("hello"));
    let body = encode(core::slice::from_ref(&packet));
    assert_eq!(body.as_ptr(), packet.bytes.as_ptr());
    assert_eq!(&body[..], b"4hello");
}

#[test]
fn packets_are_joined_in_order() {
    let packets = [
        OutgoingPacket::message(&Message::Text("hello")),
        OutgoingPacket::message(&Message::Binary(&[1, 2, 3, 4])),
        OutgoingPacket::noop(),
        OutgoingPacket::close(),
    ];
    assert_eq!(&encode(&packets)[..], b"4hello\x1ebAQIDBA==\x1e6\x1e1");
    assert_eq!(&encode(&[])[..], b"");
}

#[test]
fn the_body_is_allocated_once() {
    let packets = [
        OutgoingPacket::message(&Message::Binary(&[0; 100])),
        OutgoingPacket::message(&Message::Text("text")),
    ];
    let space: usize = packets.iter().map(encoded_len).sum();
    assert_eq!(
        encode(&packets).len(),
        space - 1,
        "the first needs no separator"
    );
}

fn any_message() -> impl Strategy<Value = Kept> {
    prop_oneof![
        "[^\x1e]{0,20}".prop_map(Kept::Text),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Kept::Binary),
    ]
}

proptest! {
    #[test]
    fn t60_what_is_encoded_reads_back(messages in prop::collection::vec(any_message(), 1..20)) {
        let packets: Vec<_> = messages.iter().map(|message| match message {
            Kept::Text(text) => OutgoingPacket::message(&Message::Text(text)),
            Kept::Binary(bytes) => OutgoingPacket::message(&Message::Binary(bytes)),
            Kept::Other(_) => unreachable!("only messages are generated"),
        }).collect();
        prop_assert_eq!(read(&encode(&packets)), (messages, None));
    }

    #[test]
    fn any_bytes_are_read_within_the_limits(body in prop::collection::vec(
        prop_oneof![Just(0x1e), Just(b'4'), Just(b'b'), Just(b'='), any::<u8>()], 0..200,
    )) {
        let separators = body.iter().filter(|&&byte| byte == 0x1e).count();
        let (packets, error) = read(&body);
        // Either everything was read, or there is an error: nothing is dropped in silence.
        prop_assert_eq!(packets.len() == separators + 1, error.is_none());
        let kept: usize = packets.iter().map(|packet| match packet {
            Kept::Binary(bytes) => bytes.len(),
            Kept::Text(text) => text.len(),
            Kept::Other(_) => 0,
        }).sum();
        prop_assert!(kept <= body.len());
    }
}
