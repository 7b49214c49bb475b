//! The upgrade: a polling session goes over to a WebSocket without losing a packet.

use alloc::boxed::Box;
use core::mem;
use core::time::Duration;

use super::Polling;
use super::Session;
use super::State;
use crate::ConnId;
use crate::Instant;
use crate::engineio::handshake::Refusal;
use crate::engineio::output::Output;
use crate::engineio::packet::OutgoingPacket;
use crate::engineio::packet::Packet;

/// A WebSocket that may become the session's transport (§Upgrade).
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) conn: ConnId,
    pub(super) congested: bool,
    pub(super) expires: Instant,
    /// `2probe` was answered: `5` comes next.
    pub(super) probed: bool,
    /// When the poll that waits is sent home with a noop, so that the client can finish its upgrade.
    pub(super) noop_at: Option<Instant>,
}

impl Session {
    /// A WebSocket with this session's id arrived, to replace polling. `false`: it has to be closed.
    #[must_use]
    pub fn handle_upgrade(&mut self, now: Instant, conn: ConnId) -> bool {
        self.advance(now);
        match &mut self.state {
            // §WebSocket: a session has one WebSocket; any other MUST be closed.
            State::Polling(Polling {
                candidate: candidate @ None,
                farewell: None,
                ..
            }) if self.terms.offers_upgrade => {
                let patience = Duration::from_millis(self.terms.upgrade_timeout_ms.into());
                *candidate = Some(Box::new(Candidate {
                    conn,
                    congested: false,
                    expires: self.clock + patience,
                    probed: false,
                    noop_at: None,
                }));
                true
            }
            _ => false,
        }
    }

    /// §Upgrade: `2probe`, then `5`. Anything else ends the attempt, and only that.
    pub(super) fn handle_candidate_packet(&mut self, packet: Packet<'_>) {
        let State::Polling(Polling {
            candidate: Some(candidate),
            ..
        }) = &mut self.state
        else {
            return;
        };
        match packet {
            Packet::Ping("probe") if !candidate.probed => {
                candidate.probed = true;
                self.outputs.push_back(Output::Transmit {
                    conn: candidate.conn,
                    packet: OutgoingPacket::pong("probe"),
                });
                // §Upgrade: a GET that waits MUST be ended by a noop, so that polling can pause.
                self.answer_poll();
            }
            Packet::Upgrade if candidate.probed => self.switch(),
            _ => self.close_candidate(),
        }
    }

    /// The candidate becomes the transport. What waited for a poll goes out on it, in order.
    fn switch(&mut self) {
        let State::Polling(polling) = &mut self.state else {
            return;
        };
        let Some(candidate) = polling.candidate.take() else {
            return;
        };
        let Polling {
            poll,
            post,
            farewell,
            ..
        } = mem::take(polling);
        self.state = State::WebSocket {
            conn: candidate.conn,
            congested: candidate.congested,
        };
        // A client pauses polling before it says `5`: these requests have no place any more.
        for request in [poll, post].into_iter().flatten() {
            self.refuse(request, Refusal::BadRequest);
        }
        self.outputs.push_back(Output::Upgraded {
            conn: candidate.conn,
        });
        if let Some(farewell) = farewell {
            self.close_websocket(candidate.conn, farewell.reason);
        }
    }

    pub(super) fn close_candidate(&mut self) {
        if let State::Polling(polling) = &mut self.state
            && let Some(candidate) = polling.candidate.take()
        {
            self.outputs.push_back(Output::CloseConnection {
                conn: candidate.conn,
            });
        }
    }
}

/// How long a poll without packets is held once an upgrade was probed.
pub(super) const POLL_HOLD: Duration = Duration::from_millis(100);
