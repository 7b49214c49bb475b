//! Close frames: their codes (RFC 6455 section 7.4) and their payload (section 5.5.1).

use crate::UsageError;
use crate::websocket::Error;
use crate::websocket::ProtocolError;

/// Why a connection was closed.
///
/// Two codes are only ever reported and never sent: [`NO_STATUS`](Self::NO_STATUS) and
/// [`ABNORMAL`](Self::ABNORMAL).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the server goes down, or the browser leaves the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: this kind of message is not accepted.
    pub const UNSUPPORTED: Self = Self(1003);
    /// 1005: the peer's close frame carried no code.
    pub const NO_STATUS: Self = Self(1005);
    /// 1006: the connection ended without a close frame.
    pub const ABNORMAL: Self = Self(1006);
    /// 1007: a text was not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// 1008: a policy was violated.
    pub const POLICY: Self = Self(1008);
    /// 1009: a message was too big.
    pub const MESSAGE_TOO_BIG: Self = Self(1009);
    /// 1010: the client missed an extension in the handshake.
    pub const MANDATORY_EXTENSION: Self = Self(1010);
    /// 1011: the server met a condition it did not expect.
    pub const INTERNAL: Self = Self(1011);
    /// 1012: the service restarts.
    pub const SERVICE_RESTART: Self = Self(1012);
    /// 1013: the service is overloaded: try again later.
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// 1014: a gateway got a bad response from the server behind it.
    pub const BAD_GATEWAY: Self = Self(1014);

    /// A code that may be sent: one of the registered ones, or 3000 to 4999 for libraries and
    /// applications. `None` for any other number.
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn as_u16(self) -> u16 {
        self.0
    }
}

/// The payload of a close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseFrame<'a> {
    /// The code, [`CloseCode::NO_STATUS`] when the frame is empty.
    pub code: CloseCode,
    /// A reason for logs, 123 bytes at most.
    pub reason: &'a str,
}

impl<'a> CloseFrame<'a> {
    /// A close frame that may be sent.
    ///
    /// # Errors
    /// [`UsageError`] when the reason is longer than [`MAX_REASON_BYTES`], when a reason comes
    /// without a code, or for [`CloseCode::ABNORMAL`], which stands for a missing close frame.
    pub const fn new(code: CloseCode, reason: &'a str) -> Result<Self, UsageError> {
        if reason.len() > MAX_REASON_BYTES {
            return Err(UsageError::Invalid("a close reason has 123 bytes at most"));
        }
        match code {
            CloseCode::ABNORMAL => Err(UsageError::Invalid("close code 1006 must not be sent")),
            CloseCode::NO_STATUS if !reason.is_empty() => {
                Err(UsageError::Invalid("a close reason needs a close code"))
            }
            _ => Ok(Self { code, reason }),
        }
    }

    /// Reads the payload of a peer's close frame.
    ///
    /// # Errors
    /// When the code is cut short or must not be sent, or the reason is not UTF-8.
    pub fn parse(payload: &'a [u8]) -> Result<Self, Error> {
        if payload.is_empty() {
            let code = CloseCode::NO_STATUS;
            return Ok(Self { code, reason: "" });
        }
        let Some((code, reason)) = payload.split_first_chunk() else {
            return Err(ProtocolError::ShortCloseCode.into());
        };
        let code =
            CloseCode::new(u16::from_be_bytes(*code)).ok_or(ProtocolError::ReservedCloseCode)?;
        let reason = core::str::from_utf8(reason).map_err(|_| Error::InvalidUtf8)?;
        Ok(Self { code, reason })
    }

    /// The code as it is sent: nothing for [`CloseCode::NO_STATUS`].
    pub(crate) fn code_bytes(&self) -> Option<[u8; 2]> {
        (self.code != CloseCode::NO_STATUS).then(|| self.code.0.to_be_bytes())
    }
}

/// A control frame carries 125 bytes at most, and the code takes two.
pub const MAX_REASON_BYTES: usize = 123;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_that_may_be_sent() {
        // Autobahn 7.7.x and 7.9.x.
        for code in [
            1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
        ] {
            assert_eq!(CloseCode::new(code).unwrap().as_u16(), code);
        }
        for code in [
            0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535,
        ] {
            assert_eq!(CloseCode::new(code), None, "{code}");
        }
    }

    #[test]
    fn every_payload_has_one_verdict() {
        let frame = |code, reason| Ok(CloseFrame { code, reason });
        assert_eq!(CloseFrame::parse(b""), frame(CloseCode::NO_STATUS, ""));
        assert_eq!(
            CloseFrame::parse(b"\x03"),
            Err(ProtocolError::ShortCloseCode.into())
        );
        assert_eq!(CloseFrame::parse(b"\x03\xe8"), frame(CloseCode::NORMAL, ""));
        assert_eq!(
            CloseFrame::parse(b"\x03\xe8bye"),
            frame(CloseCode::NORMAL, "bye")
        );
        assert_eq!(
            CloseFrame::parse(b"\x03\xee"),
            Err(ProtocolError::ReservedCloseCode.into())
        );
        assert_eq!(CloseFrame::parse(b"\x03\xe8\xff"), Err(Error::InvalidUtf8));
    }

    #[test]
    fn a_frame_that_may_not_be_sent_cannot_be_made() {
        let long = "x".repeat(124);
        assert!(CloseFrame::new(CloseCode::NORMAL, &long).is_err());
        assert!(CloseFrame::new(CloseCode::NORMAL, &long[1..]).is_ok());
        assert!(CloseFrame::new(CloseCode::ABNORMAL, "").is_err());
        assert!(CloseFrame::new(CloseCode::NO_STATUS, "why").is_err());
        assert!(CloseFrame::new(CloseCode::NO_STATUS, "").is_ok());
    }
}
