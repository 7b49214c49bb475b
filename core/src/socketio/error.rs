//! Why a packet was refused. All of it is the peer's fault: the connection closes.

use crate::json;

/// What is wrong with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The first character is no digit from 0 to 6, or there is none.
    #[error("unknown packet type: a packet starts with a digit from 0 to 6")]
    UnknownKind,
    /// A binary packet does not say how many attachments it has.
    #[error(
        "Illegal attachments: a binary packet says how many follow, 1 or more, as digits and a `-`"
    )]
    Attachments,
    /// More attachments than `max_attachments`.
    #[error("too many attachments: raise `max_attachments` if so many are wanted")]
    TooManyAttachments,
    /// The namespace is longer than `max_namespace_length` or has control characters in it.
    #[error("illegal namespace: shorten it, or raise `max_namespace_length`")]
    Namespace,
    /// The id is above 2^53 - 1, or missing or present where it must not be.
    #[error(
        "illegal id: events may have one, acknowledgements must, up to 2^53 - 1, and nothing else has"
    )]
    Id,
    /// There is a payload where none belongs, none where one belongs, or one of another type.
    #[error(
        "invalid payload: CONNECT takes an object or nothing, DISCONNECT nothing, events and acknowledgements an array"
    )]
    Payload,
    /// The payload is not acceptable JSON.
    #[error("invalid payload: {0}")]
    Json(#[from] json::Error),
    /// An event's array does not start with a string or a number, or with one that is longer than
    /// `max_event_name_length`.
    #[error(
        "invalid payload: an event starts with its name, a string or a number of at most `max_event_name_length`"
    )]
    EventName,
    /// The event has a name that the libraries use for themselves.
    #[error("invalid payload: this event name is reserved")]
    ReservedEventName,
    /// The placeholders do not name each attachment exactly once.
    #[error(
        "illegal attachments: one `{{\"_placeholder\":true,\"num\":N}}` per attachment, with N from 0 up"
    )]
    Placeholder,
    /// The packet and its attachments are larger than `max_packet_size`.
    #[error("packet too large: raise `max_packet_size` if such attachments are wanted")]
    TooLarge,
    /// A binary packet for a namespace that the client is not in.
    #[error("binary packet for a namespace that is not connected")]
    NotConnected,
    /// A client sent what only a server says: that a namespace is refused.
    #[error("CONNECT_ERROR is for servers")]
    ConnectErrorOfClient,
    /// A text came while attachments were due.
    #[error("got a text while the attachments of a packet were due")]
    AttachmentsDue,
    /// A binary message came while no attachments were due.
    #[error("got a binary message that no packet announced")]
    UnexpectedBinary,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stays_small() {
        assert!(size_of::<DecodeError>() <= 3 * size_of::<usize>());
    }
}
