use super::*;
use crate::id::Key;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use proptest::prelude::*;

struct Counting(u8);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
        Ok(())
    }
}

fn rooms_with(config: &Config) -> Rooms {
    Rooms::new(config, &mut Counting(0)).unwrap()
}

fn socket(slot: usize) -> SocketId {
    SocketId(Key::new(slot, 0))
}

/// Sockets `s0`, `s1`, … in namespace 0.
fn rooms(sockets: usize) -> Rooms {
    let mut rooms = rooms_with(&Config::default());
    for slot in 0..sockets {
        rooms.insert(0, socket(slot), &format!("s{slot}")).unwrap();
    }
    rooms
}

fn selected(rooms: &mut Rooms, names: &[&str], except: &[&str]) -> Vec<usize> {
    let mut out = Vec::new();
    rooms.select(
        &Selection {
            namespace: 0,
            rooms: names,
            except,
        },
        &mut out,
    );
    out.into_iter().map(|socket| socket.0.slot()).collect()
}

fn names(rooms: &Rooms, of: SocketId) -> Vec<String> {
    rooms.rooms_of(of).map(ToString::to_string).collect()
}

#[test]
fn a_socket_is_in_the_room_of_its_own_id() {
    let mut rooms = rooms(3);
    assert_eq!(names(&rooms, socket(1)), ["s1"]);
    assert_eq!(selected(&mut rooms, &["s1"], &[]), [1]);
    assert_eq!(selected(&mut rooms, &[], &["s1"]), [0, 2]);
    assert_eq!(rooms.join(socket(1), "s1"), Ok(Join::Already));
    assert!(rooms.is_member(socket(1), "s1"));
    assert!(!rooms.is_member(socket(0), "s1"));
}

#[test]
fn others_can_join_the_room_of_an_id_and_its_owner_can_leave_it() {
    let mut rooms = rooms(3);
    assert_eq!(rooms.join(socket(2), "s1"), Ok(Join::Joined));
    assert_eq!(selected(&mut rooms, &["s1"], &[]), [1, 2]);
    assert_eq!(rooms.leave(socket(1), "s1"), Ok(Leave::Left));
    assert_eq!(rooms.leave(socket(1), "s1"), Ok(Leave::Absent));
    assert_eq!(selected(&mut rooms, &["s1"], &[]), [2]);
    assert_eq!(names(&rooms, socket(1)), Vec::<String>::new());
    assert_eq!(rooms.join(socket(1), "s1"), Ok(Join::Joined));
    assert_eq!(rooms.leave(socket(1), "s1"), Ok(Leave::Left));
    assert_eq!(rooms.leave(socket(2), "s1"), Ok(Leave::Deleted));
    assert_eq!(rooms.join(socket(1), "s1"), Ok(Join::Created));
    assert_eq!(rooms.find(0, "s1"), Some(socket(1)));
}

#[test]
fn a_room_exists_as_long_as_somebody_is_in_it() {
    let mut rooms = rooms(2);
    assert_eq!(rooms.join(socket(0), "a"), Ok(Join::Created));
    assert_eq!(rooms.join(socket(0), "a"), Ok(Join::Already));
    assert_eq!(rooms.join(socket(1), "a"), Ok(Join::Joined));
    assert_eq!(rooms.leave(socket(0), "a"), Ok(Leave::Left));
    assert_eq!(rooms.leave(socket(0), "a"), Ok(Leave::Absent));
    assert_eq!(rooms.leave(socket(0), "b"), Ok(Leave::Absent));
    assert_eq!(rooms.leave(socket(1), "a"), Ok(Leave::Deleted));
    assert_eq!(rooms.rooms.len(), 0);
}

#[test]
fn a_socket_in_two_selected_rooms_is_selected_once() {
    let mut rooms = rooms(4);
    for (member, room) in [(0, "a"), (1, "a"), (1, "b"), (2, "b"), (3, "c")] {
        rooms.join(socket(member), room).unwrap();
    }
    assert_eq!(selected(&mut rooms, &["a", "b"], &[]), [0, 1, 2]);
    assert_eq!(selected(&mut rooms, &["a", "a", "s0"], &[]), [0, 1]);
    assert_eq!(selected(&mut rooms, &["a", "b"], &["s1"]), [0, 2]);
    assert_eq!(selected(&mut rooms, &["a", "b"], &["b", "unknown"]), [0]);
    assert_eq!(selected(&mut rooms, &[], &["b", "c"]), [0]);
    assert_eq!(selected(&mut rooms, &["unknown"], &[]), []);
    assert_eq!(selected(&mut rooms, &["unknown", "c"], &[]), [3]);
    assert_eq!(selected(&mut rooms, &[], &[]), [0, 1, 2, 3]);
}

#[test]
fn selecting_appends() {
    let mut rooms = rooms(2);
    let mut out = [socket(9)].to_vec();
    rooms.select(
        &Selection {
            namespace: 0,
            rooms: &["s1"],
            except: &[],
        },
        &mut out,
    );
    assert_eq!(out, [socket(9), socket(1)]);
}

#[test]
fn namespaces_share_nothing() {
    let mut rooms = rooms(1);
    rooms.insert(7, socket(1), "s0").unwrap();
    rooms.join(socket(0), "a").unwrap();
    assert_eq!(rooms.join(socket(1), "a"), Ok(Join::Created));
    assert_eq!(selected(&mut rooms, &["a"], &[]), [0]);
    assert_eq!(rooms.find(7, "s0"), Some(socket(1)));
    assert_eq!(rooms.sockets_of(7), [socket(1)]);
    assert!(rooms.remove(socket(1)));
    assert_eq!(rooms.sockets_of(7), []);
    assert!(!rooms.namespaces.contains_key(&7));
    assert_eq!(rooms.names(7).count(), 0);
}

#[test]
fn leaving_the_namespace_leaves_all_rooms_and_a_stale_key_finds_nothing() {
    let mut rooms = rooms(2);
    rooms.join(socket(0), "a").unwrap();
    assert!(rooms.remove(socket(0)));
    assert!(!rooms.remove(socket(0)));
    assert_eq!(rooms.rooms.len(), 0);
    assert_eq!(rooms.find(0, "s0"), None);
    let successor = SocketId(Key::new(0, 1));
    rooms.insert(0, successor, "s0").unwrap();
    assert_eq!(rooms.join(socket(0), "a"), Err(UsageError::Unknown));
    assert_eq!(rooms.leave(socket(0), "s0"), Err(UsageError::Unknown));
    assert_eq!(rooms.id_of(socket(0)), None);
    assert_eq!(names(&rooms, socket(0)), Vec::<String>::new());
    assert_eq!(rooms.find(0, "s0"), Some(successor));
}

#[test]
fn an_id_and_a_slot_are_taken_once() {
    let mut rooms = rooms(2);
    for (socket, id) in [
        (socket(5), "s1"),
        (socket(1), "other"),
        (SocketId(Key::new(1, 1)), "other"),
    ] {
        assert!(
            matches!(rooms.insert(0, socket, id), Err(UsageError::Invalid(_))),
            "{socket:?}"
        );
    }
    assert_eq!(rooms.sockets_of(0).len(), 2);
}

#[test]
fn a_socket_has_a_limit_of_rooms_and_its_own_does_not_count() {
    let config = Config {
        max_rooms_per_socket: 2,
        ..Config::default()
    };
    let mut rooms = rooms_with(&config);
    rooms.insert(0, socket(0), "s0").unwrap();
    rooms.join(socket(0), "a").unwrap();
    rooms.join(socket(0), "b").unwrap();
    assert_eq!(
        rooms.join(socket(0), "c"),
        Err(UsageError::Limit("max_rooms_per_socket"))
    );
    assert_eq!(rooms.join(socket(0), "a"), Ok(Join::Already));
    assert_eq!(rooms.rooms.len(), 2);
    rooms.leave(socket(0), "s0").unwrap();
    assert_eq!(rooms.join(socket(0), "s0"), Ok(Join::Created));
    rooms.leave(socket(0), "a").unwrap();
    assert_eq!(rooms.join(socket(0), "c"), Ok(Join::Created));
}

#[test]
fn closing_a_room_takes_everybody_out() {
    let mut rooms = rooms(3);
    rooms.join(socket(0), "s1").unwrap();
    rooms.join(socket(2), "s1").unwrap();
    assert!(rooms.close_room(0, "s1"));
    assert!(!rooms.close_room(0, "s1"));
    assert_eq!(selected(&mut rooms, &["s1"], &[]), []);
    assert_eq!(selected(&mut rooms, &[], &[]), [0, 1, 2]);
}

#[test]
fn the_version_changes_with_every_membership_and_with_nothing_else() {
    let mut rooms = rooms(2);
    let mut version = rooms.version();
    let mut changed =
        |rooms: &Rooms| core::mem::replace(&mut version, rooms.version()) != rooms.version();
    rooms.join(socket(0), "a").unwrap();
    assert!(changed(&rooms));
    rooms.join(socket(0), "a").unwrap();
    rooms.leave(socket(1), "a").unwrap();
    selected(&mut rooms, &["a"], &["s1"]);
    assert!(!changed(&rooms));
    rooms.leave(socket(0), "s0").unwrap();
    assert!(changed(&rooms));
    rooms.leave_all(socket(0));
    assert!(changed(&rooms));
    rooms.remove(socket(1));
    assert!(changed(&rooms));
    rooms.insert(0, socket(1), "again").unwrap();
    assert!(changed(&rooms));
}

#[derive(Clone, Debug)]
enum Step {
    Insert(usize),
    Remove(usize),
    Join(usize, usize),
    Leave(usize, usize),
    LeaveAll(usize),
    Close(usize),
    Select(Vec<usize>, Vec<usize>),
}

/// Three names of rooms, and the ids of the six sockets, which are rooms as well.
const NAMES: [&str; 9] = ["a", "b", "c", "s0", "s1", "s2", "s3", "s4", "s5"];

fn step() -> impl Strategy<Value = Step> {
    let socket = || 0..6_usize;
    let name = || 0..NAMES.len();
    let list = || proptest::collection::vec(name(), 0..4);
    prop_oneof![
        2 => socket().prop_map(Step::Insert),
        1 => socket().prop_map(Step::Remove),
        4 => (socket(), name()).prop_map(|(socket, name)| Step::Join(socket, name)),
        2 => (socket(), name()).prop_map(|(socket, name)| Step::Leave(socket, name)),
        1 => socket().prop_map(Step::LeaveAll),
        1 => name().prop_map(Step::Close),
        2 => (list(), list()).prop_map(|(rooms, except)| Step::Select(rooms, except)),
    ]
}

/// Pairs of a socket and a room's name.
#[derive(Default)]
struct Model {
    connected: BTreeSet<usize>,
    pairs: BTreeSet<(usize, usize)>,
}

impl Model {
    fn is_inside(&self, socket: usize, names: &[usize]) -> bool {
        names
            .iter()
            .any(|name| self.pairs.contains(&(socket, *name)))
    }

    fn is_used(&self, name: usize) -> bool {
        self.pairs.iter().any(|(_, other)| *other == name)
    }
}

proptest! {
    #[test]
    fn every_order_of_calls_gives_what_sets_of_pairs_give(steps in proptest::collection::vec(step(), 0..80)) {
        let mut rooms = rooms_with(&Config::default());
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Insert(slot) => {
                    let inserted = rooms.insert(0, socket(slot), NAMES[slot + 3]).is_ok();
                    prop_assert_eq!(inserted, model.connected.insert(slot));
                    if inserted {
                        model.pairs.insert((slot, slot + 3));
                    }
                }
                Step::Remove(slot) => {
                    prop_assert_eq!(rooms.remove(socket(slot)), model.connected.remove(&slot));
                    model.pairs.retain(|(other, _)| *other != slot);
                }
                Step::Join(slot, name) => {
                    let expected = if !model.connected.contains(&slot) {
                        Err(UsageError::Unknown)
                    } else if model.is_inside(slot, &[name]) {
                        Ok(Join::Already)
                    } else if model.is_used(name) {
                        Ok(Join::Joined)
                    } else {
                        Ok(Join::Created)
                    };
                    prop_assert_eq!(rooms.join(socket(slot), NAMES[name]), expected);
                    if expected.is_ok() {
                        model.pairs.insert((slot, name));
                    }
                }
                Step::Leave(slot, name) => {
                    let was_inside = model.pairs.remove(&(slot, name));
                    let expected = if !model.connected.contains(&slot) {
                        Err(UsageError::Unknown)
                    } else if !was_inside {
                        Ok(Leave::Absent)
                    } else if model.is_used(name) {
                        Ok(Leave::Left)
                    } else {
                        Ok(Leave::Deleted)
                    };
                    prop_assert_eq!(rooms.leave(socket(slot), NAMES[name]), expected);
                }
                Step::LeaveAll(slot) => {
                    rooms.leave_all(socket(slot));
                    model.pairs.retain(|(other, _)| *other != slot);
                }
                Step::Close(name) => {
                    prop_assert_eq!(rooms.close_room(0, NAMES[name]), model.is_used(name));
                    model.pairs.retain(|(_, other)| *other != name);
                }
                Step::Select(names, except) => {
                    let texts = |indexes: &[usize]| indexes.iter().map(|name| NAMES[*name]).collect::<Vec<_>>();
                    let out = selected(&mut rooms, &texts(&names), &texts(&except));
                    let expected: BTreeSet<usize> = model.connected.iter().copied()
                        .filter(|slot| names.is_empty() || model.is_inside(*slot, &names))
                        .filter(|slot| !model.is_inside(*slot, &except))
                        .collect();
                    prop_assert_eq!(out.len(), expected.len(), "somebody was selected twice");
                    prop_assert_eq!(out.into_iter().collect::<BTreeSet<_>>(), expected);
                }
            }
            for slot in 0..6 {
                let listed: BTreeSet<&str> = rooms.rooms_of(socket(slot)).collect();
                let expected = model.pairs.iter().filter(|(other, _)| *other == slot);
                prop_assert_eq!(listed, expected.map(|(_, name)| NAMES[*name]).collect());
            }
            let used: Vec<&str> = rooms.names(0).collect();
            let expected: BTreeSet<&str> = model.pairs.iter().map(|(_, name)| NAMES[*name]).collect();
            prop_assert_eq!(used.len(), expected.len(), "a room was listed twice");
            prop_assert_eq!(used.into_iter().collect::<BTreeSet<_>>(), expected);
        }
        for slot in 0..6 {
            rooms.remove(socket(slot));
        }
        prop_assert_eq!(rooms.rooms.len(), 0);
        prop_assert!(rooms.namespaces.is_empty());
    }
}
