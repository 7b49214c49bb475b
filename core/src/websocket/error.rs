//! What can end a connection, sorted by whose fault it is, and the close code of each.

use core::fmt;

use crate::utf8::InvalidUtf8;
use crate::websocket::CloseCode;

/// Why a connection failed. It is carried by the closing event; no call returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The peer broke a rule of RFC 6455.
    Protocol(ProtocolError),
    /// The peer sent a text, or a close reason, that is not UTF-8.
    InvalidUtf8,
    /// The peer sent a compressed message that cannot be inflated.
    InvalidDeflate,
    /// The peer passed a limit of ours.
    Limit(LimitError),
    /// The peer did not answer our close frame in time.
    CloseTimeout,
    /// The transport ended without a close frame.
    TransportLost,
}

/// A rule of RFC 6455 that the peer broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// Section 5.2: a reserved bit is set that no extension gave a meaning to.
    ReservedBit,
    /// Section 5.2: the opcode is reserved.
    ReservedOpcode,
    /// Section 5.1: frames of a client are masked.
    UnmaskedClientFrame,
    /// Section 5.1: frames of a server are not masked.
    MaskedServerFrame,
    /// Section 5.5: a control frame is not fragmented.
    FragmentedControlFrame,
    /// Section 5.5: a control frame carries 125 bytes at most.
    LongControlFrame,
    /// Section 5.2: the length has the fewest bytes that can hold it.
    LengthNotMinimal,
    /// Section 5.2: the highest bit of a 64-bit length is zero.
    LengthTooLarge,
    /// Section 5.4: a continuation frame continues nothing.
    UnexpectedContinuation,
    /// Section 5.4: a new message starts inside a fragmented one.
    ExpectedContinuation,
    /// Section 5.5.1: a close frame is empty or starts with a code of two bytes.
    ShortCloseCode,
    /// Section 7.4: the close code must not appear on the wire.
    ReservedCloseCode,
}

/// A limit of the [`Config`](super::Config) that the peer passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitError {
    /// `max_message_bytes`.
    MessageBytes,
    /// `max_fragments`.
    Fragments,
    /// [`DeflateConfig::max_ratio`](https://docs.rs/sansocket/latest/sansocket/websocket/struct.DeflateConfig.html#structfield.max_ratio).
    DeflateRatio,
}

impl From<InvalidUtf8> for Error {
    fn from(_: InvalidUtf8) -> Self {
        Self::InvalidUtf8
    }
}

/// The one place where a failure becomes a close code (section 7.4.1).
impl From<Error> for CloseCode {
    fn from(error: Error) -> Self {
        match error {
            Error::Protocol(_) => Self::PROTOCOL_ERROR,
            Error::InvalidUtf8 | Error::InvalidDeflate => Self::INVALID_PAYLOAD,
            Error::Limit(_) => Self::MESSAGE_TOO_BIG,
            Error::CloseTimeout | Error::TransportLost => Self::ABNORMAL,
        }
    }
}

impl From<ProtocolError> for Error {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

impl From<LimitError> for Error {
    fn from(error: LimitError) -> Self {
        Self::Limit(error)
    }
}

impl Error {
    /// The reason in words: it goes into our close frame, into the closing event and into logs.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Protocol(error) => error.reason(),
            Self::InvalidUtf8 => "a text is not UTF-8",
            Self::InvalidDeflate => "a compressed message cannot be inflated",
            Self::Limit(LimitError::MessageBytes) => "the message is too long",
            Self::Limit(LimitError::Fragments) => "the message has too many fragments",
            Self::Limit(LimitError::DeflateRatio) => "the message is compressed too well",
            Self::CloseTimeout => "the close frame was not answered in time",
            Self::TransportLost => "the transport ended without a close frame",
        }
    }
}

impl ProtocolError {
    const fn reason(self) -> &'static str {
        match self {
            Self::ReservedBit => "a reserved bit is set",
            Self::ReservedOpcode => "the opcode is reserved",
            Self::UnmaskedClientFrame => "a client's frame is not masked",
            Self::MaskedServerFrame => "a server's frame is masked",
            Self::FragmentedControlFrame => "a control frame is fragmented",
            Self::LongControlFrame => "a control frame is longer than 125 bytes",
            Self::LengthNotMinimal => "the payload length is not minimal",
            Self::LengthTooLarge => "the highest bit of the payload length is set",
            Self::UnexpectedContinuation => "a continuation frame continues nothing",
            Self::ExpectedContinuation => "a message starts inside a fragmented message",
            Self::ShortCloseCode => "the close code is cut short",
            Self::ReservedCloseCode => "the close code must not be sent",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::websocket::close::MAX_REASON_BYTES;

    #[test]
    fn an_error_is_as_small_as_a_number() {
        assert!(size_of::<Error>() <= 2);
        assert!(size_of::<Option<Error>>() <= 2);
    }

    #[test]
    fn every_failure_has_its_code() {
        let code = |error: Error| CloseCode::from(error).as_u16();
        assert_eq!(code(ProtocolError::ReservedBit.into()), 1002);
        assert_eq!(code(Error::InvalidUtf8), 1007);
        assert_eq!(code(LimitError::MessageBytes.into()), 1009);
        assert_eq!(code(LimitError::Fragments.into()), 1009);
        assert_eq!(code(LimitError::DeflateRatio.into()), 1009);
        assert_eq!(code(Error::InvalidDeflate), 1007);
        assert_eq!(code(Error::CloseTimeout), 1006);
        assert_eq!(code(Error::TransportLost), 1006);
    }

    #[test]
    fn every_reason_fits_into_a_close_frame() {
        for error in [
            Error::from(ProtocolError::LongControlFrame),
            ProtocolError::LengthTooLarge.into(),
            ProtocolError::ExpectedContinuation.into(),
            LimitError::Fragments.into(),
            Error::TransportLost,
        ] {
            assert!(error.reason().len() <= MAX_REASON_BYTES);
        }
    }
}
