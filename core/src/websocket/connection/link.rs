//! The sending half and the life of a connection: what waits to be written, and whether it lives.

use alloc::vec::Vec;
use bytes::Bytes;
use core::hash::Hasher;
use siphasher::sip::SipHasher24;

use super::Closed;
use crate::Entropy;
use crate::EntropyError;
use crate::Instant;
use crate::UsageError;
use crate::websocket::CloseCode;
use crate::websocket::CloseFrame;
use crate::websocket::Error;
use crate::websocket::Role;
use crate::websocket::frame::Content;
use crate::websocket::frame::MAX_SHORT_LEN;
use crate::websocket::frame::Opcode;
use crate::websocket::frame::write_frame_of;

#[derive(Debug)]
pub(super) struct Link {
    /// Frames that wait for `poll_transmit`.
    outgoing: Vec<u8>,
    state: State,
    /// Only a client masks.
    mask_keys: Option<MaskKeys>,
    /// When the closing handshake has lasted too long.
    deadline: Option<Instant>,
    /// Answers to pings that wait in `outgoing`.
    pongs: u8,
    /// Bytes of the last frame in `outgoing`, if it is one of them.
    last_pong_len: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// Our close frame is queued; the peer's has not come.
    Closing,
    /// The end is known and not reported yet.
    Lost(Error),
    /// Both close frames are out; the client waits for the server to close the transport.
    Lingering,
    /// Nothing will happen any more.
    Over,
}

impl Link {
    pub(super) const fn new(mask_keys: Option<MaskKeys>) -> Self {
        Self {
            outgoing: Vec::new(),
            state: State::Open,
            mask_keys,
            deadline: None,
            pongs: 0,
            last_pong_len: 0,
        }
    }

    pub(super) fn send(&mut self, content: Content, payload: &[u8]) -> Result<(), UsageError> {
        if self.state != State::Open {
            return Err(UsageError::Closing);
        }
        self.queue(content, [payload, &[]]);
        Ok(())
    }

    /// Sends a server's frame that is written already: it is queued when other frames wait, else
    /// handed back.
    #[cfg(feature = "deflate")]
    pub(super) fn send_written(&mut self, frame: Bytes) -> Option<Bytes> {
        if self.outgoing.is_empty() {
            return Some(frame);
        }
        self.outgoing.extend_from_slice(&frame);
        self.last_pong_len = 0;
        None
    }

    pub(super) fn send_control(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
    ) -> Result<(), UsageError> {
        if payload.len() > usize::from(MAX_SHORT_LEN) {
            return Err(UsageError::Invalid(
                "a control frame carries 125 bytes at most",
            ));
        }
        self.send(Content::new(opcode), payload)
    }

    /// Queues the pong for a ping, section 5.5.2.
    ///
    /// Section 5.5.3 allows to answer only the latest of several pings. So a peer that pings and
    /// does not read keeps a few pongs waiting here, and no more.
    pub(super) fn answer_ping(&mut self, payload: &[u8]) {
        if self.state != State::Open {
            return;
        }
        if self.pongs >= MAX_QUEUED_PONGS {
            let replaced = usize::from(self.last_pong_len);
            self.outgoing
                .truncate(self.outgoing.len().saturating_sub(replaced));
        }
        let start = self.outgoing.len();
        self.queue(Content::new(Opcode::Pong), [payload, &[]]);
        self.pongs = self.pongs.saturating_add(1);
        self.last_pong_len = (self.outgoing.len() - start) as u8;
    }

    /// Starts the closing handshake.
    pub(super) fn close(
        &mut self,
        deadline: Instant,
        frame: CloseFrame<'_>,
    ) -> Result<(), UsageError> {
        if self.state != State::Open {
            return Err(UsageError::Closing);
        }
        self.queue_close(frame);
        self.state = State::Closing;
        self.deadline = Some(deadline);
        Ok(())
    }

    /// The peer's close frame came. It is answered with its own code (section 5.5.1), unless it is
    /// an answer itself.
    pub(super) fn handle_close(&mut self, deadline: Instant, code: CloseCode) {
        if self.state == State::Open {
            self.queue_close(CloseFrame { code, reason: "" });
        }
        // Section 7.1.1: the server closes the transport first, so that the client's end does not
        // linger in the operating system of the server.
        match self.peer() {
            Role::Client => self.end(),
            Role::Server => {
                self.state = State::Lingering;
                self.deadline = Some(deadline);
            }
        }
    }

    /// The peer failed us: says so (section 7.1.7) and ends the connection.
    pub(super) fn fail(&mut self, error: Error) -> Closed<'static> {
        if self.state == State::Open {
            self.queue_close(CloseFrame {
                code: error.into(),
                reason: error.reason(),
            });
        }
        self.end();
        Closed {
            code: error.into(),
            reason: error.reason(),
            clean: false,
            cause: Some(error),
        }
    }

    /// The transport is gone, or as good as gone.
    pub(super) fn lose(&mut self, error: Error) {
        self.outgoing = Vec::new();
        match self.state {
            State::Open | State::Closing => {
                self.end();
                self.state = State::Lost(error);
            }
            State::Lingering => self.end(),
            State::Lost(_) | State::Over => {}
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.lose(Error::CloseTimeout);
        }
    }

    pub(super) fn poll_transmit(&mut self) -> Option<Bytes> {
        if self.outgoing.is_empty() {
            return None;
        }
        self.pongs = 0;
        self.last_pong_len = 0;
        Some(Bytes::from(core::mem::take(&mut self.outgoing)))
    }

    /// The end, if it was not reported yet.
    pub(super) fn poll_closed(&mut self) -> Option<Closed<'static>> {
        let State::Lost(error) = self.state else {
            return None;
        };
        Some(self.fail(error))
    }

    pub(super) const fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    pub(super) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Frames of the peer are still looked at.
    pub(super) const fn receives(&self) -> bool {
        matches!(self.state, State::Open | State::Closing)
    }

    pub(super) fn wants_transport_close(&self) -> bool {
        matches!(self.state, State::Over | State::Lost(_)) && self.outgoing.is_empty()
    }

    pub(super) const fn peer(&self) -> Role {
        match self.mask_keys {
            Some(_) => Role::Server,
            None => Role::Client,
        }
    }

    fn end(&mut self) {
        self.state = State::Over;
        self.deadline = None;
    }

    fn queue_close(&mut self, frame: CloseFrame<'_>) {
        let code = frame.code_bytes();
        let code = code.as_ref().map_or(&[][..], |code| code);
        let payload = [code, frame.reason.as_bytes()];
        self.queue(Content::new(Opcode::Close), payload);
    }

    fn queue(&mut self, content: Content, payload: [&[u8]; 2]) {
        let mask = self.mask_keys.as_mut().map(MaskKeys::next);
        write_frame_of(&mut self.outgoing, content, payload, mask);
        self.last_pong_len = 0;
    }
}

/// The mask keys of a client, from a secret and a counter: section 10.3 wants them to be
/// unpredictable, and SipHash with a secret key is.
#[derive(Clone, Copy)]
pub(super) struct MaskKeys {
    secret: [u8; 16],
    count: u64,
}

impl MaskKeys {
    pub(super) fn draw(entropy: &mut (impl Entropy + ?Sized)) -> Result<Self, EntropyError> {
        let mut secret = [0; 16];
        entropy.fill(&mut secret)?;
        Ok(Self { secret, count: 0 })
    }

    fn next(&mut self) -> [u8; 4] {
        let mut hasher = SipHasher24::new_with_key(&self.secret);
        hasher.write_u64(self.count);
        self.count = self.count.wrapping_add(1);
        (hasher.finish() as u32).to_le_bytes()
    }
}

/// The secret stays out of logs.
impl core::fmt::Debug for MaskKeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MaskKeys").finish_non_exhaustive()
    }
}

/// Every ping of a short burst gets its pong, as the strictest test suites want.
const MAX_QUEUED_PONGS: u8 = 16;
