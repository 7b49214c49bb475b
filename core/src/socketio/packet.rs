//! What a Socket.IO packet is made of (protocol v5, "Packet encoding").

use alloc::borrow::Cow;

use crate::json;

/// A packet as it is lent: all texts are slices of the message it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// What the packet is for.
    pub kind: PacketKind,
    /// The namespace, with its leading slash: `/` when the packet names none.
    pub namespace: &'a str,
    /// What followed a `?` in the namespace, else empty. Clients of protocol 4 and older send their
    /// handshake data here.
    pub query: &'a str,
    /// On an event: the sender wants an answer under this id. On an acknowledgement: which one it is.
    pub id: Option<u64>,
    /// How many binary messages belong to the packet.
    pub attachments: u32,
    /// The payload: checked JSON text, or empty when there is none.
    pub data: &'a str,
}

impl<'a> Packet<'a> {
    /// The name of an event, unescaped and found anew in `data` each time; `None` for all other
    /// kinds.
    ///
    /// ```
    /// use sansocket::socketio::{Config, decode};
    ///
    /// let packet = decode(r#"2["caf\u00e9",1]"#, &Config::default())?;
    /// assert_eq!(packet.event_name().as_deref(), Some("café"));
    /// # Ok::<(), sansocket::socketio::DecodeError>(())
    /// ```
    #[must_use]
    pub fn event_name(&self) -> Option<Cow<'a, str>> {
        match self.kind {
            PacketKind::Event | PacketKind::BinaryEvent => json::first(self.data)?.name(),
            _ => None,
        }
    }
}

/// What a packet is for; the number is its first character on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PacketKind {
    /// Asks for a namespace, or grants it.
    Connect = 0,
    /// Leaves a namespace, or ends somebody's stay.
    Disconnect = 1,
    /// An event with its arguments.
    Event = 2,
    /// The answer to an event.
    Ack = 3,
    /// Refuses a namespace. Only a server says this: a client that does breaks the protocol.
    ConnectError = 4,
    /// An event with attachments.
    BinaryEvent = 5,
    /// An answer with attachments.
    BinaryAck = 6,
}

impl PacketKind {
    pub(crate) const fn from_digit(digit: u8) -> Option<Self> {
        Some(match digit {
            b'0' => Self::Connect,
            b'1' => Self::Disconnect,
            b'2' => Self::Event,
            b'3' => Self::Ack,
            b'4' => Self::ConnectError,
            b'5' => Self::BinaryEvent,
            b'6' => Self::BinaryAck,
            _ => return None,
        })
    }

    pub(crate) const fn digit(self) -> u8 {
        b'0' + self as u8
    }

    /// Whether binary messages follow the packet.
    #[must_use]
    pub const fn is_binary(self) -> bool {
        matches!(self, Self::BinaryEvent | Self::BinaryAck)
    }
}

/// Names that the libraries use for events of their own: nobody may send one, or he could imitate
/// them.
#[must_use]
pub fn is_reserved_event_name(name: &str) -> bool {
    matches!(
        name,
        "connect"
            | "connect_error"
            | "disconnect"
            | "disconnecting"
            | "newListener"
            | "removeListener"
    )
}
