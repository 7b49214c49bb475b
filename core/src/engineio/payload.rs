//! Payloads: several packets in the body of one polling request, separated by U+001E.

use alloc::vec::Vec;

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::GeneralPurpose;
use base64::engine::GeneralPurposeConfig;
use bytes::Bytes;

use super::config::Config;
use super::error::PayloadError;
use super::packet::OutgoingPacket;
use super::packet::Packet;
use crate::Message;
use crate::MessageKind;

/// Reads the packets of a request body, one by one, in a single pass.
///
/// ```
/// use sansocket::Message;
/// use sansocket::engineio::{Config, Packet, payload::PayloadReader};
///
/// let mut payload = PayloadReader::new(b"4hello\x1ebAQIDBA==", &Config::default());
/// let text = payload.next_packet().unwrap();
/// assert_eq!(text, Ok(Packet::Message(Message::Text("hello"))));
/// let bytes = payload.next_packet().unwrap();
/// assert_eq!(bytes, Ok(Packet::Message(Message::Binary(&[1, 2, 3, 4]))));
/// assert!(payload.next_packet().is_none());
/// ```
#[derive(Debug)]
pub struct PayloadReader<'a> {
    /// What was not read yet; a body always holds one packet more than separators.
    rest: Option<&'a [u8]>,
    packets_left: usize,
    too_large: bool,
    /// The bytes of the last binary packet, reused for the next.
    decoded: Vec<u8>,
}

impl<'a> PayloadReader<'a> {
    /// A reader of the whole body of a POST, under the limits `max_payload_bytes` and
    /// `max_payload_packets`.
    #[must_use]
    pub const fn new(body: &'a [u8], config: &Config) -> Self {
        Self {
            rest: Some(body),
            packets_left: config.max_payload_packets,
            too_large: body.len() > config.max_payload_bytes,
            decoded: Vec::new(),
        }
    }

    /// The next packet, lent until the one after it; `None` after the last one or an error.
    ///
    /// # Errors
    ///
    /// [`PayloadError`] says why the rest of the payload cannot be read. The packets before it were
    /// good; the session has to end, so nothing is ever dropped in silence.
    pub fn next_packet(&mut self) -> Option<Result<Packet<'_>, PayloadError>> {
        let rest = self.rest.take()?;
        if self.too_large {
            return Some(Err(PayloadError::TooLarge));
        }
        let Some(packets_left) = self.packets_left.checked_sub(1) else {
            return Some(Err(PayloadError::TooManyPackets));
        };
        let (packet, rest) = split_packet(rest);
        let packet = decode_packet(packet, &mut self.decoded);
        if packet.is_ok() {
            self.packets_left = packets_left;
            self.rest = rest;
        }
        Some(packet)
    }
}

/// The body that answers a poll with `packets`.
///
/// The format has no escape for U+001E: a text packet that holds one would be read as two. JSON never
/// does (it must write it as `\u001e`), so Socket.IO packets are safe; other texts are the caller's care.
#[must_use]
pub fn encode(packets: &[OutgoingPacket]) -> Bytes {
    // A single text packet, the most common answer, is the body already.
    if let [packet] = packets
        && packet.kind == MessageKind::Text
    {
        return packet.bytes.clone();
    }
    let mut body = Vec::with_capacity(packets.iter().map(encoded_len).sum());
    for (index, packet) in packets.iter().enumerate() {
        if index > 0 {
            body.push(SEPARATOR);
        }
        match packet.kind {
            MessageKind::Text => body.extend_from_slice(&packet.bytes),
            MessageKind::Binary => push_base64(&mut body, &packet.bytes),
        }
    }
    body.into()
}

fn split_packet(body: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut parts = body.splitn(2, |&byte| byte == SEPARATOR);
    (parts.next().unwrap_or_default(), parts.next())
}

fn decode_packet<'p>(
    packet: &'p [u8],
    decoded: &'p mut Vec<u8>,
) -> Result<Packet<'p>, PayloadError> {
    // §Packet encoding, HTTP long-polling: bytes MUST come as `b` and base64. The prefix stands
    // where the type would, so the data may begin with any letter, `4` included.
    if let Some(base64) = packet.strip_prefix(b"b") {
        decoded.clear();
        BASE64
            .decode_vec(base64, decoded)
            .map_err(|_| PayloadError::Base64)?;
        return Ok(Packet::Message(Message::Binary(decoded)));
    }
    let text = core::str::from_utf8(packet).map_err(|_| PayloadError::Utf8)?;
    Ok(Packet::decode(Message::Text(text))?)
}

fn push_base64(body: &mut Vec<u8>, bytes: &[u8]) {
    body.push(b'b');
    let start = body.len();
    body.resize(start + base64_len(bytes), 0);
    if let Some(space) = body.get_mut(start..) {
        // The space is exactly what base64 needs, so this cannot fail.
        let written = BASE64.encode_slice(bytes, space);
        debug_assert!(written.is_ok());
    }
}

fn encoded_len(packet: &OutgoingPacket) -> usize {
    match packet.kind {
        MessageKind::Text => packet.bytes.len() + 1,
        MessageKind::Binary => base64_len(&packet.bytes) + 2,
    }
}

const fn base64_len(bytes: &[u8]) -> usize {
    bytes.len().div_ceil(3) * 4
}

const SEPARATOR: u8 = 0x1e;

/// Standard base64. Clients in some languages leave the padding out, and nothing is lost without it.
static BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests;
