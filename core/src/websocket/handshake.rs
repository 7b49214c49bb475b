//! The opening handshake, RFC 6455 section 4: a request becomes a connection, or a refusal.

use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use sha1::Digest;
use sha1::Sha1;

use crate::Entropy;
use crate::EntropyError;
use crate::UsageError;
use crate::http::Headers;
use crate::http::Request;
use crate::http::Response;
use crate::http::ResponseHead;
use crate::http::Version;
use crate::http::is_field_value;
use crate::http::is_token;
use crate::http::push_line;
#[cfg(feature = "deflate")]
use crate::websocket::DeflateConfig;
#[cfg(feature = "deflate")]
use crate::websocket::PermessageDeflate;

/// Judges a client's handshake (section 4.2.1). `protocols` are the subprotocols that the server
/// speaks; of those the client offers, the first one that is spoken is chosen.
///
/// The origin is not judged here: one policy, [`Cors::decide`](crate::http::Cors::decide), holds for
/// polling and upgrades alike.
///
/// # Errors
/// The response to refuse with, which says why.
///
/// ```
/// use sansocket::http::{Header, Headers, Request, Version};
/// use sansocket::websocket::handshake;
///
/// let lines = [
///     Header { name: b"Host", value: b"example.com" },
///     Header { name: b"Upgrade", value: b"websocket" },
///     Header { name: b"Connection", value: b"Upgrade" },
///     Header { name: b"Sec-WebSocket-Key", value: b"dGhlIHNhbXBsZSBub25jZQ==" },
///     Header { name: b"Sec-WebSocket-Version", value: b"13" },
/// ];
/// let request = Request { method: "GET", target: "/", version: Version::Http11, headers: Headers::new(&lines) };
/// let accepted = handshake::accept(&request, &[]).unwrap();
/// assert_eq!(accepted.response().status(), 101);
/// ```
pub fn accept<'p>(request: &Request<'_>, protocols: &[&'p str]) -> Result<Accepted<'p>, Response> {
    let headers = request.headers;
    if request.method != "GET" {
        return Err(refusal(405, "a WebSocket is opened with GET")
            .with("Allow", Bytes::from_static(b"GET")));
    }
    if request.version != Version::Http11 {
        return Err(refusal(400, "a WebSocket is opened with HTTP/1.1"));
    }
    if request.host().is_none() {
        return Err(refusal(400, "the Host is missing, repeated or invalid"));
    }
    if !headers.has_token("Upgrade", "websocket") {
        return Err(refusal(
            426,
            "this address speaks WebSocket: the Upgrade header is missing",
        )
        .with("Upgrade", Bytes::from_static(b"websocket")));
    }
    if !headers.has_token("Connection", "upgrade") {
        return Err(refusal(400, "the Connection header does not name Upgrade"));
    }
    // Section 4.4: a server that does not know the version names those it knows.
    match headers.unique("Sec-WebSocket-Version") {
        Ok(Some(b"13")) => {}
        Ok(_) | Err(_) => {
            let refusal = refusal(426, "the Sec-WebSocket-Version is not 13");
            return Err(refusal
                .with("Upgrade", Bytes::from_static(b"websocket"))
                .with("Sec-WebSocket-Version", Bytes::from_static(b"13")));
        }
    }
    let Ok(Some(key)) = headers.unique("Sec-WebSocket-Key") else {
        return Err(refusal(400, "the Sec-WebSocket-Key is missing or repeated"));
    };
    // Sixteen bytes take 24 characters; the length is looked at before anything is decoded.
    if key.len() != KEY_CHARACTERS
        || BASE64_STANDARD.decode(key).map(|key| key.len()) != Ok(KEY_BYTES)
    {
        return Err(refusal(
            400,
            "the Sec-WebSocket-Key is not sixteen bytes in base64",
        ));
    }
    // Section 4.1, point 10: a subprotocol is a token, so it can be sent back as it came.
    let protocol = headers
        .list("Sec-WebSocket-Protocol")
        .filter(|offer| is_token(offer))
        .find_map(|offer| protocols.iter().find(|known| known.as_bytes() == offer));
    Ok(Accepted {
        accept: accept_of(key),
        protocol: protocol.copied(),
        #[cfg(feature = "deflate")]
        deflate: None,
    })
}

/// A handshake that may be answered with 101.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted<'p> {
    accept: String,
    protocol: Option<&'p str>,
    /// What was agreed on about compression, and the header value that says so.
    #[cfg(feature = "deflate")]
    deflate: Option<(PermessageDeflate, String)>,
}

impl<'p> Accepted<'p> {
    /// Accepts permessage-deflate, if `request` offers it in a form that can be accepted. An offer
    /// with a wrong parameter is declined and the next one looked at; without a good one the
    /// connection is opened uncompressed.
    ///
    /// ```
    /// use sansocket::http::{Header, Headers, Request, Version};
    /// use sansocket::websocket::{Config, Connection, DeflateConfig, handshake};
    ///
    /// # let lines = [
    /// #     Header { name: b"Host", value: b"example.com" },
    /// #     Header { name: b"Upgrade", value: b"websocket" },
    /// #     Header { name: b"Connection", value: b"Upgrade" },
    /// #     Header { name: b"Sec-WebSocket-Key", value: b"dGhlIHNhbXBsZSBub25jZQ==" },
    /// #     Header { name: b"Sec-WebSocket-Version", value: b"13" },
    /// #     Header { name: b"Sec-WebSocket-Extensions", value: b"permessage-deflate; client_max_window_bits" },
    /// # ];
    /// # let request = Request { method: "GET", target: "/", version: Version::Http11, headers: Headers::new(&lines) };
    /// let accepted = handshake::accept(&request, &[])
    ///     .unwrap()
    ///     .negotiate_deflate(&request, &DeflateConfig::default());
    /// let mut connection = Connection::server(Config::default());
    /// if let Some(agreed) = accepted.deflate() {
    ///     connection = connection.with_deflate(agreed);
    /// }
    /// # assert!(accepted.deflate().is_some());
    /// ```
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn negotiate_deflate(mut self, request: &Request<'_>, config: &DeflateConfig) -> Self {
        self.deflate = PermessageDeflate::accept(&request.headers, config);
        self
    }

    /// What was agreed on about compression, if anything: it goes to
    /// [`Connection::with_deflate`](crate::websocket::Connection::with_deflate).
    #[cfg(feature = "deflate")]
    #[must_use]
    pub const fn deflate(&self) -> Option<&PermessageDeflate> {
        match &self.deflate {
            Some((agreed, _)) => Some(agreed),
            None => None,
        }
    }

    /// The subprotocol that was chosen, if any.
    #[must_use]
    pub const fn protocol(&self) -> Option<&'p str> {
        self.protocol
    }

    /// The 101 to answer with. More header lines may be added before it is written.
    ///
    /// No extension is ever named in it that this crate does not speak, whatever was offered.
    #[must_use]
    pub fn response(&self) -> Response {
        let response = Response::new(101)
            .with("Upgrade", Bytes::from_static(b"websocket"))
            .with("Connection", Bytes::from_static(b"Upgrade"))
            .with(
                "Sec-WebSocket-Accept",
                Bytes::copy_from_slice(self.accept.as_bytes()),
            );
        let response = match self.protocol {
            Some(protocol) => response.with(
                "Sec-WebSocket-Protocol",
                Bytes::copy_from_slice(protocol.as_bytes()),
            ),
            None => response,
        };
        #[cfg(feature = "deflate")]
        if let Some((_, value)) = &self.deflate {
            let value = Bytes::copy_from_slice(value.as_bytes());
            return response.with("Sec-WebSocket-Extensions", value);
        }
        response
    }
}

/// A client's side of the handshake (section 4.1).
///
/// ```
/// # struct Fixed;
/// # impl sansocket::Entropy for Fixed {
/// #     fn fill(&mut self, bytes: &mut [u8]) -> Result<(), sansocket::EntropyError> { bytes.fill(7); Ok(()) }
/// # }
/// use sansocket::websocket::handshake::Opening;
///
/// let opening = Opening::new(&mut Fixed).unwrap();
/// let bytes = opening.request("example.com", "/chat", &["chat"], &[]).unwrap();
/// assert!(bytes.starts_with(b"GET /chat HTTP/1.1\r\nHost: example.com\r\n"));
/// ```
#[derive(Clone, Debug)]
pub struct Opening {
    key: String,
    #[cfg(feature = "deflate")]
    deflate: Option<DeflateConfig>,
}

/// A server's answer that opens a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened<'p> {
    protocol: Option<&'p str>,
    #[cfg(feature = "deflate")]
    deflate: Option<PermessageDeflate>,
}

/// Why a client takes a server's answer for no WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The server answered with this status.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// The named header is missing or wrong.
    #[error("the server's {0} header is missing or wrong")]
    Header(&'static str),
    /// The server chose a subprotocol that was not offered.
    #[error("the server chose a subprotocol that was not offered")]
    Protocol,
    /// The server chose an extension that was not offered, or parameters that do not fit the offer.
    #[error("the server chose an extension, or parameters of one, that were not offered")]
    Extension,
}

impl Opening {
    /// Draws the key of one handshake.
    ///
    /// # Errors
    /// [`EntropyError`] when the source has failed.
    pub fn new(entropy: &mut (impl Entropy + ?Sized)) -> Result<Self, EntropyError> {
        let mut key = [0; KEY_BYTES];
        entropy.fill(&mut key)?;
        Ok(Self {
            key: BASE64_STANDARD.encode(key),
            #[cfg(feature = "deflate")]
            deflate: None,
        })
    }

    /// Offers permessage-deflate to the server.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_deflate(mut self, config: DeflateConfig) -> Self {
        self.deflate = Some(config);
        self
    }

    /// The bytes of the request. `host` is the authority and `target` the path with its query;
    /// `extra` are more header lines, such as cookies.
    ///
    /// # Errors
    /// [`UsageError::Invalid`] when one of them has characters that would end its line.
    pub fn request(
        &self,
        host: &str,
        target: &str,
        protocols: &[&str],
        extra: &[(&str, &str)],
    ) -> Result<Bytes, UsageError> {
        if !host.bytes().all(|byte| byte.is_ascii_graphic()) || host.is_empty() {
            return Err(UsageError::Invalid("the host is ASCII without blanks"));
        }
        if !target.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(UsageError::Invalid(
                "the target is a path, in ASCII without blanks",
            ));
        }
        if !protocols
            .iter()
            .all(|protocol| is_token(protocol.as_bytes()))
        {
            return Err(UsageError::Invalid("a subprotocol is a token"));
        }
        let mut bytes = Vec::with_capacity(256);
        for part in ["GET ", target, " HTTP/1.1\r\n"] {
            bytes.extend_from_slice(part.as_bytes());
        }
        push_line(&mut bytes, "Host", host.as_bytes());
        push_line(&mut bytes, "Upgrade", b"websocket");
        push_line(&mut bytes, "Connection", b"Upgrade");
        push_line(&mut bytes, "Sec-WebSocket-Key", self.key.as_bytes());
        push_line(&mut bytes, "Sec-WebSocket-Version", b"13");
        if !protocols.is_empty() {
            push_line(
                &mut bytes,
                "Sec-WebSocket-Protocol",
                protocols.join(", ").as_bytes(),
            );
        }
        #[cfg(feature = "deflate")]
        if let Some(config) = &self.deflate {
            let offer = PermessageDeflate::offer(config);
            push_line(&mut bytes, "Sec-WebSocket-Extensions", offer.as_bytes());
        }
        for (name, value) in extra {
            if !is_token(name.as_bytes()) || !is_field_value(value.as_bytes()) {
                return Err(UsageError::Invalid(
                    "a header is a token and a value without control characters",
                ));
            }
            push_line(&mut bytes, name, value.as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        Ok(Bytes::from(bytes))
    }

    /// Judges the server's answer: which of `protocols` it chose, and what of the extensions that
    /// were offered. A redirect is an answer like any other: it is not followed here.
    ///
    /// # Errors
    /// [`HandshakeError`] when it opens no WebSocket.
    pub fn check<'p>(
        &self,
        response: &ResponseHead<'_>,
        protocols: &[&'p str],
    ) -> Result<Opened<'p>, HandshakeError> {
        if response.status != 101 {
            return Err(HandshakeError::Status(response.status));
        }
        let headers = response.headers;
        if !headers.has_token("Upgrade", "websocket") {
            return Err(HandshakeError::Header("Upgrade"));
        }
        if !headers.has_token("Connection", "upgrade") {
            return Err(HandshakeError::Header("Connection"));
        }
        if headers.unique("Sec-WebSocket-Accept")
            != Ok(Some(accept_of(self.key.as_bytes()).as_bytes()))
        {
            return Err(HandshakeError::Header("Sec-WebSocket-Accept"));
        }
        #[cfg(not(feature = "deflate"))]
        if headers
            .get("Sec-WebSocket-Extensions")
            .is_some_and(|value| !value.is_empty())
        {
            return Err(HandshakeError::Extension);
        }
        Ok(Opened {
            protocol: chosen_protocol(&headers, protocols)?,
            #[cfg(feature = "deflate")]
            deflate: PermessageDeflate::check(&headers, self.deflate.as_ref())?,
        })
    }
}

impl<'p> Opened<'p> {
    /// The subprotocol that the server chose, if any.
    #[must_use]
    pub const fn protocol(&self) -> Option<&'p str> {
        self.protocol
    }

    /// What was agreed on about compression, if anything: it goes to
    /// [`Connection::with_deflate`](crate::websocket::Connection::with_deflate).
    #[cfg(feature = "deflate")]
    #[must_use]
    pub const fn deflate(&self) -> Option<&PermessageDeflate> {
        self.deflate.as_ref()
    }
}

/// Section 4.1: a client fails the connection when the server chose what was not offered.
fn chosen_protocol<'p>(
    headers: &Headers<'_>,
    protocols: &[&'p str],
) -> Result<Option<&'p str>, HandshakeError> {
    match headers.unique("Sec-WebSocket-Protocol") {
        Ok(None) => Ok(None),
        Ok(Some(chosen)) => {
            let protocol = protocols
                .iter()
                .find(|protocol| protocol.as_bytes() == chosen);
            protocol.copied().map(Some).ok_or(HandshakeError::Protocol)
        }
        Err(_) => Err(HandshakeError::Protocol),
    }
}

fn refusal(status: u16, reason: &'static str) -> Response {
    Response::new(status).text(reason)
}

/// Section 4.2.2, point 5.4: proof that this very key was read by a WebSocket server.
fn accept_of(key: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update(GUID);
    BASE64_STANDARD.encode(hash.finalize())
}

const KEY_BYTES: usize = 16;
const KEY_CHARACTERS: usize = 24;
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

#[cfg(test)]
mod tests;
