//! Rooms behave as a naive model of sets does.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use sansocket::SocketId;
use sansocket::socketio::Config;
use sansocket::socketio::Rooms;
use sansocket::socketio::Selection;

use super::Choices;
use crate::Seeded;

/// What sockets do.
pub fn target(data: &[u8]) {
    let mut choices = Choices::new(data);
    let config = Config {
        max_rooms_per_socket: 4,
        ..Config::default()
    };
    let mut rooms = Rooms::new(&config, &mut Seeded::new(1)).unwrap();
    let mut model = Model::default();
    while !choices.is_empty() {
        // Eight slots, each with two generations: a stale key must miss.
        let slot = choices.below(8) as u64;
        let socket = SocketId::from_u64(slot | u64::from(choices.flip()) << 24);
        let room = choices.one_of(&ROOMS);
        let namespace = choices.below(2) as u32;
        match choices.below(7) {
            0 | 1 => {
                let id = format!("id{slot}");
                let taken = model.sockets.keys().any(|other| other.as_u64() & 7 == slot);
                assert_eq!(rooms.insert(namespace, socket, &id).is_err(), taken);
                if !taken {
                    let own = BTreeSet::from([id.clone()]);
                    model.sockets.insert(
                        socket,
                        Member {
                            namespace,
                            id,
                            rooms: own,
                        },
                    );
                }
            }
            2 => {
                let was_there = model.sockets.remove(&socket).is_some();
                assert_eq!(rooms.remove(socket), was_there);
            }
            3 => {
                let joined = rooms.join(socket, room).is_ok();
                let expected = model.sockets.get_mut(&socket).is_some_and(|member| {
                    let others = member
                        .rooms
                        .iter()
                        .filter(|name| **name != member.id)
                        .count();
                    let fits = others < 4 || member.rooms.contains(room) || room == member.id;
                    if fits {
                        member.rooms.insert(room.to_owned());
                    }
                    fits
                });
                assert_eq!(joined, expected, "{socket:?} joins {room}");
            }
            4 => {
                let member = model.sockets.get_mut(&socket);
                assert_eq!(rooms.leave(socket, room).is_ok(), member.is_some());
                if let Some(member) = member {
                    member.rooms.remove(room);
                }
            }
            5 => {
                rooms.leave_all(socket);
                if let Some(member) = model.sockets.get_mut(&socket) {
                    member.rooms.clear();
                }
            }
            _ => {
                rooms.close_room(namespace, room);
                for member in model.sockets.values_mut() {
                    if member.namespace == namespace {
                        member.rooms.remove(room);
                    }
                }
            }
        }
        let among: Vec<&str> = (0..choices.below(4))
            .map(|_| choices.one_of(&ROOMS))
            .collect();
        let except: Vec<&str> = (0..choices.below(3))
            .map(|_| choices.one_of(&ROOMS))
            .collect();
        model.agrees_with(&mut rooms, namespace, &among, &except);
    }
}

#[derive(Default)]
struct Model {
    sockets: BTreeMap<SocketId, Member>,
}

struct Member {
    namespace: u32,
    id: String,
    rooms: BTreeSet<String>,
}

impl Model {
    fn agrees_with(&self, rooms: &mut Rooms, namespace: u32, among: &[&str], except: &[&str]) {
        let is_in =
            |member: &Member, names: &[&str]| names.iter().any(|name| member.rooms.contains(*name));
        let expected: BTreeSet<SocketId> = self
            .sockets
            .iter()
            .filter(|(_, member)| member.namespace == namespace)
            .filter(|(_, member)| among.is_empty() || is_in(member, among))
            .filter(|(_, member)| !is_in(member, except))
            .map(|(socket, _)| *socket)
            .collect();
        let selection = Selection {
            namespace,
            rooms: among,
            except,
        };
        let mut selected = Vec::new();
        rooms.select(&selection, &mut selected);
        let unique: BTreeSet<SocketId> = selected.iter().copied().collect();
        assert_eq!(unique.len(), selected.len(), "each socket once");
        assert_eq!(unique, expected, "{among:?} without {except:?}");
        for (socket, member) in &self.sockets {
            let names: BTreeSet<String> = rooms.rooms_of(*socket).map(str::to_owned).collect();
            assert_eq!(names, member.rooms);
            assert_eq!(rooms.find(member.namespace, &member.id), Some(*socket));
        }
        let names: BTreeSet<&str> = rooms.names(namespace).collect();
        let members = self
            .sockets
            .values()
            .filter(|member| member.namespace == namespace);
        let expected: BTreeSet<&str> = members
            .flat_map(|member| member.rooms.iter().map(String::as_str))
            .collect();
        assert_eq!(names, expected);
    }
}

/// Names of rooms, two of which are ids of sockets.
const ROOMS: [&str; 8] = ["a", "b", "c", "d", "e", "", "id0", "id1"];
