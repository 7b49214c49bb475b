//! A session takes any calls in any order: requests are answered once, what waits is bounded, and the
//! end is told once.

use std::collections::BTreeSet;
use std::time::Duration;

use sansocket::ConnId;
use sansocket::Instant;
use sansocket::Message;
use sansocket::RequestId;
use sansocket::engineio::CloseReason;
use sansocket::engineio::Config;
use sansocket::engineio::OutgoingPacket;
use sansocket::engineio::Output;
use sansocket::engineio::Packet;
use sansocket::engineio::Session;
use sansocket::engineio::Source;

use super::Choices;

/// What client, host and application do.
pub fn target(data: &[u8]) {
    let mut choices = Choices::new(data);
    let config = Config {
        max_buffered_bytes: 1000,
        ..Config::default()
    };
    let now = Instant::ZERO;
    let first = RequestId::from_u64(0);
    let polls = choices.flip();
    let mut watched = Watched {
        session: if polls {
            Session::open_polling(now, "sid", first, &config)
        } else {
            Session::open_websocket(now, "sid", ConnId::from_u64(0), &config)
        },
        pending: polls.then_some(first).into_iter().collect(),
        is_over: false,
    };
    watched.drain();
    let mut now = now;
    let mut requests = 1;
    while !choices.is_empty() {
        let session = &mut watched.session;
        let conn = ConnId::from_u64(choices.below(3) as u64);
        let some_request = RequestId::from_u64(choices.below(8) as u64);
        match choices.below(14) {
            kind @ (0 | 1) => {
                let request = RequestId::from_u64(requests);
                requests += 1;
                watched.pending.insert(request);
                if kind == 0 {
                    session.handle_poll(now, request);
                } else {
                    let _is_read = session.handle_post(now, request);
                }
            }
            2 => session.handle_post_end(now, some_request),
            3 | 4 => {
                let from = if choices.flip() {
                    Source::Connection(conn)
                } else {
                    Source::Post(some_request)
                };
                let packet = choices.one_of(&[
                    Packet::Open("{}"),
                    Packet::Close,
                    Packet::Ping("probe"),
                    Packet::Ping(""),
                    Packet::Pong(""),
                    Packet::Message(Message::Text("text")),
                    Packet::Message(Message::Binary(b"bytes")),
                    Packet::Upgrade,
                    Packet::Noop,
                ]);
                let was_open = session.is_open();
                let message = session.handle_packet(now, from, packet);
                assert!(was_open || message.is_none());
            }
            5 => session.handle_bad_input(now, Source::Connection(conn)),
            6 => session.handle_oversized_post(now, some_request),
            7 => {
                session.handle_abort(now, some_request);
                watched.pending.remove(&some_request);
            }
            8 => {
                let _is_taken = session.handle_upgrade(now, conn);
            }
            9 => {
                let reason =
                    choices.one_of(&[CloseReason::TransportClose, CloseReason::TransportError]);
                session.handle_connection_closed(now, conn, reason);
            }
            10 => session.handle_congested(now, conn, choices.flip()),
            11 => {
                now = now + choices.duration();
                session.handle_timeout(now);
            }
            12 => {
                let text = choices.text();
                let packet = OutgoingPacket::message(&Message::Text(&text));
                let was_open = session.is_open();
                assert!(was_open || session.send(now, packet).is_err());
            }
            _ => session.close(now, CloseReason::ForcedClose),
        }
        if choices.flip() {
            watched.drain();
        }
        assert!(watched.session.buffered_bytes() <= 1000 + 255 + 64);
    }
    watched.wait_for_the_end(now);
}

struct Watched {
    session: Session,
    /// Requests without an answer.
    pending: BTreeSet<RequestId>,
    is_over: bool,
}

impl Watched {
    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Poll { request, packets } => {
                    assert!(!packets.is_empty());
                    assert!(
                        self.pending.remove(&request),
                        "{request:?} is answered twice"
                    );
                }
                Output::PostAccepted { request } | Output::Refuse { request, .. } => {
                    assert!(
                        self.pending.remove(&request),
                        "{request:?} is answered twice"
                    );
                }
                Output::Closed { .. } => {
                    assert!(!self.is_over, "the end is told twice");
                    self.is_over = true;
                }
                Output::Transmit { .. }
                | Output::CloseConnection { .. }
                | Output::Upgraded { .. } => {
                    assert!(!self.is_over, "the end is told last");
                }
            }
        }
        assert_eq!(self.is_over, self.session.transport().is_none());
    }

    /// A client that does nothing more is let go, deadline by deadline, and nobody waits for ever.
    fn wait_for_the_end(&mut self, mut now: Instant) {
        self.drain();
        for _ in 0..20 {
            let Some(due) = self.session.poll_timeout() else {
                break;
            };
            now = now.max(due);
            self.session.handle_timeout(now);
            self.drain();
            let next = self.session.poll_timeout();
            assert!(
                next.is_none_or(|next| next > now),
                "a deadline that does not pass"
            );
        }
        assert!(self.is_over, "a silent client is let go");
        assert!(
            self.pending.is_empty(),
            "{:?} are never answered",
            self.pending
        );
        assert_eq!(self.session.poll_timeout(), None);
        self.session.handle_timeout(now + Duration::from_secs(3600));
        assert_eq!(self.session.poll_output(), None);
    }
}
