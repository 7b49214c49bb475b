//! The server's end of an HTTP/1.1 connection, for hosts that own a bare socket.

use bytes::Bytes;

use crate::UsageError;
use crate::http::HeadError;
use crate::http::HeadLimits;
use crate::http::HeadParser;
use crate::http::Request;
use crate::http::Response;
use crate::http::Version;
use crate::http::body::Body;
use crate::http::body::Found;

/// Requests in, responses out, one at a time: a request is not read before the one before it was
/// answered. Its bytes stay in the input meanwhile, and the host keeps them.
///
/// ```
/// use sansocket::http::{Connection, Event, Response};
///
/// let mut connection = Connection::default();
/// let mut input: &[u8] = b"GET /hello HTTP/1.1\r\nHost: example.com\r\n\r\n";
/// let Some(Event::Request(request)) = connection.handle_input(&mut input) else { panic!() };
/// assert_eq!(request.path(), "/hello");
/// assert!(matches!(connection.handle_input(&mut input), Some(Event::BodyEnd)));
/// let bytes = connection.respond(&Response::new(200).text("hi")).unwrap();
/// assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\n"));
/// ```
#[derive(Debug, Default)]
pub struct Connection {
    parser: HeadParser,
    state: State,
    /// The request that is being served was a `HEAD`.
    head_only: bool,
    /// Another request may follow the one that is being served.
    keep_alive: bool,
    /// The client waits for leave to send its body.
    expects_continue: bool,
}

/// What happened. It borrows from the connection or from the input.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A request; its body, which may be empty, follows.
    Request(Request<'a>),
    /// A piece of the body. It may come before the whole body is there, so it is the host that
    /// limits the sum.
    Body(&'a [u8]),
    /// The body has ended: the request is complete.
    BodyEnd,
    /// A request for a WebSocket. Answer it with the response of
    /// the WebSocket handshake, and after a 101 pass the rest of the
    /// input to the WebSocket connection.
    Upgrade(Request<'a>),
    /// The client broke HTTP or passed a limit. [`respond`](Connection::respond) with this, and
    /// close.
    Refuse(Response),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Waiting for a head, or in one.
    #[default]
    Head,
    /// The request was lent; its body is being read.
    Body(Body),
    /// The request is complete, and waits for its response.
    Complete,
    /// A request for an upgrade waits for its response.
    Upgrading,
    /// The client broke HTTP and waits to hear of it.
    Refused,
    /// The bytes belong to another protocol from now on.
    Upgraded,
    /// The last response was made.
    Over,
}

impl Connection {
    /// A connection with other limits than the default ones.
    #[must_use]
    pub fn new(limits: HeadLimits) -> Self {
        Self {
            parser: HeadParser::new(limits),
            ..Self::default()
        }
    }

    /// Eats from the front of `input` until something happened. `None` when more input is needed,
    /// or when a response is: what is left in `input` then is for later. Once the connection is
    /// over, all input is discarded.
    pub fn handle_input<'c, 'i: 'c>(&'c mut self, input: &mut &'i [u8]) -> Option<Event<'c>> {
        match &mut self.state {
            State::Head => match self.parser.read_request(input) {
                Ok(None) => None,
                Ok(Some(request)) => {
                    self.head_only = request.method == "HEAD";
                    // HTTP/1.0 closes: keeping it open was never standardised.
                    self.keep_alive = request.version == Version::Http11
                        && !request.headers.has_token("Connection", "close");
                    self.expects_continue = request.version == Version::Http11
                        && request.headers.has_token("Expect", "100-continue");
                    match Body::of(&request) {
                        // With a body, it could not be known where the other protocol starts.
                        Ok(Body::Length(0)) if is_upgrade(&request) => {
                            self.state = State::Upgrading;
                            Some(Event::Upgrade(request))
                        }
                        Ok(body) => {
                            self.state = State::Body(body);
                            Some(Event::Request(request))
                        }
                        Err(error) => Some(refuse(&mut self.state, error)),
                    }
                }
                Err(error) => Some(refuse(&mut self.state, error)),
            },
            State::Body(body) => match body.read(input) {
                Ok(Found::Nothing) => None,
                Ok(Found::Content(content)) => {
                    self.expects_continue = false;
                    Some(Event::Body(content))
                }
                Ok(Found::End) => {
                    self.state = State::Complete;
                    self.expects_continue = false;
                    self.parser.release();
                    Some(Event::BodyEnd)
                }
                Err(error) => Some(refuse(&mut self.state, error)),
            },
            State::Complete | State::Upgrading | State::Upgraded => None,
            State::Refused | State::Over => {
                *input = &[];
                None
            }
        }
    }

    /// The interim response that a client waits for before it sends the body of an admitted
    /// request; `None` when it does not wait.
    pub fn permit_body(&mut self) -> Option<Bytes> {
        let waits = core::mem::take(&mut self.expects_continue);
        waits.then(|| Bytes::from_static(b"HTTP/1.1 100 Continue\r\n\r\n"))
    }

    /// The bytes of the response to the request that is being served. A response to a request
    /// whose body has not ended closes the connection: the rest of the body is of no use.
    ///
    /// # Errors
    /// [`UsageError::Invalid`] when no request waits for a response.
    pub fn respond(&mut self, response: &Response) -> Result<Bytes, UsageError> {
        let next = match self.state {
            State::Head | State::Upgraded | State::Over => {
                return Err(UsageError::Invalid("no request waits for a response"));
            }
            State::Upgrading if response.status() == 101 => State::Upgraded,
            State::Complete if self.keep_alive => State::Head,
            // What follows a refused upgrade may be meant for the other protocol.
            State::Complete | State::Upgrading | State::Body(_) | State::Refused => State::Over,
        };
        if response.status() < 200 && next != State::Upgraded {
            return Err(UsageError::Invalid(
                "an interim response does not answer a request",
            ));
        }
        self.state = next;
        self.parser.release();
        let keep_alive = next != State::Over;
        if self.head_only {
            return Ok(Bytes::from(response.http1_head(keep_alive)));
        }
        Ok(response.to_http1(keep_alive))
    }

    /// A request waits for its response.
    #[must_use]
    pub fn wants_response(&self) -> bool {
        matches!(
            self.state,
            State::Body(_) | State::Complete | State::Upgrading | State::Refused
        )
    }

    /// The last response was made: write it and close the transport.
    #[must_use]
    pub fn wants_transport_close(&self) -> bool {
        self.state == State::Over
    }
}

fn refuse<'a>(state: &mut State, error: HeadError) -> Event<'a> {
    *state = State::Refused;
    Event::Refuse(error.into())
}

/// Other upgrades, such as `h2c`, may be ignored (RFC 9110 section 7.8), and are.
fn is_upgrade(request: &Request<'_>) -> bool {
    request.headers.has_token("Connection", "upgrade")
        && request.headers.has_token("Upgrade", "websocket")
}

#[cfg(test)]
mod tests;
