//! What can go wrong, sorted by whose fault it is.

/// Why a session ended. `Display` and [`as_str`](Self::as_str) give the words that Socket.IO users
/// know from `disconnect` handlers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}", self.as_str())]
pub enum CloseReason {
    /// The client closed, or its connection ended.
    TransportClose,
    /// The connection failed, or the client broke a rule of the transport.
    TransportError,
    /// A ping stayed unanswered.
    PingTimeout,
    /// The client sent something that is no packet.
    ParseError,
    /// The application closed the session.
    ForcedClose,
    /// The server ends.
    ServerShuttingDown,
    /// More was sent to the client than it read: `max_buffered_bytes` would have been passed.
    BufferOverflow,
}

impl CloseReason {
    /// The words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TransportClose => "transport close",
            Self::TransportError => "transport error",
            Self::PingTimeout => "ping timeout",
            Self::ParseError => "parse error",
            Self::ForcedClose => "forced close",
            Self::ServerShuttingDown => "server shutting down",
            Self::BufferOverflow => "buffer overflow",
        }
    }
}

/// The peer's fault: a text that is no Engine.IO packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// There is not even a packet type.
    #[error("an empty packet: a packet starts with its type, `0` to `6`")]
    Empty,
    /// The first byte names no packet type.
    #[error("unknown packet type {0:#04x}: a packet starts with its type, `0` to `6`")]
    UnknownType(u8),
    /// Close, upgrade and noop packets are their type alone.
    #[error("a packet of type {0:#04x} with data, which it cannot have")]
    UnexpectedData(u8),
}

/// The peer's fault: a request body that is no payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// One of the packets is none.
    #[error(transparent)]
    Packet(#[from] PacketError),
    /// A text packet is not UTF-8.
    #[error("a text packet that is not UTF-8")]
    Utf8,
    /// A `b` packet does not hold base64.
    #[error("a binary packet that is not base64")]
    Base64,
    /// The body is larger than `max_payload_bytes`.
    #[error("a payload of more than `max_payload_bytes`")]
    TooLarge,
    /// The body holds more than `max_payload_packets`.
    #[error("a payload of more than `max_payload_packets`")]
    TooManyPackets,
}

/// Why [`Session::send`](super::Session::send) did not take a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The session is closed or closing.
    #[error("the session is closed")]
    Closed,
    /// The client reads too slowly: `max_buffered_bytes` would be passed. The session is closed
    /// with [`CloseReason::BufferOverflow`].
    #[error("more than `max_buffered_bytes` would wait for this client: its session was closed")]
    Overflow,
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn reasons_read_as_socket_io_users_know_them() {
        let texts = [
            (CloseReason::TransportClose, "transport close"),
            (CloseReason::TransportError, "transport error"),
            (CloseReason::PingTimeout, "ping timeout"),
            (CloseReason::ParseError, "parse error"),
            (CloseReason::ForcedClose, "forced close"),
            (CloseReason::ServerShuttingDown, "server shutting down"),
        ];
        for (reason, text) in texts {
            assert_eq!(reason.to_string(), text);
        }
    }

    #[test]
    fn errors_are_small() {
        assert!(size_of::<PayloadError>() <= 4);
        assert!(size_of::<SendError>() <= 4);
    }
}
