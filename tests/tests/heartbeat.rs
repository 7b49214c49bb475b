//! Hours of heartbeats, in no time.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "whatever goes wrong here is a failed test"
)]

use std::time::Duration;

use sansocket::server::Config;
use sansocket_tests::Happened;
use sansocket_tests::Net;
use sansocket_tests::Via;

const HOUR: Duration = Duration::from_secs(3600);
const VIAS: [Via; 3] = [Via::Polling, Via::Bytes, Via::Messages];

#[test]
fn whoever_answers_stays_for_hours() {
    let mut net = Net::default();
    let clients = VIAS.map(|via| {
        let client = net.open(via);
        net.say(client, "0");
        client
    });
    net.happened();
    net.run_for(24 * HOUR);
    assert_eq!(net.happened(), []);
    for client in clients {
        assert!(net.is_open(client));
    }
    // All came at the same time, so they share two deadlines a ping: to send it, and to have its
    // answer.
    let pings = 24 * 3600 / 25;
    assert!((pings..=2 * pings).contains(&net.wakes), "{}", net.wakes);
}

#[test]
fn whoever_falls_silent_is_let_go_in_time() {
    for via in VIAS {
        let mut net = Net::default();
        let client = net.open(via);
        net.say(client, "0");
        let socket = net.socket(client, "/");
        let session = net.session(client);
        net.run_for(HOUR);
        net.sleep(client);
        net.happened();
        let config = Config::default().engineio;
        net.run_for(config.ping_interval + config.ping_timeout);
        let happened = net.happened();
        assert!(
            matches!(
                happened.as_slice(),
                [
                    Happened::Disconnect { socket: gone, reason: "ping timeout", .. },
                    Happened::SessionClosed { session: over, reason: "ping timeout" },
                ] if *gone == socket && *over == session
            ),
            "{via:?}: {happened:?}"
        );
        assert_eq!(net.server.load().sessions, 0);
    }
}

#[test]
fn whoever_joins_no_namespace_is_let_go() {
    for via in VIAS {
        let mut net = Net::default();
        let client = net.open(via);
        net.run_for(Config::default().connect_timeout - Duration::from_micros(1));
        assert!(net.is_open(client), "{via:?}");
        net.run_for(Duration::from_micros(1));
        assert_eq!(net.server.load().sessions, 0, "{via:?}");
    }
}

#[test]
fn an_early_or_late_wake_up_does_no_harm() {
    let mut net = Net::default();
    let client = net.open(Via::Bytes);
    net.say(client, "0");
    for _ in 0..1000 {
        net.server.handle_timeout(net.now);
        net.settle();
    }
    assert!(net.is_open(client));
    // A host that slept for a day finds that its clients have gone, and nothing worse.
    net.now = net.now + 24 * HOUR;
    net.server.handle_timeout(net.now);
    net.settle();
    assert_eq!(net.server.load().sessions, 0);
}

#[test]
fn time_that_runs_backwards_stands_still() {
    let mut net = Net::default();
    let client = net.open(Via::Bytes);
    net.say(client, "0");
    net.run_for(Duration::from_secs(20));
    let due = net.server.poll_timeout();
    let early = sansocket::Instant::ZERO;
    net.server.handle_timeout(early);
    net.settle();
    assert_eq!(net.server.poll_timeout(), due);
    net.run_for(Duration::from_secs(10));
    assert!(net.is_open(client));
}
