//! Payloads are read packet by packet, and what is read can be written again.

use sansocket::engineio::Config;
use sansocket::engineio::OutgoingPacket;
use sansocket::engineio::Packet;
use sansocket::engineio::payload;
use sansocket::engineio::payload::PayloadReader;

/// The body of a POST.
pub fn target(data: &[u8]) {
    let config = Config {
        max_payload_bytes: 4096,
        max_payload_packets: 16,
        ..Config::default()
    };
    let (messages, ended_well) = read(data, &config);
    assert!(messages.len() <= config.max_payload_packets);
    assert!(
        messages
            .iter()
            .map(|packet| packet.bytes.len())
            .sum::<usize>()
            <= 2 * data.len()
    );
    if ended_well && !messages.is_empty() {
        let written = payload::encode(&messages);
        let generous = Config {
            max_payload_bytes: 8192,
            ..config
        };
        let (again, ended_well) = read(&written, &generous);
        assert!(ended_well);
        assert_eq!(messages, again);
    }
}

/// The messages of a payload, and whether it had no fault.
fn read(data: &[u8], config: &Config) -> (Vec<OutgoingPacket>, bool) {
    let mut reader = PayloadReader::new(data, config);
    let mut messages = Vec::new();
    // Every packet takes a byte and a separator, so there cannot be more than this.
    for _ in 0..data.len() + 2 {
        match reader.next_packet() {
            Some(Ok(Packet::Message(message))) => messages.push(OutgoingPacket::message(&message)),
            Some(Ok(_)) => {}
            Some(Err(_)) => {
                assert!(reader.next_packet().is_none(), "an error is the end");
                return (messages, false);
            }
            None => return (messages, true),
        }
    }
    panic!("a payload without an end");
}
