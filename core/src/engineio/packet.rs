//! Packets: what one WebSocket message, or one piece of a payload, means.

use alloc::vec::Vec;

use bytes::Bytes;

use super::error::PacketError;
use crate::Message;
use crate::MessageKind;

/// A packet as it was received, lent from the message that carried it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// `0`: the server's handshake, with its JSON.
    Open(&'a str),
    /// `1`: the sender is leaving.
    Close,
    /// `2`: a heartbeat, or the probe of an upgrade.
    Ping(&'a str),
    /// `3`: the answer to a ping, with the same data.
    Pong(&'a str),
    /// `4`, or bytes: a message for the application.
    Message(Message<'a>),
    /// `5`: the client finishes its upgrade.
    Upgrade,
    /// `6`: nothing; it only ends a poll that waits.
    Noop,
}

impl<'a> Packet<'a> {
    /// Reads a WebSocket message, which is always exactly one packet.
    ///
    /// # Errors
    ///
    /// [`PacketError`] when the text is empty, starts with no packet type, or has data behind a type
    /// that carries none (`1`, `5`, `6`). The reference server drops that data; but data is nothing to
    /// drop in silence, least of all that of a `6:4hello`, a message in the format of version 3.
    ///
    /// ```
    /// use sansocket::Message;
    /// use sansocket::engineio::Packet;
    ///
    /// let packet = Packet::decode(Message::Text("4hello"));
    /// assert_eq!(packet, Ok(Packet::Message(Message::Text("hello"))));
    /// ```
    pub fn decode(message: Message<'a>) -> Result<Self, PacketError> {
        let text = match message {
            // §Packet encoding, WebSocket: bytes are sent as they are; only messages are binary.
            Message::Binary(_) => return Ok(Self::Message(message)),
            Message::Text(text) => text,
        };
        let &kind = text.as_bytes().first().ok_or(PacketError::Empty)?;
        let data = text.get(1..).ok_or(PacketError::UnknownType(kind))?;
        match kind {
            b'0' => Ok(Self::Open(data)),
            b'1' | b'5' | b'6' if !data.is_empty() => Err(PacketError::UnexpectedData(kind)),
            b'1' => Ok(Self::Close),
            b'2' => Ok(Self::Ping(data)),
            b'3' => Ok(Self::Pong(data)),
            b'4' => Ok(Self::Message(Message::Text(data))),
            b'5' => Ok(Self::Upgrade),
            b'6' => Ok(Self::Noop),
            _ => Err(PacketError::UnknownType(kind)),
        }
    }
}

/// A packet to be sent, encoded once for every transport. A clone shares the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingPacket {
    /// The kind of WebSocket message that carries it.
    pub kind: MessageKind,
    /// Text: the whole packet, its type first (`4hello`), in UTF-8. Binary: the bare bytes; a
    /// WebSocket sends them so, a payload as `b` and base64.
    pub bytes: Bytes,
}

impl OutgoingPacket {
    /// A message for the other side's application.
    #[must_use]
    pub fn message(message: &Message<'_>) -> Self {
        match message {
            Message::Text(text) => Self::with_data(b'4', text),
            Message::Binary(bytes) => Self {
                kind: MessageKind::Binary,
                bytes: Bytes::copy_from_slice(bytes),
            },
        }
    }

    /// The handshake; `json` as [`open_packet`](super::open_packet) writes it.
    #[must_use]
    pub fn open(json: &str) -> Self {
        Self::with_data(b'0', json)
    }

    /// The sender is leaving.
    #[must_use]
    pub const fn close() -> Self {
        Self::bare(b"1")
    }

    /// A heartbeat.
    #[must_use]
    pub const fn ping() -> Self {
        Self::bare(b"2")
    }

    /// The answer to a ping, with the ping's data.
    #[must_use]
    pub fn pong(data: &str) -> Self {
        Self::with_data(b'3', data)
    }

    /// Nothing, for a poll that waits.
    #[must_use]
    pub const fn noop() -> Self {
        Self::bare(b"6")
    }

    /// What keeping this packet is charged: the bytes, and something for the packet itself, so
    /// that many empty ones are not free.
    pub(super) fn cost(&self) -> usize {
        self.bytes.len().saturating_add(OVERHEAD)
    }

    const fn bare(text: &'static [u8]) -> Self {
        Self {
            kind: MessageKind::Text,
            bytes: Bytes::from_static(text),
        }
    }

    fn with_data(kind: u8, data: &str) -> Self {
        let mut text = Vec::with_capacity(1 + data.len());
        text.push(kind);
        text.extend_from_slice(data.as_bytes());
        Self {
            kind: MessageKind::Text,
            bytes: text.into(),
        }
    }
}

const OVERHEAD: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_read() {
        let table = [
            ("0{}", Packet::Open("{}")),
            ("1", Packet::Close),
            ("2", Packet::Ping("")),
            ("2probe", Packet::Ping("probe")),
            ("3", Packet::Pong("")),
            ("3probe", Packet::Pong("probe")),
            ("4", Packet::Message(Message::Text(""))),
            ("4héllo", Packet::Message(Message::Text("héllo"))),
            ("5", Packet::Upgrade),
            ("6", Packet::Noop),
        ];
        for (text, packet) in table {
            assert_eq!(Packet::decode(Message::Text(text)), Ok(packet), "{text}");
        }
        let bytes = Message::Binary(&[4, 0, 255]);
        assert_eq!(Packet::decode(bytes), Ok(Packet::Message(bytes)));
        let nothing = Message::Binary(&[]);
        assert_eq!(Packet::decode(nothing), Ok(Packet::Message(nothing)));
    }

    #[test]
    fn anything_else_is_refused() {
        fn decode(text: &str) -> Result<Packet<'_>, PacketError> {
            Packet::decode(Message::Text(text))
        }
        assert_eq!(decode(""), Err(PacketError::Empty));
        assert_eq!(decode("abc"), Err(PacketError::UnknownType(b'a')));
        assert_eq!(decode("7"), Err(PacketError::UnknownType(b'7')));
        assert_eq!(decode(" 4"), Err(PacketError::UnknownType(b' ')));
        // A digit, but not an ASCII one; its first byte is no character of its own.
        assert_eq!(decode("٤hello"), Err(PacketError::UnknownType(0xd9)));
        for kind in [b'1', b'5', b'6'] {
            let text = [kind, b' '];
            let text = core::str::from_utf8(&text).unwrap();
            assert_eq!(decode(text), Err(PacketError::UnexpectedData(kind)));
        }
        // base64 belongs to payloads: on a WebSocket bytes are sent as bytes.
        assert_eq!(decode("bAQID"), Err(PacketError::UnknownType(b'b')));
    }

    #[test]
    fn what_is_sent_reads_back() {
        let packets = [
            (OutgoingPacket::open("{}"), Packet::Open("{}")),
            (OutgoingPacket::close(), Packet::Close),
            (OutgoingPacket::ping(), Packet::Ping("")),
            (OutgoingPacket::pong("probe"), Packet::Pong("probe")),
            (
                OutgoingPacket::message(&Message::Text("a€")),
                Packet::Message(Message::Text("a€")),
            ),
            (OutgoingPacket::noop(), Packet::Noop),
        ];
        for (sent, packet) in packets {
            assert_eq!(sent.kind, MessageKind::Text);
            let text = core::str::from_utf8(&sent.bytes).unwrap();
            assert_eq!(Packet::decode(Message::Text(text)), Ok(packet));
        }
        let binary = OutgoingPacket::message(&Message::Binary(&[1, 2]));
        assert_eq!(binary.kind, MessageKind::Binary);
        assert_eq!(&binary.bytes[..], [1, 2]);
    }

    #[test]
    fn an_empty_packet_is_not_free_to_keep() {
        let nothing = OutgoingPacket::message(&Message::Binary(&[]));
        assert_eq!(nothing.cost(), OVERHEAD);
    }
}
