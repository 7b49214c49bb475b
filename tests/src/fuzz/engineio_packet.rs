//! Packets are read or refused, and what is read can be written again; so it is with the queries
//! that open sessions.

use sansocket::Message;
use sansocket::engineio::Admission;
use sansocket::engineio::Config;
use sansocket::engineio::OutgoingPacket;
use sansocket::engineio::Packet;
use sansocket::engineio::Parameter;
use sansocket::engineio::Request;
use sansocket::engineio::Transports;

/// The bytes of a message, or the parts of a query, line by line.
pub fn target(data: &[u8]) {
    let binary = Message::Binary(data);
    assert_eq!(Packet::decode(binary), Ok(Packet::Message(binary)));
    let text = String::from_utf8_lossy(data);
    if let Ok(packet) = Packet::decode(Message::Text(&text)) {
        let written = match packet {
            Packet::Open(json) => OutgoingPacket::open(json),
            Packet::Close => OutgoingPacket::close(),
            Packet::Ping("") => OutgoingPacket::ping(),
            Packet::Pong(data) => OutgoingPacket::pong(data),
            Packet::Message(message) => OutgoingPacket::message(&message),
            Packet::Noop => OutgoingPacket::noop(),
            // The server has no need to write these.
            Packet::Ping(_) | Packet::Upgrade => return,
        };
        let again = std::str::from_utf8(&written.bytes).unwrap();
        assert_eq!(Packet::decode(Message::Text(again)), Ok(packet));
    }
    admission(&text);
}

fn admission(text: &str) {
    let mut lines = text.split('\n');
    let method = lines.next().unwrap_or_default();
    let mut parameter = || match lines.next() {
        None => Parameter::Absent,
        Some("repeated") => Parameter::Repeated,
        Some(value) => Parameter::Once(value),
    };
    let (version, transport, sid) = (parameter(), parameter(), parameter());
    for is_upgrade in [false, true] {
        for transports in [Transports::All, Transports::Polling, Transports::WebSocket] {
            let request = Request {
                method,
                is_upgrade,
                version,
                transport,
                sid,
            };
            let config = Config {
                transports,
                ..Config::default()
            };
            match request.admit(&config) {
                Ok(Admission::Open(transport)) => assert!(transports.allows(transport)),
                Ok(Admission::Upgrade { .. }) => assert!(is_upgrade),
                Ok(Admission::Poll { .. } | Admission::Post { .. }) => assert!(!is_upgrade),
                Err(refusal) => assert!((400..500).contains(&refusal.status())),
            }
        }
    }
}
