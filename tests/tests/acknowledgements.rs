//! Answers: by one client, by many, in time and too late.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "whatever goes wrong here is a failed test"
)]

use std::time::Duration;

use sansocket::UsageError;
use sansocket::server::Config;
use sansocket::server::EmitOptions;
use sansocket::server::EventData;
use sansocket::server::Target;
use sansocket::socketio::AckId;
use sansocket::socketio::Outcome;
use sansocket_tests::Happened;
use sansocket_tests::Net;
use sansocket_tests::Via;

fn ask(net: &mut Net, to: Target<'_>, timeout: Option<Duration>) -> Result<AckId, UsageError> {
    let now = net.now;
    let data = EventData::new(r#"["ask"]"#);
    let asked = net
        .server
        .emit_with_ack(now, to, data, EmitOptions::default(), timeout);
    net.settle();
    asked
}

fn joined(net: &mut Net, via: Via) -> usize {
    let client = net.open(via);
    net.say(client, "0");
    net.received(client);
    net.happened();
    client
}

const EVERYBODY: Target<'_> = Target::Rooms {
    namespace: "/",
    rooms: &[],
    except: &[],
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn one_client_answers_once_and_a_second_answer_is_dropped() {
    for via in [Via::Polling, Via::Bytes, Via::Messages] {
        let mut net = Net::default();
        let client = joined(&mut net, via);
        let socket = net.socket(client, "/");
        let ack = ask(&mut net, Target::Socket(socket), None).unwrap();
        assert_eq!(net.received(client), [r#"20["ask"]"#]);
        net.say(client, r#"30["yes",1]"#);
        net.say(client, r#"30["again"]"#);
        net.say(client, r#"399["never asked"]"#);
        let expected = Happened::Answer {
            ack,
            socket,
            data: r#"["yes",1]"#.to_owned(),
            last: true,
        };
        assert_eq!(net.happened(), [expected]);
        assert_eq!(net.server.load().acknowledgements, 0);
    }
}

#[test]
fn an_answer_that_comes_too_late_is_dropped() {
    let mut net = Net::default();
    let client = joined(&mut net, Via::Bytes);
    let socket = net.socket(client, "/");
    let ack = ask(&mut net, Target::Socket(socket), Some(SECOND)).unwrap();
    net.run_for(SECOND - Duration::from_micros(1));
    assert_eq!(net.happened(), []);
    net.run_for(Duration::from_micros(1));
    net.say(client, r#"30["late"]"#);
    let expected = Happened::AckSettled {
        ack,
        outcome: Outcome::TimedOut,
        missing: 1,
    };
    assert_eq!(net.happened(), [expected]);
}

#[test]
fn a_client_that_leaves_ends_what_it_was_asked() {
    let mut net = Net::default();
    let client = joined(&mut net, Via::Bytes);
    let socket = net.socket(client, "/");
    let ack = ask(&mut net, Target::Socket(socket), None).unwrap();
    net.cut_off(client);
    let settled = Happened::AckSettled {
        ack,
        outcome: Outcome::Disconnected,
        missing: 1,
    };
    let happened = net.happened();
    let settled = happened.iter().filter(|event| **event == settled).count();
    assert_eq!(settled, 1, "{happened:?}");
    assert_eq!(net.server.load().acknowledgements, 0);
}

#[test]
fn a_room_is_asked_and_partial_answers_count() {
    let mut net = Net::default();
    let clients = [Via::Polling, Via::Bytes, Via::Messages].map(|via| joined(&mut net, via));
    let ack = ask(&mut net, EVERYBODY, Some(SECOND)).unwrap();
    for client in clients {
        assert_eq!(net.received(client), [r#"20["ask"]"#]);
    }
    net.say(clients[0], "30[]");
    net.say(clients[2], "30[]");
    net.run_for(SECOND);
    let happened = net.happened();
    assert!(matches!(
        happened.as_slice(),
        [
            Happened::Answer { last: false, .. },
            Happened::Answer { last: false, .. },
            Happened::AckSettled {
                outcome: Outcome::TimedOut,
                missing: 1,
                ..
            },
        ]
    ));
    // When all who are left have answered, nobody waits for the time.
    let second = ask(&mut net, EVERYBODY, Some(SECOND)).unwrap();
    assert_ne!(ack, second);
    net.say(clients[0], "31[]");
    net.cut_off(clients[1]);
    net.say(clients[2], "31[]");
    assert_eq!(net.server.load().acknowledgements, 0);
}

#[test]
fn nobody_to_ask_is_an_answer_too() {
    let mut net = Net::default();
    let ack = ask(&mut net, EVERYBODY, Some(SECOND)).unwrap();
    let expected = Happened::AckSettled {
        ack,
        outcome: Outcome::Complete,
        missing: 0,
    };
    assert_eq!(net.happened(), [expected]);
    assert_eq!(
        ask(&mut net, EVERYBODY, None).err(),
        Some(UsageError::Invalid(
            "an acknowledgement by many sockets needs a timeout"
        ))
    );
}

#[test]
fn a_client_that_never_answers_owes_no_more_than_the_limit() {
    let mut config = Config::default();
    config.socketio.max_pending_acks = 3;
    let mut net = Net::new(config, 0);
    let client = joined(&mut net, Via::Bytes);
    let socket = net.socket(client, "/");
    for _ in 0..3 {
        ask(&mut net, Target::Socket(socket), None).unwrap();
    }
    assert_eq!(
        ask(&mut net, Target::Socket(socket), None),
        Err(UsageError::Limit("max_pending_acks"))
    );
    net.say(client, "31[]");
    assert!(ask(&mut net, Target::Socket(socket), None).is_ok());
}
