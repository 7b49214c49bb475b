//! Every acknowledgement ends exactly once, and none waits beyond its time.

use std::collections::BTreeSet;
use std::time::Duration;

use sansocket::Instant;
use sansocket::SocketId;
use sansocket::socketio::AckId;
use sansocket::socketio::Acks;
use sansocket::socketio::Config;

use super::Choices;

/// What servers ask and sockets answer.
pub fn target(data: &[u8]) {
    let mut choices = Choices::new(data);
    let config = Config {
        max_pending_acks: 5,
        ..Config::default()
    };
    let mut acks = Acks::new(&config);
    let mut waiting: BTreeSet<AckId> = BTreeSet::new();
    let mut now = Instant::ZERO;
    while !choices.is_empty() {
        // Three sockets in each of two namespaces.
        let namespace = choices.below(2) as u32;
        let some = |choices: &mut Choices<'_>| {
            SocketId::from_u64(u64::from(namespace) + 2 * choices.below(3) as u64)
        };
        let socket = some(&mut choices);
        match choices.below(7) {
            0 | 1 => {
                let timeout = choices.flip().then(|| choices.duration());
                if let Ok(issued) = acks.issue(now, namespace, socket, timeout) {
                    assert!(waiting.insert(issued.ack), "a number is used again");
                }
            }
            2 => {
                let sockets: Vec<SocketId> =
                    (0..choices.below(8)).map(|_| some(&mut choices)).collect();
                let timeout = choices.duration();
                let issued = acks
                    .issue_broadcast(now, namespace, &sockets, timeout)
                    .unwrap();
                assert!(waiting.insert(issued.ack), "a number is used again");
            }
            3 | 4 => {
                let packet_id = u64::from(choices.byte() & 15);
                if let Some(answer) = acks.answer(socket, packet_id) {
                    assert!(waiting.contains(&answer.ack), "an answer after the end");
                    assert!(
                        acks.answer(socket, packet_id).is_none(),
                        "an answer that counts twice"
                    );
                    if answer.last {
                        waiting.remove(&answer.ack);
                    }
                }
            }
            5 => acks.remove_socket(socket),
            _ => {
                now = now + choices.duration();
                acks.handle_timeout(now);
            }
        }
        drain(&mut acks, &mut waiting);
    }
    for slot in 0..6 {
        acks.remove_socket(SocketId::from_u64(slot));
    }
    acks.handle_timeout(now + Duration::from_secs(3600));
    drain(&mut acks, &mut waiting);
    assert!(waiting.is_empty(), "{waiting:?} never end");
    assert_eq!(acks.poll_timeout(), None);
}

fn drain(acks: &mut Acks, waiting: &mut BTreeSet<AckId>) {
    while let Some(settled) = acks.poll_settled() {
        assert!(waiting.remove(&settled.ack), "{:?} ends twice", settled.ack);
    }
}
