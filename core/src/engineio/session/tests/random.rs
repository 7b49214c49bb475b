//! Any order of calls is legal: random calls, and what must be true after each of them.

use alloc::collections::BTreeSet;
use alloc::vec;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Call {
    Wait(u64),
    Poll,
    Post,
    PostEnd(usize),
    PostPacket(usize, &'static str),
    ConnPacket(usize, &'static str),
    BadPost(usize),
    BadConn(usize),
    OversizedPost(usize),
    Abort(usize),
    Upgrade,
    ConnClosed(usize),
    Congested(usize, bool),
    Send(usize),
    Close(CloseReason),
    Drain,
}

fn any_call() -> impl Strategy<Value = Call> {
    // Which of the latest requests or connections: mostly one that counts, sometimes a stale one.
    let which = || prop_oneof![6 => Just(0_usize), 3 => Just(1), 1 => 2_usize..6];
    let packet = || {
        prop_oneof![
            4 => Just("4hello"),
            4 => Just("3"),
            8 => Just("2probe"),
            8 => Just("5"),
            1 => prop::sample::select(vec!["0", "1", "2", "3probe", "6"]),
        ]
    };
    prop_oneof![
        8 => (0_u64..150).prop_map(Call::Wait),
        8 => Just(Call::Poll),
        6 => Just(Call::Post),
        8 => which().prop_map(Call::PostEnd),
        8 => (which(), packet()).prop_map(|(which, packet)| Call::PostPacket(which, packet)),
        12 => (which(), packet()).prop_map(|(which, packet)| Call::ConnPacket(which, packet)),
        1 => which().prop_map(Call::BadPost),
        1 => which().prop_map(Call::BadConn),
        1 => which().prop_map(Call::OversizedPost),
        1 => which().prop_map(Call::Abort),
        6 => Just(Call::Upgrade),
        1 => which().prop_map(Call::ConnClosed),
        4 => (which(), any::<bool>()).prop_map(|(which, state)| Call::Congested(which, state)),
        12 => (0_usize..200).prop_map(Call::Send),
        1 => prop::sample::select(vec![
            CloseReason::ForcedClose,
            CloseReason::ServerShuttingDown,
        ]).prop_map(Call::Close),
        16 => Just(Call::Drain),
    ]
}

/// The session, and what a host knows of its obligations.
struct Host {
    session: Session,
    now: u64,
    last_request: u64,
    last_conn: u64,
    /// Requests without an answer.
    open_requests: BTreeSet<RequestId>,
    /// Connections that the session has to close.
    open_conns: BTreeSet<ConnId>,
    upgraded: bool,
    closed: bool,
}

const MAX_BUFFERED: usize = 1_000;

impl Host {
    fn new(on_websocket: bool) -> Self {
        let config = Config {
            max_buffered_bytes: MAX_BUFFERED,
            upgrade_timeout: Duration::from_millis(400),
            ..config()
        };
        let session = if on_websocket {
            Session::open_websocket(at(0), "sid", conn(0), &config)
        } else {
            Session::open_polling(at(0), "sid", request(0), &config)
        };
        Self {
            session,
            now: 0,
            last_request: 0,
            last_conn: 0,
            open_requests: (!on_websocket).then_some(request(0)).into_iter().collect(),
            open_conns: on_websocket.then_some(conn(0)).into_iter().collect(),
            upgraded: on_websocket,
            closed: false,
        }
    }

    fn call(&mut self, call: &Call) {
        let now = at(self.now);
        let old_request = |back: usize| request(self.last_request.saturating_sub(back as u64));
        let old_conn = |back: usize| conn(self.last_conn.saturating_sub(back as u64));
        let session = &mut self.session;
        match *call {
            Call::Wait(millis) => {
                self.now += millis;
                session.handle_timeout(at(self.now));
                if let Some(next) = session.poll_timeout() {
                    assert!(next > at(self.now), "a timeout that has come is dealt with");
                }
            }
            Call::Poll => {
                self.last_request += 1;
                self.open_requests.insert(request(self.last_request));
                session.handle_poll(now, request(self.last_request));
            }
            Call::Post => {
                self.last_request += 1;
                self.open_requests.insert(request(self.last_request));
                // Whether it is admitted or not, it has to be answered.
                let _ = session.handle_post(now, request(self.last_request));
            }
            Call::PostEnd(back) => session.handle_post_end(now, old_request(back)),
            Call::PostPacket(back, packet) => {
                let from = Source::Post(old_request(back));
                assert_handed_out(receive(session, self.now, from, packet), packet);
            }
            Call::ConnPacket(back, packet) => {
                let from = Source::Connection(old_conn(back));
                assert_handed_out(receive(session, self.now, from, packet), packet);
            }
            Call::BadPost(back) => session.handle_bad_input(now, Source::Post(old_request(back))),
            Call::BadConn(back) => {
                session.handle_bad_input(now, Source::Connection(old_conn(back)));
            }
            Call::OversizedPost(back) => session.handle_oversized_post(now, old_request(back)),
            Call::Abort(back) => {
                self.open_requests.remove(&old_request(back));
                session.handle_abort(now, old_request(back));
            }
            Call::Upgrade => {
                self.last_conn += 1;
                if session.handle_upgrade(now, conn(self.last_conn)) {
                    self.open_conns.insert(conn(self.last_conn));
                }
            }
            Call::ConnClosed(back) => {
                self.open_conns.remove(&old_conn(back));
                let reason = CloseReason::TransportClose;
                session.handle_connection_closed(now, old_conn(back), reason);
            }
            Call::Congested(back, state) => session.handle_congested(now, old_conn(back), state),
            Call::Send(len) => {
                let was_open = session.is_open();
                let sent = session.send(now, text(&"x".repeat(len)));
                assert!(was_open || sent == Err(SendError::Closed));
            }
            Call::Close(reason) => session.close(now, reason),
            Call::Drain => self.drain(),
        }
        self.check();
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            if self.closed {
                assert!(
                    matches!(output, Output::Refuse { .. }),
                    "{output:?} after Closed"
                );
            }
            match output {
                Output::Poll { request, .. }
                | Output::PostAccepted { request }
                | Output::Refuse { request, .. } => {
                    assert!(
                        self.open_requests.remove(&request),
                        "{request:?} answered twice"
                    );
                }
                Output::Transmit { conn, .. } => {
                    assert!(self.open_conns.contains(&conn), "{conn:?} is gone");
                }
                Output::CloseConnection { conn } => {
                    assert!(self.open_conns.remove(&conn), "{conn:?} closed twice");
                }
                Output::Upgraded { .. } => {
                    assert!(!self.upgraded, "a session upgrades once");
                    self.upgraded = true;
                }
                Output::Closed { .. } => self.closed = true,
            }
            self.check();
        }
    }

    fn check(&self) {
        let session = &self.session;
        let cost: usize = session.packets.iter().map(OutgoingPacket::cost).sum();
        assert_eq!(session.buffered_bytes(), cost);
        // The ping, the noop and the open packet are not the application's.
        assert!(cost <= MAX_BUFFERED + 400, "{cost}");
        if let Some(conn) = session.direct() {
            assert!(self.open_conns.contains(&conn));
            assert!(session.is_open() && session.is_writable() && cost == 0);
        }
        if self.closed {
            assert!(!session.is_open() && session.poll_timeout().is_none());
        }
    }

    /// Whatever has happened, silence ends the session, and nothing of it remains.
    fn finish(&mut self) {
        self.call(&Call::Wait(300));
        self.call(&Call::Wait(200));
        self.drain();
        assert!(self.closed);
        assert_eq!(
            self.open_requests,
            BTreeSet::new(),
            "t53: requests without an answer"
        );
        assert_eq!(
            self.open_conns,
            BTreeSet::new(),
            "connections that nobody closes"
        );
        self.drain();
        assert_eq!(
            self.session.outputs.capacity() + self.session.packets.capacity(),
            0
        );
    }
}

fn assert_handed_out(message: Option<String>, packet: &str) {
    assert!(message.is_none_or(|message| packet.strip_prefix('4') == Some(&message)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn t53_no_order_of_calls_leaks_or_panics(
        on_websocket in prop::bool::weighted(0.2),
        calls in prop::collection::vec(any_call(), 0..80),
    ) {
        let mut host = Host::new(on_websocket);
        for call in &calls {
            host.call(call);
        }
        host.finish();
    }
}

#[test]
fn times_at_the_end_of_time_end_the_session() {
    let mut session = polling();
    session.handle_timeout(Instant::from_micros(u64::MAX));
    assert_eq!(drain(&mut session), ["closed: ping timeout"]);
}
