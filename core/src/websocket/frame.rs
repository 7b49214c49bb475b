//! Frames, RFC 6455 section 5.2: the header read and written.

use alloc::vec::Vec;
use bytes::Bytes;

use crate::MessageKind;
use crate::websocket::ProtocolError;
use crate::websocket::Role;
use crate::websocket::mask::MaskKey;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// The next fragment of a message.
    Continuation = 0x0,
    /// A text, or its first fragment.
    Text = 0x1,
    /// Bytes, or their first fragment.
    Binary = 0x2,
    /// The last frame that its sender sends.
    Close = 0x8,
    /// A question for a pong.
    Ping = 0x9,
    /// The answer to a ping, or a sign of life.
    Pong = 0xA,
}

impl Opcode {
    /// `None` for a reserved opcode.
    const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0x0 => Some(Self::Continuation),
            0x1 => Some(Self::Text),
            0x2 => Some(Self::Binary),
            0x8 => Some(Self::Close),
            0x9 => Some(Self::Ping),
            0xA => Some(Self::Pong),
            _ => None,
        }
    }

    /// Close, ping or pong.
    #[must_use]
    pub const fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}

impl From<MessageKind> for Opcode {
    fn from(kind: MessageKind) -> Self {
        match kind {
            MessageKind::Text => Self::Text,
            MessageKind::Binary => Self::Binary,
        }
    }
}

/// What the first of the three reserved bits says on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rsv1 {
    /// Nothing: it must be zero.
    Reserved,
    /// The message that starts with this frame is compressed (RFC 7692 section 6).
    Compressed,
}

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// This frame ends its message.
    pub fin: bool,
    /// What the frame is.
    pub opcode: Opcode,
    /// The message that starts here is compressed.
    pub compressed: bool,
    /// The key that the payload is masked with.
    pub mask: Option<[u8; 4]>,
    /// The length of the payload, in bytes.
    pub payload_len: u64,
}

impl Header {
    /// Reads a header that `sender` sent, and how many bytes it takes. `None` while it is
    /// incomplete. `rsv1` is what was negotiated for the connection.
    ///
    /// # Errors
    /// [`ProtocolError`] as soon as the bytes that are there break a rule.
    pub fn parse(
        bytes: &[u8],
        sender: Role,
        rsv1: Rsv1,
    ) -> Result<Option<(Self, usize)>, ProtocolError> {
        let [first, second, rest @ ..] = bytes else {
            return Ok(None);
        };
        let opcode = Opcode::from_bits(first & 0x0F).ok_or(ProtocolError::ReservedOpcode)?;
        // Section 5.2: a reserved bit means what an extension says, or is zero. RFC 7692 section 6.1:
        // the first frame of a message says whether the message is compressed, and no other frame.
        let compressed = first & RSV1 != 0;
        let may_say_so =
            rsv1 == Rsv1::Compressed && matches!(opcode, Opcode::Text | Opcode::Binary);
        if first & (RSV2 | RSV3) != 0 || compressed && !may_say_so {
            return Err(ProtocolError::ReservedBit);
        }
        let fin = first & FIN != 0;
        let short_len = second & 0x7F;
        if opcode.is_control() && !fin {
            return Err(ProtocolError::FragmentedControlFrame);
        }
        if opcode.is_control() && short_len > MAX_SHORT_LEN {
            return Err(ProtocolError::LongControlFrame);
        }
        // Section 5.1: a server closes on a frame that is not masked, a client on one that is.
        let masked = second & MASKED != 0;
        match sender {
            Role::Client if !masked => return Err(ProtocolError::UnmaskedClientFrame),
            Role::Server if masked => return Err(ProtocolError::MaskedServerFrame),
            Role::Client | Role::Server => {}
        }
        let Some((payload_len, rest)) = parse_len(short_len, rest)? else {
            return Ok(None);
        };
        let (mask, rest) = match (masked, rest.split_first_chunk()) {
            (false, _) => (None, rest),
            (true, Some((key, rest))) => (Some(*key), rest),
            (true, None) => return Ok(None),
        };
        let header = Self {
            fin,
            opcode,
            compressed,
            mask,
            payload_len,
        };
        Ok(Some((header, bytes.len() - rest.len())))
    }

    /// Appends the header to `frame`.
    pub fn write(&self, frame: &mut Vec<u8>) {
        let fin = if self.fin { FIN } else { 0 };
        let rsv1 = if self.compressed { RSV1 } else { 0 };
        frame.push(fin | rsv1 | self.opcode as u8);
        let masked = if self.mask.is_some() { MASKED } else { 0 };
        // Section 5.2: the fewest bytes that can hold the length.
        match self.payload_len {
            len @ 0..=0x7D => frame.push(masked | len as u8),
            len @ 0x7E..=0xFFFF => {
                frame.push(masked | LEN_16);
                frame.extend_from_slice(&(len as u16).to_be_bytes());
            }
            len => {
                frame.push(masked | LEN_64);
                frame.extend_from_slice(&len.to_be_bytes());
            }
        }
        if let Some(key) = self.mask {
            frame.extend_from_slice(&key);
        }
    }
}

/// One whole frame: the header of a finished message or control frame, and its payload.
///
/// A client passes a fresh, unpredictable `mask` for every frame; a server passes `None`.
#[must_use]
pub fn encode_frame(opcode: Opcode, payload: &[u8], mask: Option<[u8; 4]>) -> Bytes {
    let mut frame = Vec::with_capacity(MAX_HEADER + payload.len());
    write_frame(&mut frame, opcode, payload, mask);
    Bytes::from(frame)
}

/// Appends one whole frame to `frames`.
pub fn write_frame(frames: &mut Vec<u8>, opcode: Opcode, payload: &[u8], mask: Option<[u8; 4]>) {
    write_frame_of(frames, Content::new(opcode), [payload, &[]], mask);
}

/// A server's frame with a compressed message, without the flush that RFC 7692 leaves out.
#[cfg(feature = "deflate")]
pub(crate) fn encode_compressed_frame(opcode: Opcode, payload: &[u8]) -> Bytes {
    let mut frame = Vec::new();
    write_frame_of(
        &mut frame,
        Content::compressed(opcode),
        [payload, &[]],
        None,
    );
    Bytes::from(frame)
}

/// What the payload of a whole frame is.
#[derive(Clone, Copy)]
pub(crate) struct Content {
    opcode: Opcode,
    compressed: bool,
}

impl Content {
    pub(crate) const fn new(opcode: Opcode) -> Self {
        Self {
            opcode,
            compressed: false,
        }
    }

    pub(crate) const fn compressed(opcode: Opcode) -> Self {
        Self {
            opcode,
            compressed: true,
        }
    }
}

/// Appends one whole frame whose payload comes in two parts.
pub(crate) fn write_frame_of(
    frames: &mut Vec<u8>,
    content: Content,
    payload: [&[u8]; 2],
    mask: Option<[u8; 4]>,
) {
    let header = Header {
        fin: true,
        opcode: content.opcode,
        compressed: content.compressed,
        mask,
        payload_len: payload.iter().map(|part| part.len() as u64).sum(),
    };
    frames.reserve(MAX_HEADER + payload.iter().map(|part| part.len()).sum::<usize>());
    header.write(frames);
    let start = frames.len();
    for part in payload {
        frames.extend_from_slice(part);
    }
    if let (Some(key), Some(payload)) = (mask, frames.get_mut(start..)) {
        MaskKey::new(key).apply(payload);
    }
}

/// Writes a server's frame header right before a payload that is already in place, and returns
/// where the frame starts. So a broadcast is written once, whatever its length turns out to be.
///
/// `None` when fewer than [`MAX_SERVER_HEADER`] bytes are reserved before `payload_start`, or when
/// it lies beyond the buffer.
///
/// ```
/// use sansocket::websocket::frame::{self, MAX_SERVER_HEADER, Opcode};
///
/// let mut buffer = vec![0; MAX_SERVER_HEADER];
/// buffer.extend_from_slice(b"hello");
/// let start = frame::write_header_before(&mut buffer, MAX_SERVER_HEADER, Opcode::Text).unwrap();
/// assert_eq!(&buffer[start..], b"\x81\x05hello");
/// ```
#[must_use]
pub fn write_header_before(
    buffer: &mut [u8],
    payload_start: usize,
    opcode: Opcode,
) -> Option<usize> {
    let (before, payload) = buffer.split_at_mut_checked(payload_start)?;
    let reserved: &mut [u8; MAX_SERVER_HEADER] = before.last_chunk_mut()?;
    let first = FIN | opcode as u8;
    let len = payload.len();
    let header_len = match len {
        0..=0x7D => {
            let [.., a, b] = reserved;
            (*a, *b) = (first, len as u8);
            2
        }
        0x7E..=0xFFFF => {
            let [high, low] = (len as u16).to_be_bytes();
            let [.., a, b, c, d] = reserved;
            (*a, *b, *c, *d) = (first, LEN_16, high, low);
            4
        }
        _ => {
            let [a, b, length @ ..] = reserved;
            (*a, *b) = (first, LEN_64);
            *length = (len as u64).to_be_bytes();
            10
        }
    };
    Some(payload_start - header_len)
}

/// The bytes after the short length that carry the length, if any. `None` while they are
/// incomplete.
fn parse_len(short_len: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, ProtocolError> {
    match short_len {
        LEN_16 => {
            let Some((len, rest)) = rest.split_first_chunk() else {
                return Ok(None);
            };
            let len = u64::from(u16::from_be_bytes(*len));
            if len <= u64::from(MAX_SHORT_LEN) {
                return Err(ProtocolError::LengthNotMinimal);
            }
            Ok(Some((len, rest)))
        }
        LEN_64 => {
            let Some((len, rest)) = rest.split_first_chunk() else {
                return Ok(None);
            };
            let len = u64::from_be_bytes(*len);
            if len <= u64::from(u16::MAX) {
                return Err(ProtocolError::LengthNotMinimal);
            }
            if len >> 63 != 0 {
                return Err(ProtocolError::LengthTooLarge);
            }
            Ok(Some((len, rest)))
        }
        len => Ok(Some((u64::from(len), rest))),
    }
}

/// The longest header, of a masked frame with a 64-bit length.
pub const MAX_HEADER: usize = 14;

/// The longest header of a server's frame, which carries no mask key.
pub const MAX_SERVER_HEADER: usize = 10;

pub(crate) const FIN: u8 = 0x80;
pub(crate) const MASKED: u8 = 0x80;
/// The longest length that fits beside the mask bit.
pub(crate) const MAX_SHORT_LEN: u8 = 125;
const RSV1: u8 = 0x40;
const RSV2: u8 = 0x20;
const RSV3: u8 = 0x10;
const LEN_16: u8 = 126;
const LEN_64: u8 = 127;
