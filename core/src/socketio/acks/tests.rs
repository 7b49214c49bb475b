use super::*;
use crate::id::Key;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

fn socket(slot: usize) -> SocketId {
    SocketId(Key::new(slot, 0))
}

fn at(seconds: u64) -> Instant {
    Instant::from_millis(seconds * 1_000)
}

fn acks() -> Acks {
    Acks::new(&Config::default())
}

fn settled(acks: &mut Acks) -> Vec<Settled> {
    core::iter::from_fn(|| acks.poll_settled()).collect()
}

fn assert_nothing_kept(acks: &Acks) {
    assert!(acks.waiting.is_empty());
    assert!(acks.deadlines.is_empty());
    assert!(acks.settled.is_empty());
    let mut debtors = acks.debtors.iter().flatten();
    assert!(debtors.all(|debtor| debtor.owed.is_empty()));
}

#[test]
fn packet_ids_count_up_from_zero_in_each_namespace() {
    let mut acks = acks();
    let mut next = |namespace| {
        let issued = acks.issue(at(0), namespace, socket(namespace as usize), None);
        issued.unwrap().packet_id
    };
    assert_eq!(
        [next(0), next(0), next(1), next(0), next(1)],
        [0, 1, 0, 2, 1]
    );
}

#[test]
fn an_answer_ends_what_waits_for_one_socket() {
    let mut acks = acks();
    let issued = acks.issue(at(0), 0, socket(3), Some(SECOND)).unwrap();
    assert_eq!(acks.poll_timeout(), Some(at(1)));
    assert_eq!(
        acks.answer(socket(3), issued.packet_id),
        Some(Answer {
            ack: issued.ack,
            last: true
        })
    );
    assert_eq!(acks.poll_timeout(), None);
    assert_nothing_kept(&acks);
}

#[test]
fn an_answer_that_nobody_waits_for_is_ignored() {
    let mut acks = acks();
    let issued = acks.issue(at(0), 0, socket(1), None).unwrap();
    assert_eq!(
        acks.answer(socket(2), issued.packet_id),
        None,
        "another socket"
    );
    assert_eq!(
        acks.answer(SocketId(Key::new(1, 1)), issued.packet_id),
        None,
        "a later socket in the slot"
    );
    assert_eq!(
        acks.answer(socket(1), issued.packet_id + 1),
        None,
        "never asked for"
    );
    assert_eq!(acks.answer(socket(1), u64::MAX), None, "never asked for");
    assert!(acks.answer(socket(1), issued.packet_id).is_some());
    assert_eq!(acks.answer(socket(1), issued.packet_id), None, "twice");
}

#[test]
fn an_answer_that_comes_after_the_timeout_is_ignored() {
    let mut acks = acks();
    let issued = acks.issue(at(0), 0, socket(1), Some(SECOND)).unwrap();
    acks.handle_timeout(Instant::from_millis(999));
    assert_eq!(acks.poll_settled(), None);
    acks.handle_timeout(at(1));
    let expected = Settled {
        ack: issued.ack,
        outcome: Outcome::TimedOut,
        missing: 1,
    };
    assert_eq!(settled(&mut acks), [expected]);
    assert_eq!(acks.answer(socket(1), issued.packet_id), None);
    assert_nothing_kept(&acks);
}

#[test]
fn a_socket_that_leaves_ends_what_waits_for_it_alone() {
    let mut acks = acks();
    let first = acks.issue(at(0), 0, socket(1), None).unwrap();
    let second = acks.issue(at(0), 0, socket(1), Some(SECOND)).unwrap();
    let other = acks.issue(at(0), 0, socket(2), None).unwrap();
    acks.remove_socket(socket(1));
    let ended = |issued: Issued| Settled {
        ack: issued.ack,
        outcome: Outcome::Disconnected,
        missing: 1,
    };
    assert_eq!(settled(&mut acks), [ended(first), ended(second)]);
    assert!(acks.answer(socket(2), other.packet_id).is_some());
    assert_nothing_kept(&acks);
}

#[test]
fn a_broadcast_ends_with_the_last_answer() {
    let mut acks = acks();
    let sockets = [socket(1), socket(2), socket(1), socket(3)];
    let issued = acks.issue_broadcast(at(0), 0, &sockets, SECOND).unwrap();
    let answer = |last| {
        Some(Answer {
            ack: issued.ack,
            last,
        })
    };
    assert_eq!(acks.answer(socket(2), issued.packet_id), answer(false));
    assert_eq!(acks.answer(socket(2), issued.packet_id), None);
    assert_eq!(acks.answer(socket(1), issued.packet_id), answer(false));
    assert_eq!(acks.answer(socket(3), issued.packet_id), answer(true));
    assert_nothing_kept(&acks);
}

#[test]
fn a_broadcast_that_times_out_says_how_many_are_missing() {
    let mut acks = acks();
    let sockets = [socket(1), socket(2), socket(3)];
    let issued = acks.issue_broadcast(at(5), 0, &sockets, SECOND).unwrap();
    assert!(acks.answer(socket(2), issued.packet_id).is_some());
    acks.handle_timeout(at(6));
    let expected = Settled {
        ack: issued.ack,
        outcome: Outcome::TimedOut,
        missing: 2,
    };
    assert_eq!(settled(&mut acks), [expected]);
    assert_eq!(acks.answer(socket(1), issued.packet_id), None);
    assert_nothing_kept(&acks);
}

#[test]
fn a_broadcast_expects_less_when_a_receiver_leaves() {
    let mut acks = acks();
    let issued = acks
        .issue_broadcast(at(0), 0, &[socket(1), socket(2)], SECOND)
        .unwrap();
    acks.remove_socket(socket(1));
    assert_eq!(acks.poll_settled(), None);
    assert_eq!(
        acks.answer(socket(2), issued.packet_id),
        Some(Answer {
            ack: issued.ack,
            last: true
        })
    );

    let issued = acks
        .issue_broadcast(at(0), 0, &[socket(2), socket(3)], SECOND)
        .unwrap();
    assert!(!acks.answer(socket(2), issued.packet_id).unwrap().last);
    acks.remove_socket(socket(3));
    let expected = Settled {
        ack: issued.ack,
        outcome: Outcome::Complete,
        missing: 0,
    };
    assert_eq!(settled(&mut acks), [expected]);
    assert_nothing_kept(&acks);
}

#[test]
fn a_broadcast_to_nobody_is_complete_at_once() {
    let mut acks = acks();
    let issued = acks.issue_broadcast(at(0), 0, &[], SECOND).unwrap();
    let expected = Settled {
        ack: issued.ack,
        outcome: Outcome::Complete,
        missing: 0,
    };
    assert_eq!(settled(&mut acks), [expected]);
    assert_nothing_kept(&acks);
}

#[test]
fn a_silent_socket_reaches_its_limit_and_keeps_no_room_from_being_asked() {
    let config = Config {
        max_pending_acks: 2,
        ..Config::default()
    };
    let mut acks = Acks::new(&config);
    let first = acks.issue(at(0), 0, socket(1), None).unwrap();
    acks.issue(at(0), 0, socket(1), None).unwrap();
    assert_eq!(
        acks.issue(at(0), 0, socket(1), None),
        Err(UsageError::Limit("max_pending_acks"))
    );

    let issued = acks
        .issue_broadcast(at(0), 0, &[socket(1), socket(2)], SECOND)
        .unwrap();
    assert_eq!(acks.answer(socket(1), issued.packet_id), None);
    assert!(!acks.answer(socket(2), issued.packet_id).unwrap().last);
    acks.handle_timeout(at(1));
    let expected = Settled {
        ack: issued.ack,
        outcome: Outcome::TimedOut,
        missing: 1,
    };
    assert_eq!(settled(&mut acks), [expected]);

    assert!(acks.answer(socket(1), first.packet_id).is_some());
    assert!(acks.issue(at(0), 0, socket(1), None).is_ok());
}

#[test]
fn a_slot_that_is_taken_again_settles_what_the_old_socket_owed() {
    let mut acks = acks();
    let old = acks.issue(at(0), 0, socket(1), None).unwrap();
    let successor = SocketId(Key::new(1, 1));
    let new = acks.issue(at(0), 0, successor, None).unwrap();
    let expected = Settled {
        ack: old.ack,
        outcome: Outcome::Disconnected,
        missing: 1,
    };
    assert_eq!(settled(&mut acks), [expected]);
    assert_eq!(acks.answer(socket(1), new.packet_id), None);
    assert!(acks.answer(successor, new.packet_id).is_some());
}

#[test]
fn sockets_of_lower_slots_come_later_without_harm() {
    let mut acks = acks();
    let high = acks.issue(at(0), 0, socket(3), None).unwrap();
    let low = acks.issue(at(0), 0, socket(0), None).unwrap();
    assert_eq!(acks.poll_settled(), None);
    assert!(acks.answer(socket(3), high.packet_id).is_some());
    assert!(acks.answer(socket(0), low.packet_id).is_some());
}

#[test]
fn time_that_runs_backwards_is_clamped() {
    let mut acks = acks();
    acks.handle_timeout(at(100));
    acks.issue(at(5), 0, socket(1), Some(SECOND)).unwrap();
    assert_eq!(acks.poll_timeout(), Some(at(101)));
    acks.handle_timeout(at(7));
    assert_eq!(acks.poll_settled(), None);
    acks.issue(at(200), 0, socket(2), Some(Duration::MAX))
        .unwrap();
    acks.handle_timeout(at(0));
    assert_eq!(settled(&mut acks).len(), 1, "it is 200 s already");
}

#[test]
fn packet_ids_end_before_they_stop_being_exact() {
    let mut acks = acks();
    acks.next_packet_ids.insert(0, MAX_PACKET_ID);
    assert_eq!(
        acks.issue(at(0), 0, socket(1), None).unwrap().packet_id,
        MAX_PACKET_ID
    );
    assert!(acks.issue(at(0), 0, socket(1), None).is_err());
    assert!(acks.issue_broadcast(at(0), 0, &[], SECOND).is_err());
    acks.remove_namespace(0);
    assert_eq!(acks.issue(at(0), 0, socket(2), None).unwrap().packet_id, 0);
}

#[test]
fn memory_is_given_back_when_a_busy_socket_owes_nothing_more() {
    let mut acks = acks();
    for _ in 0..1_024 {
        acks.issue(at(0), 0, socket(0), None).unwrap();
    }
    for packet_id in (0..1_024).rev() {
        assert!(acks.answer(socket(0), packet_id).is_some());
    }
    assert!(acks.debtors[0].as_ref().unwrap().owed.capacity() <= KEPT_CAPACITY);
    assert_nothing_kept(&acks);
}

#[derive(Clone, Debug)]
enum Step {
    Issue { socket: usize, timeout: Option<u64> },
    Broadcast { sockets: Vec<usize>, timeout: u64 },
    Answer { socket: usize, packet_id: u64 },
    Remove { socket: usize },
    Wait { seconds: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let socket = || 0..4_usize;
    prop_oneof![
        2 => (socket(), proptest::option::of(0..5_u64))
            .prop_map(|(socket, timeout)| Step::Issue { socket, timeout }),
        2 => (proptest::collection::vec(socket(), 0..5), 0..5_u64)
            .prop_map(|(sockets, timeout)| Step::Broadcast { sockets, timeout }),
        8 => (socket(), 0..20_u64)
            .prop_map(|(socket, packet_id)| Step::Answer { socket, packet_id }),
        1 => socket().prop_map(|socket| Step::Remove { socket }),
        2 => (0..3_u64).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

/// What [`Acks`] promises, written with lists. Socket 3 stands for sockets that come and go: each
/// removal makes it a new one.
#[derive(Default)]
struct Model {
    now: u64,
    waiting: Vec<ModelAck>,
    settled: Vec<Settled>,
}

#[derive(Clone)]
struct ModelAck {
    issued: Issued,
    single: bool,
    owing: Vec<SocketId>,
    silent: u32,
    deadline: Option<u64>,
}

impl Model {
    fn owed_by(&self, socket: SocketId) -> usize {
        self.waiting
            .iter()
            .filter(|ack| ack.owing.contains(&socket))
            .count()
    }

    fn answer(&mut self, socket: SocketId, packet_id: u64) -> Option<Answer> {
        let index = self
            .waiting
            .iter()
            .position(|ack| ack.issued.packet_id == packet_id && ack.owing.contains(&socket))?;
        let ack = &mut self.waiting[index];
        ack.owing.retain(|owing| *owing != socket);
        let last = ack.owing.is_empty() && ack.silent == 0;
        let ack = ack.issued.ack;
        if last {
            self.waiting.remove(index);
        }
        Some(Answer { ack, last })
    }

    fn remove(&mut self, socket: SocketId) {
        let (settled, owed_nothing) = (&mut self.settled, |ack: &ModelAck| {
            !ack.owing.contains(&socket)
        });
        self.waiting.retain_mut(|ack| {
            if owed_nothing(ack) {
                return true;
            }
            ack.owing.retain(|owing| *owing != socket);
            let (outcome, missing) = if ack.single {
                (Outcome::Disconnected, 1)
            } else {
                (Outcome::Complete, 0)
            };
            let ended = ack.owing.is_empty() && ack.silent == 0;
            if ended {
                settled.push(Settled {
                    ack: ack.issued.ack,
                    outcome,
                    missing,
                });
            }
            !ended
        });
    }

    fn wait(&mut self, seconds: u64) {
        self.now += seconds;
        let mut due: Vec<_> = self
            .waiting
            .iter()
            .filter(|ack| ack.deadline.is_some_and(|at| at <= self.now))
            .cloned()
            .collect();
        due.sort_by_key(|ack| (ack.deadline, ack.issued.ack));
        for ack in due {
            self.waiting.retain(|other| other.issued != ack.issued);
            let missing = ack.owing.len() as u32 + ack.silent;
            self.settled.push(Settled {
                ack: ack.issued.ack,
                outcome: Outcome::TimedOut,
                missing,
            });
        }
    }
}

proptest! {
    #[test]
    fn every_order_of_calls_gives_what_the_model_says_and_leaks_nothing(steps in proptest::collection::vec(step(), 0..60)) {
        let config = Config { max_pending_acks: 3, ..Config::default() };
        let mut acks = Acks::new(&config);
        let mut model = Model::default();
        let mut sockets = [socket(0), socket(1), socket(2), socket(3)];
        for step in steps {
            let now = at(model.now);
            match step {
                Step::Issue { socket: index, timeout } => {
                    let socket = sockets[index];
                    let full = model.owed_by(socket) == 3;
                    let issued = acks.issue(now, 0, socket, timeout.map(Duration::from_secs));
                    prop_assert_eq!(issued.is_err(), full);
                    if let Ok(issued) = issued {
                        let deadline = timeout.map(|timeout| model.now + timeout);
                        model.waiting.push(ModelAck { issued, single: true, owing: [socket].into(), silent: 0, deadline });
                    }
                }
                Step::Broadcast { sockets: indexes, timeout } => {
                    let listed: Vec<_> = indexes.iter().map(|index| sockets[*index]).collect();
                    let issued = acks.issue_broadcast(now, 0, &listed, Duration::from_secs(timeout)).unwrap();
                    let (mut owing, mut silent) = (Vec::new(), Vec::new());
                    for socket in listed {
                        let list = if model.owed_by(socket) < 3 { &mut owing } else { &mut silent };
                        if !list.contains(&socket) {
                            list.push(socket);
                        }
                    }
                    if owing.is_empty() && silent.is_empty() {
                        model.settled.push(Settled { ack: issued.ack, outcome: Outcome::Complete, missing: 0 });
                    } else {
                        let silent = silent.len() as u32;
                        model.waiting.push(ModelAck { issued, single: false, owing, silent, deadline: Some(model.now + timeout) });
                    }
                }
                Step::Answer { socket: index, packet_id } => {
                    prop_assert_eq!(acks.answer(sockets[index], packet_id), model.answer(sockets[index], packet_id));
                }
                Step::Remove { socket: index } => {
                    acks.remove_socket(sockets[index]);
                    model.remove(sockets[index]);
                    let key = sockets[index].0;
                    sockets[index] = SocketId(Key::new(key.slot(), key.generation() as u32 + 1));
                }
                Step::Wait { seconds } => {
                    model.wait(seconds);
                    acks.handle_timeout(at(model.now));
                }
            }
            prop_assert_eq!(settled(&mut acks), core::mem::take(&mut model.settled));
            prop_assert_eq!(acks.poll_timeout(), model.waiting.iter().filter_map(|ack| ack.deadline).min().map(at));
            prop_assert_eq!(acks.waiting.len(), model.waiting.len());
        }
        for socket in sockets {
            acks.remove_socket(socket);
        }
        acks.handle_timeout(at(1_000));
        settled(&mut acks);
        assert_nothing_kept(&acks);
    }
}
