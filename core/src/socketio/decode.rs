//! From messages to packets.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;

use super::MAX_PACKET_ID;
use super::config::Config;
use super::error::DecodeError;
use super::namespace;
use super::packet::Packet;
use super::packet::PacketKind;
use super::packet::is_reserved_event_name;
use super::placeholders::Placeholders;
use crate::json;
use crate::json::First;

/// Puts packets together: a text, then as many binary messages as it announced.
///
/// One per connection. Feed it each message of the Engine.IO session in order; every call returns
/// the packet that the message completed, if it did. A packet without attachments is lent straight
/// from the message: nothing is copied or allocated. After an error nothing is kept, and the
/// connection should close.
///
/// ```
/// use sansocket::socketio::{Config, Decoder};
///
/// let mut decoder = Decoder::new(&Config::default());
/// let text = r#"51-["upload",{"_placeholder":true,"num":0}]"#;
/// assert!(decoder.handle_text(text, |namespace| namespace == "/")?.is_none());
///
/// let decoded = decoder.handle_binary(&[1, 2, 3])?.unwrap();
/// assert_eq!(decoded.packet.event_name().as_deref(), Some("upload"));
/// assert_eq!(decoded.attachments, [&[1, 2, 3][..]]);
/// # Ok::<(), sansocket::socketio::DecodeError>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    config: Config,
    /// Only a server refuses a namespace.
    sender_is_server: bool,
    /// Boxed, because most packets have no attachments: a connection without is small.
    pending: Option<Box<Pending>>,
}

/// A packet with all its attachments.
#[derive(Clone, Copy, Debug)]
pub struct Decoded<'a> {
    /// The packet.
    pub packet: Packet<'a>,
    /// Its attachments in the order of their placeholders' numbers.
    pub attachments: &'a [Bytes],
}

impl Decoder {
    /// A decoder for what a client sends.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
            sender_is_server: false,
            pending: None,
        }
    }

    /// A decoder for what a server sends.
    #[must_use]
    pub fn for_client(config: &Config) -> Self {
        Self {
            sender_is_server: true,
            ..Self::new(config)
        }
    }

    /// Takes a text message: a whole packet, or the first part of one that has attachments
    /// (`None`).
    ///
    /// `is_connected` is asked about the namespace of a packet with attachments before anything of
    /// it is kept: a client that is in no namespace makes the server remember nothing.
    ///
    /// # Errors
    /// [`DecodeError`] when the text is no packet, when attachments of an earlier packet are still
    /// due, or when the packet has attachments and its namespace is not connected.
    pub fn handle_text<'d>(
        &'d mut self,
        text: &'d str,
        is_connected: impl FnOnce(&str) -> bool,
    ) -> Result<Option<Decoded<'d>>, DecodeError> {
        if let Some(pending) = self.pending.take()
            && !pending.is_complete()
        {
            return Err(DecodeError::AttachmentsDue);
        }
        let packet = decode(text, &self.config)?;
        if packet.kind == PacketKind::ConnectError && !self.sender_is_server {
            return Err(DecodeError::ConnectErrorOfClient);
        }
        if packet.attachments == 0 {
            return Ok(Some(Decoded {
                packet,
                attachments: &[],
            }));
        }
        if !is_connected(packet.namespace) {
            return Err(DecodeError::NotConnected);
        }
        if text.len() > self.config.max_packet_size {
            return Err(DecodeError::TooLarge);
        }
        self.pending = Some(Box::new(Pending::new(text, &packet)));
        Ok(None)
    }

    /// Takes a binary message: the next attachment of the packet that announced it.
    ///
    /// A completed packet is kept until the next call, whichever it is; [`release`](Self::release)
    /// frees it before.
    ///
    /// # Errors
    /// [`DecodeError`] when no attachment is due, or when the packet becomes larger than
    /// [`Config::max_packet_size`].
    pub fn handle_binary(&mut self, bytes: &[u8]) -> Result<Option<Decoded<'_>>, DecodeError> {
        let Some(mut pending) = self.pending.take().filter(|pending| !pending.is_complete()) else {
            return Err(DecodeError::UnexpectedBinary);
        };
        pending.size = pending.size.saturating_add(bytes.len());
        if pending.size > self.config.max_packet_size {
            return Err(DecodeError::TooLarge);
        }
        pending.received.push(Bytes::copy_from_slice(bytes));
        let pending = self.pending.insert(pending);
        Ok(pending.is_complete().then(|| Decoded {
            packet: pending.packet(),
            attachments: &pending.received,
        }))
    }

    /// Frees the packet that was completed last, and leaves one that waits for attachments alone.
    pub fn release(&mut self) {
        self.pending.take_if(|pending| pending.is_complete());
    }

    /// Forgets a packet that waits for attachments, and one that was completed: all memory is free.
    pub fn reset(&mut self) {
        self.pending = None;
    }
}

/// Reads one text message by itself: the packet, whose attachments may still have to come.
///
/// # Errors
/// [`DecodeError`] says which rule of the protocol, or which limit of `config`, the text breaks.
pub fn decode<'a>(text: &'a str, config: &Config) -> Result<Packet<'a>, DecodeError> {
    let digit = text.as_bytes().first().copied();
    let kind = digit
        .and_then(PacketKind::from_digit)
        .ok_or(DecodeError::UnknownKind)?;
    let rest = split(text, 1).1;
    let (attachments, rest) = if kind.is_binary() {
        split_attachments(rest, config)?
    } else {
        (0, rest)
    };
    let (namespace, query, rest) = if rest.starts_with('/') {
        split_namespace(rest, config)?
    } else {
        ("/", "", rest)
    };
    let (id, data) = split_id(rest)?;
    check_payload(kind, id, attachments, data, config)?;
    Ok(Packet {
        kind,
        namespace,
        query,
        id,
        attachments,
        data,
    })
}

/// `<# of attachments>-`: ASCII digits, at least 1.
fn split_attachments<'a>(rest: &'a str, config: &Config) -> Result<(u32, &'a str), DecodeError> {
    let (count, rest) = split_number(rest);
    let rest = rest.strip_prefix('-').ok_or(DecodeError::Attachments)?;
    match count {
        // Socket.IO clients send a packet without attachments as an ordinary one.
        Number::None | Number::Some(0) => Err(DecodeError::Attachments),
        Number::Some(count) => match u32::try_from(count) {
            Ok(count) if count <= config.max_attachments => Ok((count, rest)),
            _ => Err(DecodeError::TooManyAttachments),
        },
        Number::TooLarge => Err(DecodeError::TooManyAttachments),
    }
}

/// `<namespace>,`: the comma may be missing when nothing follows.
fn split_namespace<'a>(
    rest: &'a str,
    config: &Config,
) -> Result<(&'a str, &'a str, &'a str), DecodeError> {
    let (name, rest) = rest.split_once(',').unwrap_or((rest, ""));
    let (name, query) = name.split_once('?').unwrap_or((name, ""));
    if name.len() > config.max_namespace_length || namespace::has_control_characters(name) {
        return Err(DecodeError::Namespace);
    }
    Ok((name, query, rest))
}

/// `[<acknowledgment id>]`: ASCII digits, an exact integer for every JSON parser.
fn split_id(rest: &str) -> Result<(Option<u64>, &str), DecodeError> {
    match split_number(rest) {
        (Number::None, rest) => Ok((None, rest)),
        (Number::Some(id), rest) => Ok((Some(id), rest)),
        (Number::TooLarge, _) => Err(DecodeError::Id),
    }
}

enum Number {
    None,
    /// At most 2^53 - 1.
    Some(u64),
    TooLarge,
}

fn split_number(text: &str) -> (Number, &str) {
    let mut number = Number::None;
    let mut length = 0;
    for byte in text.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        length += 1;
        number = match number {
            Number::None => Number::Some(u64::from(digit)),
            // Below 2^53, ten times and nine more stay below 2^64.
            Number::Some(value) => match value * 10 + u64::from(digit) {
                value if value > MAX_PACKET_ID => Number::TooLarge,
                value => Number::Some(value),
            },
            Number::TooLarge => Number::TooLarge,
        };
    }
    (number, split(text, length).1)
}

/// Checks what the kind of packet allows.
fn check_payload(
    kind: PacketKind,
    id: Option<u64>,
    attachments: u32,
    data: &str,
    config: &Config,
) -> Result<(), DecodeError> {
    match kind {
        PacketKind::Connect | PacketKind::Disconnect | PacketKind::ConnectError => {
            if id.is_some() {
                return Err(DecodeError::Id);
            }
            // White space before a payload would be a second way to write a packet.
            match (kind, data.as_bytes().first()) {
                (PacketKind::Connect | PacketKind::Disconnect, None) => {}
                (PacketKind::Connect | PacketKind::ConnectError, Some(b'{'))
                | (PacketKind::ConnectError, Some(b'"')) => {
                    json::check(data)?;
                }
                _ => return Err(DecodeError::Payload),
            }
            Ok(())
        }
        // "The payload is mandatory and MUST be a non-empty array."
        PacketKind::Event | PacketKind::BinaryEvent => {
            let first = check_array(attachments, data)?;
            check_name(&first, config)
        }
        // "The payload is mandatory and MUST be an array (possibly empty)."
        PacketKind::Ack | PacketKind::BinaryAck => {
            if id.is_none() {
                return Err(DecodeError::Id);
            }
            check_array(attachments, data)?;
            Ok(())
        }
    }
}

fn check_array(attachments: u32, data: &str) -> Result<First<'_>, DecodeError> {
    if !data.starts_with('[') {
        return Err(DecodeError::Payload);
    }
    if attachments == 0 {
        return Ok(json::check_array(data, ())?);
    }
    let mut placeholders = Placeholders::default();
    let first = json::check_array(data, &mut placeholders)?;
    if placeholders.name_each_once(attachments) {
        Ok(first)
    } else {
        Err(DecodeError::Placeholder)
    }
}

fn check_name(first: &First<'_>, config: &Config) -> Result<(), DecodeError> {
    // However a name is written, it counts unescaped.
    let name = first.name().ok_or(DecodeError::EventName)?;
    if name.len() > config.max_event_name_length {
        Err(DecodeError::EventName)
    } else if is_reserved_event_name(&name) {
        Err(DecodeError::ReservedEventName)
    } else {
        Ok(())
    }
}

/// `at` lies behind an ASCII character.
fn split(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// A packet that waits for attachments.
#[derive(Debug)]
struct Pending {
    kind: PacketKind,
    namespace: String,
    id: Option<u64>,
    attachments: u32,
    data: String,
    /// Grows with what arrives: the announced number reserves nothing.
    received: Vec<Bytes>,
    size: usize,
}

impl Pending {
    fn new(text: &str, packet: &Packet<'_>) -> Self {
        Self {
            kind: packet.kind,
            namespace: packet.namespace.into(),
            id: packet.id,
            attachments: packet.attachments,
            data: packet.data.into(),
            received: Vec::new(),
            size: text.len(),
        }
    }

    fn is_complete(&self) -> bool {
        self.received.len() as u64 == u64::from(self.attachments)
    }

    fn packet(&self) -> Packet<'_> {
        Packet {
            kind: self.kind,
            namespace: &self.namespace,
            query: "",
            id: self.id,
            attachments: self.attachments,
            data: &self.data,
        }
    }
}

#[cfg(test)]
mod tests;
