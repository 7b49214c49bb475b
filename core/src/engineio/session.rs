//! One client's session: what it may do, what waits for it, and when it is over.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;

use super::config::Config;
use super::config::whole_milliseconds;
use super::error::CloseReason;
use super::error::SendError;
use super::handshake::Refusal;
use super::handshake::Transport;
use super::handshake::open_packet;
use super::heartbeat::Beat;
use super::heartbeat::Heartbeat;
use super::output::Output;
use super::output::Source;
use super::packet::OutgoingPacket;
use super::packet::Packet;
use crate::ConnId;
use crate::Instant;
use crate::Message;
use crate::RequestId;

mod closing;
mod upgrade;

use closing::Farewell;
use upgrade::Candidate;

/// An Engine.IO session, from the handshake to its [`Output::Closed`].
///
/// - `handle_*` says what the client did, or what time it is. Each first applies the timeouts that
///   `now` has passed, so calling [`handle_timeout`](Self::handle_timeout) early or late is harmless;
///   a `now` before an earlier one counts as that one.
/// - [`send`](Self::send) and [`close`](Self::close) are what the application says.
/// - [`poll_output`](Self::poll_output) and [`poll_timeout`](Self::poll_timeout) say what is to be
///   done. Packets sent between two drains share one answer to a poll.
///
/// Any order of calls is legal. Every request handed in is answered by exactly one [`Output`], and
/// every connection accepted is closed by one, unless the client abandons them first. Requests and
/// connections that the session does not know (any more) are ignored.
///
/// ```
/// use sansocket::engineio::{Config, Output, Packet, Session, Source};
/// use sansocket::{ConnId, Instant, Message};
///
/// let conn = ConnId::from_u64(1);
/// let mut session = Session::open_websocket(Instant::ZERO, "sid", conn, &Config::default());
/// let Some(Output::Transmit { packet, .. }) = session.poll_output() else { panic!() };
/// assert!(packet.bytes.starts_with(br#"0{"sid":"sid","#));
///
/// let hello = Packet::decode(Message::Text("4hello")).unwrap();
/// let message = session.handle_packet(Instant::ZERO, Source::Connection(conn), hello);
/// assert_eq!(message, Some(Message::Text("hello")));
/// ```
#[derive(Debug)]
pub struct Session {
    /// The latest time that was said.
    clock: Instant,
    heartbeat: Heartbeat,
    terms: Terms,
    state: State,
    /// What waits for the client, in order. It leaves through `poll_output` as soon as it can.
    packets: VecDeque<OutgoingPacket>,
    /// The cost of `packets`.
    buffered_bytes: usize,
    /// What was decided and not yet told; it goes before `packets`.
    outputs: VecDeque<Output>,
}

/// What of the configuration a session lives by.
#[derive(Debug)]
struct Terms {
    upgrade_timeout_ms: u32,
    offers_upgrade: bool,
    max_buffered_bytes: usize,
}

#[derive(Debug)]
enum State {
    Polling(Polling),
    WebSocket {
        conn: ConnId,
        congested: bool,
    },
    /// `Closed` is still to be told.
    Ended(CloseReason),
    Over,
}

#[derive(Debug, Default)]
struct Polling {
    /// The GET that waits for packets.
    poll: Option<RequestId>,
    /// The POST that is being read.
    post: Option<RequestId>,
    /// Boxed because it is rare and short: the sessions that stay should be small.
    candidate: Option<Box<Candidate>>,
    farewell: Option<Farewell>,
}

/// What a source is to the session.
enum Role {
    Transport,
    Candidate,
}

// What the client does.
impl Session {
    /// A session whose handshake is the GET `request`, which is answered with the open packet.
    #[must_use]
    pub fn open_polling(now: Instant, sid: &str, request: RequestId, config: &Config) -> Self {
        let state = State::Polling(Polling {
            poll: Some(request),
            ..Polling::default()
        });
        Self::open(
            now,
            open_packet(sid, Transport::Polling, config),
            state,
            config,
        )
    }

    /// A session that begins on the WebSocket `conn`, where the open packet is transmitted.
    #[must_use]
    pub fn open_websocket(now: Instant, sid: &str, conn: ConnId, config: &Config) -> Self {
        let state = State::WebSocket {
            conn,
            congested: false,
        };
        Self::open(
            now,
            open_packet(sid, Transport::WebSocket, config),
            state,
            config,
        )
    }

    fn open(now: Instant, packet: OutgoingPacket, state: State, config: &Config) -> Self {
        let mut session = Self {
            clock: now,
            heartbeat: Heartbeat::start(
                now,
                whole_milliseconds(config.ping_interval),
                whole_milliseconds(config.ping_timeout),
            ),
            terms: Terms {
                upgrade_timeout_ms: whole_milliseconds(config.upgrade_timeout),
                offers_upgrade: config.offers_upgrade(),
                max_buffered_bytes: config.max_buffered_bytes,
            },
            state,
            packets: VecDeque::new(),
            buffered_bytes: 0,
            outputs: VecDeque::new(),
        };
        session.push(packet);
        session
    }

    /// The client polls with a GET.
    pub fn handle_poll(&mut self, now: Instant, request: RequestId) {
        self.advance(now);
        let State::Polling(polling) = &mut self.state else {
            self.refuse_stray(request);
            return;
        };
        if polling.poll.is_some() {
            // §Receiving data: two GETs at once could reorder packets, so the second MUST get a 400
            // and the session MUST end.
            self.refuse(request, Refusal::BadRequest);
            self.end(CloseReason::TransportError);
            return;
        }
        polling.poll = Some(request);
        if let Some(farewell) = &polling.farewell {
            let reason = farewell.reason;
            if self.packets.is_empty() {
                self.push(OutgoingPacket::noop());
            }
            self.part(reason);
        } else if let Some(candidate) = &mut polling.candidate
            && candidate.probed
        {
            // Usually `5` is on its way, and a poll after it is an error. Holding this one for a
            // moment gives both orders of arrival the same answer.
            candidate.noop_at = Some(self.clock + upgrade::POLL_HOLD);
        }
    }

    /// The client begins a POST. `false`: it is refused, do not read its body.
    #[must_use]
    pub fn handle_post(&mut self, now: Instant, request: RequestId) -> bool {
        self.advance(now);
        let State::Polling(polling) = &mut self.state else {
            self.refuse_stray(request);
            return false;
        };
        if polling.post.is_some() {
            // §Sending data: two POSTs at once could reorder packets, so the second MUST get a 400
            // and the session MUST end.
            self.refuse(request, Refusal::BadRequest);
            self.end(CloseReason::TransportError);
            return false;
        }
        polling.post = Some(request);
        true
    }

    /// All packets of the POST were handled.
    pub fn handle_post_end(&mut self, now: Instant, request: RequestId) {
        self.advance(now);
        if let State::Polling(polling) = &mut self.state
            && polling.post.take_if(|post| *post == request).is_some()
        {
            self.outputs.push_back(Output::PostAccepted { request });
        }
    }

    /// The client sent a packet. Messages for the application are handed back.
    pub fn handle_packet<'p>(
        &mut self,
        now: Instant,
        from: Source,
        packet: Packet<'p>,
    ) -> Option<Message<'p>> {
        self.advance(now);
        match self.role(from)? {
            Role::Transport => self.handle_session_packet(packet),
            Role::Candidate => {
                self.handle_candidate_packet(packet);
                None
            }
        }
    }

    /// The client sent something that is no packet, or no payload.
    pub fn handle_bad_input(&mut self, now: Instant, from: Source) {
        self.advance(now);
        match self.role(from) {
            Some(Role::Transport) => self.end(CloseReason::ParseError),
            Some(Role::Candidate) => self.close_candidate(),
            None => {}
        }
    }

    /// The body of a POST is larger than `max_payload_bytes`: it cannot be read, and what cannot be
    /// read is not dropped in silence.
    pub fn handle_oversized_post(&mut self, now: Instant, request: RequestId) {
        self.advance(now);
        if let State::Polling(polling) = &mut self.state
            && polling.post.take_if(|post| *post == request).is_some()
        {
            self.refuse(request, Refusal::PayloadTooLarge);
            self.end(CloseReason::TransportError);
        }
    }

    /// The client abandoned a request before its answer. The request needs none any more.
    pub fn handle_abort(&mut self, now: Instant, request: RequestId) {
        self.advance(now);
        let mut lost = false;
        self.outputs.retain(|output| match output {
            // The packets of this answer will never arrive.
            Output::Poll { request: poll, .. } if *poll == request => {
                lost = true;
                false
            }
            Output::PostAccepted { request: other } | Output::Refuse { request: other, .. } => {
                *other != request
            }
            _ => true,
        });
        if let State::Polling(polling) = &mut self.state {
            lost |= polling.poll.take_if(|poll| *poll == request).is_some();
            lost |= polling.post.take_if(|post| *post == request).is_some();
        }
        if lost {
            self.end(CloseReason::TransportClose);
        }
    }

    /// A WebSocket has ended. `reason` is what becomes of the session if it was its transport:
    /// [`CloseReason::TransportClose`], or [`CloseReason::TransportError`] when it failed.
    pub fn handle_connection_closed(&mut self, now: Instant, conn: ConnId, reason: CloseReason) {
        self.advance(now);
        match self.role(Source::Connection(conn)) {
            Some(Role::Transport) => self.end(reason),
            Some(Role::Candidate) => self.close_candidate(),
            None => {}
        }
        // Nothing can be told to a connection that is gone.
        self.outputs.retain(|output| match output {
            Output::Transmit { conn: to, .. } | Output::CloseConnection { conn: to } => *to != conn,
            _ => true,
        });
    }

    /// The host cannot write more to `conn` for now, or can again.
    pub fn handle_congested(&mut self, now: Instant, conn: ConnId, is_congested: bool) {
        self.advance(now);
        match &mut self.state {
            State::WebSocket {
                conn: own,
                congested,
            } if *own == conn => *congested = is_congested,
            State::Polling(Polling {
                candidate: Some(candidate),
                ..
            }) if candidate.conn == conn => {
                candidate.congested = is_congested;
            }
            _ => {}
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
    }
}

// What the application says, and asks.
impl Session {
    /// Queues a packet for the client; it leaves through [`poll_output`](Self::poll_output).
    ///
    /// # Errors
    ///
    /// [`SendError`]: the packet was not taken. A client that lets more than `max_buffered_bytes`
    /// wait is disconnected, rather than losing a packet unnoticed.
    pub fn send(&mut self, now: Instant, packet: OutgoingPacket) -> Result<(), SendError> {
        self.advance(now);
        if !self.is_open() {
            return Err(SendError::Closed);
        }
        let total = self.buffered_bytes.saturating_add(packet.cost());
        // A packet that is alone may be as large as it likes: it is in memory already.
        if total > self.terms.max_buffered_bytes && !self.packets.is_empty() {
            self.end(CloseReason::BufferOverflow);
            return Err(SendError::Overflow);
        }
        self.push(packet);
        Ok(())
    }

    /// The WebSocket to which the caller may transmit by itself, past this session: it is open, and
    /// nothing waits that would have to go first. The fast path of a broadcast.
    #[must_use]
    pub fn direct(&self) -> Option<ConnId> {
        match self.state {
            State::WebSocket {
                conn,
                congested: false,
            } if self.packets.is_empty() && self.outputs.is_empty() => Some(conn),
            _ => None,
        }
    }

    /// Whether a packet would leave at once: a poll waits, or the WebSocket takes more, and
    /// everything sent earlier has left. Otherwise a volatile packet is dropped by the caller.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.packets.is_empty()
            && match &self.state {
                State::Polling(polling) => polling.poll.is_some(),
                State::WebSocket { congested, .. } => !congested,
                State::Ended(_) | State::Over => false,
            }
    }

    /// Whether the application can send and receive.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        match &self.state {
            State::Polling(polling) => polling.farewell.is_none(),
            State::WebSocket { .. } => true,
            State::Ended(_) | State::Over => false,
        }
    }

    /// How packets travel now; `None` when the session is over.
    #[must_use]
    pub const fn transport(&self) -> Option<Transport> {
        match self.state {
            State::Polling(_) => Some(Transport::Polling),
            State::WebSocket { .. } => Some(Transport::WebSocket),
            State::Ended(_) | State::Over => None,
        }
    }

    /// The WebSocket that carries the session, if one does.
    #[must_use]
    pub const fn connection(&self) -> Option<ConnId> {
        match self.state {
            State::WebSocket { conn, .. } => Some(conn),
            _ => None,
        }
    }

    /// What waits for the client, in bytes; every packet counts 64 more than its data.
    #[must_use]
    pub const fn buffered_bytes(&self) -> usize {
        self.buffered_bytes
    }

    /// What is to be done next; to be asked until `None` after every other call.
    pub fn poll_output(&mut self) -> Option<Output> {
        if let Some(output) = self.next_decided() {
            return Some(output);
        }
        match &mut self.state {
            State::Polling(polling) if !self.packets.is_empty() => {
                polling.poll?;
                self.answer_poll();
                self.next_decided()
            }
            State::WebSocket {
                conn,
                congested: false,
            } => {
                let conn = *conn;
                let packet = self.packets.pop_front()?;
                self.buffered_bytes -= packet.cost();
                release_if_empty(&mut self.packets);
                Some(Output::Transmit { conn, packet })
            }
            State::Ended(reason) => {
                let reason = *reason;
                self.state = State::Over;
                Some(Output::Closed { reason })
            }
            State::Polling(_) | State::WebSocket { .. } | State::Over => None,
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do; `None` when the session is over.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Polling(polling) => {
                let life = match &polling.farewell {
                    Some(farewell) => farewell.expires,
                    None => self.heartbeat.next(),
                };
                let candidate = polling.candidate.as_ref();
                let noop_at = candidate.and_then(|candidate| candidate.noop_at);
                [candidate.map(|candidate| candidate.expires), noop_at]
                    .into_iter()
                    .flatten()
                    .chain([life])
                    .min()
            }
            State::WebSocket { .. } => Some(self.heartbeat.next()),
            State::Ended(_) | State::Over => None,
        }
    }
}

// What follows.
impl Session {
    /// Applies every timeout that has passed.
    fn advance(&mut self, now: Instant) {
        self.clock = self.clock.max(now);
        let now = self.clock;
        let farewell = match &self.state {
            State::Polling(polling) => polling.farewell.as_ref(),
            State::WebSocket { .. } => None,
            State::Ended(_) | State::Over => return,
        };
        match farewell {
            Some(farewell) if now >= farewell.expires => return self.end(farewell.reason),
            Some(_) => {}
            None => match self.heartbeat.advance(now) {
                Some(Beat::Dead) => return self.end(CloseReason::PingTimeout),
                Some(Beat::Ping) => self.push(OutgoingPacket::ping()),
                None => {}
            },
        }
        if let State::Polling(Polling {
            candidate: Some(candidate),
            ..
        }) = &mut self.state
        {
            if now >= candidate.expires {
                self.close_candidate();
            } else if candidate.noop_at.take_if(|at| now >= *at).is_some() {
                self.answer_poll();
            }
        }
    }

    fn role(&self, from: Source) -> Option<Role> {
        match (&self.state, from) {
            (State::Polling(polling), Source::Post(request)) => {
                (polling.post == Some(request)).then_some(Role::Transport)
            }
            (State::Polling(polling), Source::Connection(conn)) => polling
                .candidate
                .as_ref()
                .is_some_and(|candidate| candidate.conn == conn)
                .then_some(Role::Candidate),
            (State::WebSocket { conn: own, .. }, Source::Connection(conn)) => {
                (*own == conn).then_some(Role::Transport)
            }
            _ => None,
        }
    }

    fn handle_session_packet<'p>(&mut self, packet: Packet<'p>) -> Option<Message<'p>> {
        match packet {
            Packet::Message(message) if self.is_open() => return Some(message),
            Packet::Pong(_) => self.heartbeat.handle_pong(self.clock),
            Packet::Close => self.leave(),
            // §Heartbeat: since version 4 only the server pings.
            Packet::Ping(_) => self.end(CloseReason::TransportError),
            Packet::Message(_) | Packet::Open(_) | Packet::Upgrade | Packet::Noop => {}
        }
        None
    }

    /// Ends the poll that waits, if one does: with what is there, or a noop.
    fn answer_poll(&mut self) {
        let State::Polling(polling) = &mut self.state else {
            return;
        };
        let Some(request) = polling.poll.take() else {
            return;
        };
        if let Some(candidate) = &mut polling.candidate {
            candidate.noop_at = None;
        }
        let mut packets = self.take_packets();
        if packets.is_empty() {
            packets.push(OutgoingPacket::noop());
        }
        self.outputs.push_back(Output::Poll { request, packets });
    }

    /// A request to a session that does not poll.
    fn refuse_stray(&mut self, request: RequestId) {
        let refusal = match self.state {
            State::Ended(_) | State::Over => Refusal::UnknownSession,
            State::Polling(_) | State::WebSocket { .. } => Refusal::BadRequest,
        };
        self.refuse(request, refusal);
    }

    fn refuse(&mut self, request: RequestId, refusal: Refusal) {
        self.outputs.push_back(Output::Refuse { request, refusal });
    }

    fn next_decided(&mut self) -> Option<Output> {
        let output = self.outputs.pop_front();
        release_if_empty(&mut self.outputs);
        output
    }

    fn push(&mut self, packet: OutgoingPacket) {
        self.buffered_bytes += packet.cost();
        self.packets.push_back(packet);
    }

    fn take_packets(&mut self) -> Vec<OutgoingPacket> {
        self.buffered_bytes = 0;
        mem::take(&mut self.packets).into()
    }
}

/// An idle session keeps nothing on the heap.
fn release_if_empty<T>(queue: &mut VecDeque<T>) {
    if queue.is_empty() {
        *queue = VecDeque::new();
    }
}

#[cfg(test)]
mod tests;
