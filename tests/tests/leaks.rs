//! When everybody has gone, nothing is left.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "whatever goes wrong here is a failed test"
)]

use std::time::Duration;

use sansocket::server::Config;
use sansocket::server::Load;
use sansocket::server::NamespacePolicy;
use sansocket::server::Protocol;
use sansocket::server::Wire;
use sansocket_tests::Cuts;
use sansocket_tests::Net;
use sansocket_tests::Seeded;
use sansocket_tests::Via;

/// Clients come, talk, upgrade, and go in every way there is.
fn bustle(config: Config, seed: u64) -> Net {
    let protocol = config.protocol;
    let mut net = Net::new(config, seed);
    net.cuts = Cuts::Random;
    net.accepts = !seed.is_multiple_of(4);
    let mut random = Seeded::new(seed);
    let mut here = Vec::new();
    for _ in 0..60 {
        let plain = protocol == Protocol::WebSocket;
        let via =
            [Via::Bytes, Via::Messages, Via::Polling][random.below(if plain { 2 } else { 3 })];
        let client = net.open(via);
        if !plain && random.below(4) != 0 {
            net.say(
                client,
                ["0", "0/other,", "0/third?a=1,{\"x\":1}"][random.below(3)],
            );
        }
        if via == Via::Polling && net.is_open(client) && random.below(2) == 0 {
            net.upgrade(client, [Wire::Bytes, Wire::Messages][random.below(2)]);
        }
        here.push(client);
        let some = here[random.below(here.len())];
        match random.below(8) {
            0 => net.leave(some),
            1 => net.cut_off(some),
            2 => net.sleep(some),
            3 => net.say(some, r#"2["hello"]"#),
            4 => net.say(some, r#"51-["file",{"_placeholder":true,"num":0}]"#),
            5 => net.say_binary(some, b"bytes"),
            6 => net.say(some, "not a packet"),
            _ => net.run_for(Duration::from_secs(1)),
        }
    }
    for client in here {
        if net.is_open(client) {
            match random.below(3) {
                0 => net.leave(client),
                1 => net.cut_off(client),
                _ => net.sleep(client),
            }
        }
    }
    net
}

#[test]
fn all_is_zero_when_everybody_has_gone() {
    for protocol in [Protocol::WebSocket, Protocol::EngineIo, Protocol::SocketIo] {
        for seed in 0..30 {
            let config = Config {
                protocol,
                namespaces: NamespacePolicy::Ask,
                ..Config::default()
            };
            let mut net = bustle(config, seed);
            // A plain WebSocket has no heartbeat: whoever sleeps is closed by us.
            let now = net.now;
            net.server.shutdown(now);
            net.settle();
            net.run_for(Duration::from_secs(60));
            assert_eq!(net.server.load(), Load::default(), "{protocol:?} {seed}");
            assert_eq!(net.server.poll_timeout(), None, "{protocol:?} {seed}");
            assert_eq!(net.server.room_names("/").count(), 0);
        }
    }
}

#[test]
fn heartbeats_alone_clear_what_fell_asleep() {
    for seed in 0..30 {
        let mut net = bustle(Config::default(), seed);
        net.run_for(Duration::from_secs(120));
        assert_eq!(net.server.load(), Load::default(), "{seed}");
        assert_eq!(net.server.poll_timeout(), None, "{seed}");
    }
}

#[test]
fn shutting_down_says_goodbye_to_everybody() {
    let mut net = Net::default();
    let clients = [Via::Polling, Via::Bytes, Via::Messages].map(|via| {
        let client = net.open(via);
        net.say(client, "0");
        client
    });
    let now = net.now;
    net.server.shutdown(now);
    net.settle();
    for client in clients {
        assert!(!net.is_open(client), "{client}");
    }
}
