//! Which extensions the two ends agree on: RFC 6455 section 9.1 for the header, RFC 7692 section 7.1
//! for the one extension there is.

use alloc::string::String;
use core::fmt::Write;

use crate::http::Headers;
use crate::websocket::DeflateConfig;
use crate::websocket::Role;
use crate::websocket::WindowBits;
use crate::websocket::handshake::HandshakeError;

/// permessage-deflate as both ends agreed on it. Only a handshake makes one, so a connection that
/// has one may be sent compressed messages, and no other may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PermessageDeflate {
    server: DeflateWindow,
    client: DeflateWindow,
    config: DeflateConfig,
}

/// What one end may refer back to when it compresses a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeflateWindow {
    /// How far back.
    pub bits: WindowBits,
    /// Beyond the start of the message, into those before it. Then both ends have to keep them.
    pub context_takeover: bool,
}

impl PermessageDeflate {
    /// The window that the messages of `sender` are compressed with.
    #[must_use]
    pub const fn window(&self, sender: Role) -> DeflateWindow {
        match sender {
            Role::Client => self.client,
            Role::Server => self.server,
        }
    }

    /// The settings of this end, which the other end does not know.
    #[must_use]
    pub const fn config(&self) -> &DeflateConfig {
        &self.config
    }

    /// A server's choice among the offers of a client, the first one that it can accept, and the
    /// header value that says so.
    pub(crate) fn accept(headers: &Headers<'_>, config: &DeflateConfig) -> Option<(Self, String)> {
        let offer = extensions(headers)
            .filter(|extension| extension.name == NAME)
            .find_map(|extension| Parameters::parse(extension.parameters, Role::Client))?;
        let accepted = offer.accepted(config);
        let response = accepted.header_value(Role::Server);
        Some((Self::new(&accepted, config), response))
    }

    /// The header value of a client's offer.
    pub(crate) fn offer(config: &DeflateConfig) -> String {
        Parameters::offered(config).header_value(Role::Client)
    }

    /// A client's judgement of what the server chose. `config` is what was offered, if anything.
    pub(crate) fn check(
        headers: &Headers<'_>,
        config: Option<&DeflateConfig>,
    ) -> Result<Option<Self>, HandshakeError> {
        let mut chosen = extensions(headers);
        let Some(extension) = chosen.next() else {
            return Ok(None);
        };
        // RFC 7692 section 5.1: a client fails the connection on a response that it did not offer.
        let (Some(config), NAME, None) = (config, extension.name, chosen.next()) else {
            return Err(HandshakeError::Extension);
        };
        let response = Parameters::parse(extension.parameters, Role::Server)
            .filter(|response| response.answers(&Parameters::offered(config)))
            .ok_or(HandshakeError::Extension)?;
        let mut agreed = Self::new(&response, config);
        // Nobody has to use all that it may use.
        agreed.client.bits = agreed.client.bits.min(config.client_max_window_bits);
        agreed.client.context_takeover &= !config.client_no_context_takeover;
        Ok(Some(agreed))
    }

    fn new(response: &Parameters, config: &DeflateConfig) -> Self {
        let window = |bits: Option<WindowBits>, no_context_takeover: bool| DeflateWindow {
            bits: bits.unwrap_or(WindowBits::MAX),
            context_takeover: !no_context_takeover,
        };
        Self {
            server: window(
                response.server_max_window_bits,
                response.server_no_context_takeover,
            ),
            client: window(
                response.client_max_window_bits,
                response.client_no_context_takeover,
            ),
            config: *config,
        }
    }
}

/// The parameters of RFC 7692 section 7.1, in an offer or in a response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parameters {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<WindowBits>,
    /// In an offer, the largest window stands for a parameter without a value.
    client_max_window_bits: Option<WindowBits>,
}

impl Parameters {
    /// `None` when one of them is unknown, repeated or has a wrong value. Then section 7.1 has a
    /// server decline the offer and a client fail the connection.
    fn parse(parameters: &[u8], sender: Role) -> Option<Self> {
        let mut parsed = Self::default();
        // Without parameters there is no semicolon; after one there is a parameter.
        let mut list = split_unquoted(parameters, b';');
        list.next();
        for parameter in list {
            let (name, value) = match parameter.iter().position(|byte| *byte == b'=') {
                Some(equals) => {
                    let (name, value) = parameter.split_at_checked(equals)?;
                    (name.trim_ascii(), value.get(1..).map(<[u8]>::trim_ascii))
                }
                None => (parameter.trim_ascii(), None),
            };
            let is_new = match (name, value) {
                (b"server_no_context_takeover", None) => {
                    !core::mem::replace(&mut parsed.server_no_context_takeover, true)
                }
                (b"client_no_context_takeover", None) => {
                    !core::mem::replace(&mut parsed.client_no_context_takeover, true)
                }
                (b"server_max_window_bits", Some(value)) => {
                    let bits = parse_window_bits(value)?;
                    parsed.server_max_window_bits.replace(bits).is_none()
                }
                (b"client_max_window_bits", Some(value)) => {
                    let bits = parse_window_bits(value)?;
                    parsed.client_max_window_bits.replace(bits).is_none()
                }
                // Section 7.1.2.2: only the hint of a client may come without a value.
                (b"client_max_window_bits", None) if sender == Role::Client => parsed
                    .client_max_window_bits
                    .replace(WindowBits::MAX)
                    .is_none(),
                _ => return None,
            };
            if !is_new {
                return None;
            }
        }
        Some(parsed)
    }

    /// A server's response to this offer.
    fn accepted(&self, config: &DeflateConfig) -> Self {
        Self {
            // Sections 7.1.1.1 and 7.1.1.2: a server grants both hints, and may ask for both.
            server_no_context_takeover: self.server_no_context_takeover
                || config.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover
                || config.client_no_context_takeover,
            // Section 7.1.2.1: an offered limit is granted by naming the same or a smaller one.
            server_max_window_bits: match self.server_max_window_bits {
                Some(offered) => Some(offered.min(config.server_max_window_bits)),
                None => below_max(config.server_max_window_bits),
            },
            // Section 7.1.2.2: only a client that knows the parameter may be given a limit.
            client_max_window_bits: self
                .client_max_window_bits
                .and_then(|offered| below_max(offered.min(config.client_max_window_bits))),
        }
    }

    /// A client's offer.
    fn offered(config: &DeflateConfig) -> Self {
        Self {
            server_no_context_takeover: config.server_no_context_takeover,
            client_no_context_takeover: config.client_no_context_takeover,
            server_max_window_bits: below_max(config.server_max_window_bits),
            client_max_window_bits: Some(config.client_max_window_bits),
        }
    }

    /// Whether this response accepts that offer.
    fn answers(&self, offer: &Self) -> bool {
        // Sections 7.1.1.1 and 7.1.2.1: what the client asks of the server is in the response, or
        // the offer was not accepted.
        let grants_takeover = self.server_no_context_takeover || !offer.server_no_context_takeover;
        let within = |answer: Option<WindowBits>, offered: Option<WindowBits>| {
            offered.is_none_or(|offered| answer.is_some_and(|answer| answer <= offered))
        };
        let grants_window = within(self.server_max_window_bits, offer.server_max_window_bits);
        // Section 7.1.2.2: absent, it leaves the client its own choice.
        let limits_client = self.client_max_window_bits.is_none()
            || within(self.client_max_window_bits, offer.client_max_window_bits);
        grants_takeover && grants_window && limits_client
    }

    fn header_value(&self, sender: Role) -> String {
        let mut value = String::from("permessage-deflate");
        let mut add = |name: &str, bits: Option<WindowBits>| {
            value.push_str("; ");
            value.push_str(name);
            if let Some(bits) = bits {
                // Writing into a string cannot fail.
                let _ = write!(value, "={}", bits.get());
            }
        };
        if self.server_no_context_takeover {
            add("server_no_context_takeover", None);
        }
        if self.client_no_context_takeover {
            add("client_no_context_takeover", None);
        }
        if let Some(bits) = self.server_max_window_bits {
            add("server_max_window_bits", Some(bits));
        }
        match (self.client_max_window_bits, sender) {
            (Some(WindowBits::MAX), Role::Client) => add("client_max_window_bits", None),
            (Some(bits), _) => add("client_max_window_bits", Some(bits)),
            (None, _) => {}
        }
        value
    }
}

/// One element of a `Sec-WebSocket-Extensions` header.
struct Extension<'a> {
    name: &'a [u8],
    /// What follows the name, its semicolon included.
    parameters: &'a [u8],
}

/// The elements of all header lines, in their order. What breaks the grammar makes a name or a
/// parameter that nobody knows.
fn extensions<'a>(headers: &Headers<'a>) -> impl Iterator<Item = Extension<'a>> + use<'a> {
    headers
        .get_all("Sec-WebSocket-Extensions")
        .flat_map(|line| split_unquoted(line, b','))
        .filter(|element| !element.trim_ascii().is_empty())
        .map(|element| {
            let end = element.iter().position(|byte| *byte == b';');
            let (name, parameters) = element
                .split_at_checked(end.unwrap_or(element.len()))
                .unwrap_or_default();
            Extension {
                name: name.trim_ascii(),
                parameters,
            }
        })
}

/// Splits at each separator that is not inside a quoted string (RFC 9110 section 5.6.4), in one
/// pass.
fn split_unquoted(list: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut escaped = false;
    list.split(move |byte| {
        if *byte == b'"' && !escaped {
            quoted = !quoted;
        }
        escaped = quoted && *byte == b'\\' && !escaped;
        *byte == separator && !quoted
    })
}

/// The value of a parameter: a token, or the same as a quoted string, in which a backslash stands for
/// the byte behind it.
fn parse_window_bits(value: &[u8]) -> Option<WindowBits> {
    let [b'"', quoted @ .., b'"'] = value else {
        return parse_number(value);
    };
    match *quoted {
        [b'\\', digit] => parse_number(&[digit]),
        [b'\\', first, b'\\', second] | [b'\\', first, second] | [first, b'\\', second] => {
            parse_number(&[first, second])
        }
        _ => parse_number(quoted),
    }
}

/// Section 7.1.2: from 8 to 15, without leading zeros.
fn parse_number(digits: &[u8]) -> Option<WindowBits> {
    match *digits {
        [digit @ b'8'..=b'9'] => WindowBits::new(digit - b'0'),
        [b'1', digit @ b'0'..=b'5'] => WindowBits::new(10 + (digit - b'0')),
        _ => None,
    }
}

fn below_max(bits: WindowBits) -> Option<WindowBits> {
    (bits < WindowBits::MAX).then_some(bits)
}

const NAME: &[u8] = b"permessage-deflate";

#[cfg(test)]
mod tests;
