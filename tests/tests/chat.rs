//! A chat over every transport at once: everybody gets everything, once and in order, however the
//! bytes are cut on their way.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "whatever goes wrong here is a failed test"
)]

use bytes::Bytes;
use sansocket::server::Config;
use sansocket::server::EmitOptions;
use sansocket::server::EventData;
use sansocket::server::Target;
use sansocket::server::Wire;
use sansocket_tests::Cuts;
use sansocket_tests::Happened;
use sansocket_tests::Net;
use sansocket_tests::Via;

/// Four clients in the main namespace, the last of which moves from polling to a WebSocket.
fn company(cuts: Cuts, seed: u64) -> (Net, [usize; 4]) {
    let mut net = Net::new(Config::default(), seed);
    net.cuts = cuts;
    let clients = [
        net.open(Via::Polling),
        net.open(Via::Bytes),
        net.open(Via::Messages),
        net.open(Via::Polling),
    ];
    for client in clients {
        net.say(client, "0");
        let greeting = net.received(client);
        assert_eq!(greeting.len(), 1);
        assert!(greeting[0].starts_with(r#"0{"sid":""#));
    }
    net.happened();
    (net, clients)
}

fn everybody<'a>() -> Target<'a> {
    Target::Rooms {
        namespace: "/",
        rooms: &[],
        except: &[],
    }
}

fn in_room<'a>(rooms: &'a [&'a str], except: &'a [&'a str]) -> Target<'a> {
    Target::Rooms {
        namespace: "/",
        rooms,
        except,
    }
}

fn emit(net: &mut Net, to: Target<'_>, json: &str) {
    let now = net.now;
    net.server
        .emit(now, to, EventData::new(json), EmitOptions::default())
        .unwrap();
    net.settle();
}

fn on_every_cut(test: impl Fn(Cuts, u64)) {
    test(Cuts::Whole, 0);
    test(Cuts::EveryByte, 0);
    for seed in 1..20 {
        test(Cuts::Random, seed);
    }
}

#[test]
fn everybody_gets_everything_once_and_in_order() {
    on_every_cut(|cuts, seed| {
        let (mut net, clients) = company(cuts, seed);
        for number in 0..10 {
            emit(&mut net, everybody(), &format!(r#"["news",{number}]"#));
            if number == 4 {
                net.upgrade(clients[3], Wire::Bytes);
            }
        }
        let expected: Vec<String> = (0..10).map(|n| format!(r#"2["news",{n}]"#)).collect();
        for client in clients {
            assert_eq!(net.received(client), expected, "client {client}, {cuts:?}");
        }
        assert!(matches!(
            net.happened().as_slice(),
            [Happened::SessionUpgraded { .. }]
        ));
    });
}

#[test]
fn events_of_clients_arrive_as_they_were_written() {
    on_every_cut(|cuts, seed| {
        let (mut net, clients) = company(cuts, seed);
        for client in clients {
            net.say(client, r#"27["say", {"text":"h\u00e9 é 😀"}]"#);
            let socket = net.socket(client, "/");
            let expected = Happened::Event {
                socket,
                data: r#"["say", {"text":"h\u00e9 é 😀"}]"#.to_owned(),
                attachments: Vec::new(),
                packet_id: Some(7),
            };
            assert_eq!(net.happened(), [expected]);
            let now = net.now;
            net.server
                .acknowledge(now, socket, 7, EventData::new("[true]"))
                .unwrap();
            net.settle();
            assert_eq!(net.received(client), ["37[true]"]);
        }
    });
}

#[test]
fn attachments_travel_both_ways() {
    on_every_cut(|cuts, seed| {
        let (mut net, clients) = company(cuts, seed);
        let placeholders = r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}"#;
        for client in clients {
            net.say(client, &format!(r#"52-["file",{placeholders}]"#));
            net.say_binary(client, &[1, 2, 3]);
            net.say_binary(client, &[]);
            let happened = net.happened();
            let [Happened::Event { attachments, .. }] = happened.as_slice() else {
                panic!("one event was expected, not {happened:?}");
            };
            assert_eq!(*attachments, [&[1, 2, 3][..], &[]]);
        }
        let now = net.now;
        let attachments = [Bytes::from_static(&[9]), Bytes::from_static(&[8, 7])];
        let json = format!(r#"["file",{placeholders}]"#);
        let data = EventData::with_attachments(&json, &attachments);
        net.server
            .emit(now, everybody(), data, EmitOptions::default())
            .unwrap();
        net.settle();
        for client in clients {
            let expected = [format!("52-{json}"), "[9]".to_owned(), "[8, 7]".to_owned()];
            assert_eq!(net.received(client), expected);
        }
    });
}

#[test]
fn rooms_choose_who_hears() {
    on_every_cut(|cuts, seed| {
        let (mut net, clients) = company(cuts, seed);
        let [ada, bob, cyd, dee] = clients.map(|client| net.socket(client, "/"));
        for (socket, rooms) in [(ada, "ab"), (bob, "b"), (cyd, "bc")] {
            for room in rooms.chars() {
                net.server.join(socket, &room.to_string()).unwrap();
            }
        }
        let own = net.server.socket_id(dee).unwrap().to_owned();
        let heard = |net: &mut Net| clients.map(|client| net.received(client).len());
        emit(&mut net, in_room(&["a", "b", "a"], &[]), r#"["x"]"#);
        assert_eq!(
            heard(&mut net),
            [1, 1, 1, 0],
            "once each, in two rooms or not"
        );
        emit(&mut net, in_room(&["b"], &["a", "c"]), r#"["x"]"#);
        assert_eq!(heard(&mut net), [0, 1, 0, 0]);
        emit(&mut net, in_room(&[], &["b"]), r#"["x"]"#);
        assert_eq!(heard(&mut net), [0, 0, 0, 1]);
        emit(&mut net, in_room(&[&own], &[]), r#"["x"]"#);
        assert_eq!(heard(&mut net), [0, 0, 0, 1], "a socket's id is its room");
        net.server.leave(bob, "b").unwrap();
        net.server.close_room("/", "c");
        emit(&mut net, in_room(&["b", "c"], &[]), r#"["x"]"#);
        assert_eq!(heard(&mut net), [1, 0, 1, 0]);
        net.server.leave_all(cyd).unwrap();
        let own = net.server.socket_id(cyd).unwrap().to_owned();
        let left: Vec<&str> = net.server.rooms(cyd).collect();
        assert_eq!(left, [&own], "all rooms but the one of its own");
        net.server.join(cyd, "b").unwrap();
        net.cut_off(clients[2]);
        assert!(net.happened().contains(&Happened::Disconnect {
            socket: cyd,
            reason: "transport close",
            rooms: format!(r#"["{own}","b"]"#),
        }));
    });
}
