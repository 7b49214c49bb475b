//! How a session ends: said by the application, by the client, or by neither.

use core::mem;

use super::Polling;
use super::Session;
use super::State;
use crate::ConnId;
use crate::Instant;
use crate::engineio::error::CloseReason;
use crate::engineio::handshake::Refusal;
use crate::engineio::output::Output;
use crate::engineio::packet::OutgoingPacket;

/// The application closed a session whose client does not poll right now: its next poll hears of it.
#[derive(Debug)]
pub(super) struct Farewell {
    pub(super) reason: CloseReason,
    pub(super) expires: Instant,
}

impl Session {
    /// Ends the session, after what was sent.
    ///
    /// A polling client that does not wait with a GET hears of it at its next one, if that comes
    /// within the ping timeout; only then the session is [`Output::Closed`]. With
    /// [`CloseReason::ServerShuttingDown`] it is closed at once: nobody will answer that poll.
    pub fn close(&mut self, now: Instant, reason: CloseReason) {
        self.advance(now);
        match &mut self.state {
            State::WebSocket { conn, .. } => {
                let conn = *conn;
                self.close_websocket(conn, reason);
            }
            State::Polling(polling) => {
                if polling.poll.is_some() || reason == CloseReason::ServerShuttingDown {
                    self.part(reason);
                } else if polling.farewell.is_none() {
                    let expires = self.clock + self.heartbeat.timeout();
                    polling.farewell = Some(Farewell { reason, expires });
                }
            }
            State::Ended(_) | State::Over => {}
        }
    }

    /// The client leaves in good order: its poll is answered as if nothing were.
    pub(super) fn leave(&mut self) {
        self.answer_poll();
        self.part(CloseReason::TransportClose);
    }

    /// Ends the session in good order: no POST is at fault.
    pub(super) fn part(&mut self, reason: CloseReason) {
        if let State::Polling(polling) = &mut self.state
            && let Some(request) = polling.post.take()
        {
            self.outputs.push_back(Output::PostAccepted { request });
        }
        self.end(reason);
    }

    /// Everything that waits goes out, then the WebSocket is closed.
    pub(super) fn close_websocket(&mut self, conn: ConnId, reason: CloseReason) {
        for packet in self.take_packets() {
            self.outputs.push_back(Output::Transmit { conn, packet });
        }
        self.end(reason);
    }

    /// The session is over. A poll that waits gets what is there and a close packet, a POST is refused.
    pub(super) fn end(&mut self, reason: CloseReason) {
        let mut packets = self.take_packets();
        let ended = State::Ended(self.first_reason(reason));
        match mem::replace(&mut self.state, ended) {
            State::Polling(polling) => {
                if let Some(request) = polling.poll {
                    packets.push(OutgoingPacket::close());
                    self.outputs.push_back(Output::Poll { request, packets });
                }
                if let Some(request) = polling.post {
                    self.refuse(request, Refusal::BadRequest);
                }
                if let Some(candidate) = polling.candidate {
                    self.outputs.push_back(Output::CloseConnection {
                        conn: candidate.conn,
                    });
                }
            }
            State::WebSocket { conn, .. } => {
                self.outputs.push_back(Output::CloseConnection { conn });
            }
            // Nothing ends twice.
            over @ (State::Ended(_) | State::Over) => self.state = over,
        }
    }

    /// What the application said first is why, whatever happens before the client hears of it.
    fn first_reason(&self, reason: CloseReason) -> CloseReason {
        match &self.state {
            State::Polling(Polling {
                farewell: Some(farewell),
                ..
            }) => farewell.reason,
            _ => reason,
        }
    }
}
