//! The handshake: what a request asks for, and what a new session is told.

use alloc::format;
use alloc::string::String;

use super::config::Config;
use super::config::whole_milliseconds;
use super::packet::OutgoingPacket;
use crate::json::write_string;

/// How packets travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// HTTP long-polling.
    Polling,
    /// WebSocket.
    WebSocket,
}

impl Transport {
    /// The name in queries and in the handshake.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Polling, Self::WebSocket]
            .into_iter()
            .find(|transport| transport.name() == name)
    }
}

/// The part of an HTTP request that Engine.IO looks at.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The HTTP method, as it was sent.
    pub method: &'a str,
    /// Whether the request asks for a WebSocket.
    pub is_upgrade: bool,
    /// The parameter `EIO`, percent-decoded.
    pub version: Parameter<'a>,
    /// The parameter `transport`, percent-decoded.
    pub transport: Parameter<'a>,
    /// The parameter `sid`, percent-decoded.
    pub sid: Parameter<'a>,
}

/// A parameter of a query. A repeated one is never guessed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter<'a> {
    /// It does not occur.
    Absent,
    /// It occurs once, with this value.
    Once(&'a str),
    /// It occurs more than once.
    Repeated,
}

impl<'a> From<Option<&'a str>> for Parameter<'a> {
    fn from(value: Option<&'a str>) -> Self {
        value.map_or(Self::Absent, Self::Once)
    }
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission<'a> {
    /// A new session over this transport.
    Open(Transport),
    /// Packets of the session `sid`.
    Poll {
        /// Whose.
        sid: &'a str,
    },
    /// To deliver packets to the session `sid`.
    Post {
        /// Whose.
        sid: &'a str,
    },
    /// To move the session `sid` to a WebSocket.
    Upgrade {
        /// Whose.
        sid: &'a str,
    },
}

impl<'a> Request<'a> {
    /// Says what is asked for, before anything of the body is read.
    ///
    /// Whether a session `sid` exists is for the caller to find out: [`Refusal::UnknownSession`].
    ///
    /// # Errors
    ///
    /// The [`Refusal`] to answer with; the order of the checks is the reference server's.
    pub fn admit(&self, config: &Config) -> Result<Admission<'a>, Refusal> {
        let transport = match self.transport {
            Parameter::Once(name) => Transport::from_name(name),
            Parameter::Absent | Parameter::Repeated => None,
        }
        .filter(|&transport| config.transports.allows(transport))
        .ok_or(Refusal::UnknownTransport)?;
        let sid = match self.sid {
            Parameter::Absent | Parameter::Once("") => None,
            Parameter::Once(sid) => Some(sid),
            Parameter::Repeated => return Err(Refusal::UnknownSession),
        };
        if sid.is_none() && self.method != "GET" {
            return Err(Refusal::BadHandshakeMethod);
        }
        // A WebSocket needs an upgrade request, and polling must not come with one.
        if self.is_upgrade != (transport == Transport::WebSocket) {
            return Err(Refusal::BadRequest);
        }
        // §Query parameters: `EIO` is mandatory, on every request.
        if self.version != Parameter::Once("4") {
            return Err(Refusal::UnsupportedVersion);
        }
        match (sid, transport, self.method) {
            (None, _, _) => Ok(Admission::Open(transport)),
            (Some(sid), Transport::Polling, "GET") => Ok(Admission::Poll { sid }),
            (Some(sid), Transport::Polling, "POST") => Ok(Admission::Post { sid }),
            (Some(sid), Transport::WebSocket, "GET") => Ok(Admission::Upgrade { sid }),
            (Some(_), _, _) => Err(Refusal::BadRequest),
        }
    }
}

/// Why a request is not served. `Display` gives the reference server's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The transport is missing, unknown or not offered.
    #[error("Transport unknown")]
    UnknownTransport,
    /// No session has this id.
    #[error("Session ID unknown")]
    UnknownSession,
    /// A session is opened with GET.
    #[error("Bad handshake method")]
    BadHandshakeMethod,
    /// The request does not fit the state of its session.
    #[error("Bad request")]
    BadRequest,
    /// The application, or the policy on origins, said no.
    #[error("Forbidden")]
    Forbidden,
    /// `EIO` is missing, or names a version that is not served.
    #[error("Unsupported protocol version")]
    UnsupportedVersion,
    /// The body of a POST is larger than `max_payload_bytes`.
    #[error("Payload too large")]
    PayloadTooLarge,
}

impl Refusal {
    /// The `code` in the body; clients and logs know it. `None`: the body is empty.
    #[must_use]
    pub const fn code(self) -> Option<u8> {
        match self {
            Self::UnknownTransport => Some(0),
            Self::UnknownSession => Some(1),
            Self::BadHandshakeMethod => Some(2),
            Self::BadRequest => Some(3),
            Self::Forbidden => Some(4),
            Self::UnsupportedVersion => Some(5),
            Self::PayloadTooLarge => None,
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Forbidden => 403,
            Self::PayloadTooLarge => 413,
            Self::UnknownTransport
            | Self::UnknownSession
            | Self::BadHandshakeMethod
            | Self::BadRequest
            | Self::UnsupportedVersion => 400,
        }
    }

    /// The body, `application/json`.
    #[must_use]
    pub fn body(self) -> String {
        self.code().map_or_else(String::new, |code| {
            format!(r#"{{"code":{code},"message":"{self}"}}"#)
        })
    }
}

/// The packet that opens a session (§Handshake): its id and what it may count on.
#[must_use]
pub fn open_packet(sid: &str, transport: Transport, config: &Config) -> OutgoingPacket {
    let upgrades = match transport {
        Transport::Polling if config.offers_upgrade() => r#"["websocket"]"#,
        Transport::Polling | Transport::WebSocket => "[]",
    };
    // An application may choose the ids of its sessions, so they are not trusted to be plain.
    let mut json = String::from(r#"{"sid":"#);
    write_string(&mut json, sid);
    json.push_str(&format!(
        r#","upgrades":{upgrades},"pingInterval":{},"pingTimeout":{},"maxPayload":{}}}"#,
        whole_milliseconds(config.ping_interval),
        whole_milliseconds(config.ping_timeout),
        config.max_payload_bytes,
    ));
    OutgoingPacket::open(&json)
}

#[cfg(test)]
mod tests;
