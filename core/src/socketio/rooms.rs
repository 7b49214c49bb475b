//! Who is in which room, and whom a broadcast is for.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::config::Config;
use crate::Entropy;
use crate::EntropyError;
use crate::SocketId;
use crate::UsageError;
use crate::id::Key;
use crate::keyed::HashKey;
use crate::keyed::KeyedMap;
use crate::slab::Slab;

/// The rooms of a server, in all its namespaces.
///
/// A socket is in the room of its own id from the start, so that it can be addressed like any room;
/// that room costs nothing until somebody else joins it. A room exists as long as somebody is in it.
///
/// Namespaces are numbers that the caller gives out. Memory grows with the highest slot of the
/// sockets' keys, so those come from one server.
#[derive(Debug)]
pub struct Rooms {
    max_rooms_per_socket: usize,
    hash_key: HashKey,
    namespaces: BTreeMap<u32, Namespace>,
    rooms: Slab<Room>,
    /// By the slot of the socket's key.
    sockets: Vec<Option<Socket>>,
    marks: Marks,
    version: u64,
}

/// The sockets of a namespace that are in one of `rooms` and in none of `except`.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    /// The namespace's number.
    pub namespace: u32,
    /// Names of rooms; none means the whole namespace. A name that nobody uses is an empty room.
    pub rooms: &'a [&'a str],
    /// Names of rooms.
    pub except: &'a [&'a str],
}

/// What joining a room changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// Nothing: the socket was there already.
    Already,
    /// The socket is in the room now.
    Joined,
    /// The socket is in the room now, as the first.
    Created,
}

/// What leaving a room changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// Nothing: the socket was not there.
    Absent,
    /// The socket is not in the room any more.
    Left,
    /// The socket is not in the room any more, and it was the last.
    Deleted,
}

impl Rooms {
    /// No sockets and no rooms.
    ///
    /// # Errors
    /// [`EntropyError`] when no secret could be drawn for the hash of the rooms' names, which clients
    /// may choose.
    pub fn new(
        config: &Config,
        entropy: &mut (impl Entropy + ?Sized),
    ) -> Result<Self, EntropyError> {
        Ok(Self {
            max_rooms_per_socket: config.max_rooms_per_socket,
            hash_key: HashKey::draw(entropy)?,
            namespaces: BTreeMap::new(),
            rooms: Slab::new(),
            sockets: Vec::new(),
            marks: Marks::default(),
            version: 0,
        })
    }

    /// A socket has connected to a namespace; it is in the room `id` from now on.
    ///
    /// # Errors
    /// [`UsageError::Invalid`] when the socket is there already, another one has its slot, or
    /// another one has this `id` in the namespace.
    pub fn insert(&mut self, namespace: u32, socket: SocketId, id: &str) -> Result<(), UsageError> {
        let slot = socket.0.slot();
        if self.sockets.get(slot).is_some_and(Option::is_some) {
            return Err(UsageError::Invalid("this socket is in a namespace already"));
        }
        let hash_key = self.hash_key;
        let members = self
            .namespaces
            .entry(namespace)
            .or_insert_with(|| Namespace::new(hash_key));
        if members.ids.contains_key(id) {
            return Err(UsageError::Invalid(
                "another socket has this id in this namespace",
            ));
        }
        let id: Arc<str> = id.into();
        let position = members.sockets.len();
        members.sockets.push(socket);
        members.ids.insert(Arc::clone(&id), socket);
        if self.sockets.len() <= slot {
            self.sockets.resize_with(slot + 1, || None);
        }
        if let Some(entry) = self.sockets.get_mut(slot) {
            *entry = Some(Socket {
                key: socket,
                namespace,
                id,
                position,
                in_own_room: true,
                joined: Vec::new(),
            });
        }
        self.version += 1;
        Ok(())
    }

    /// A socket has left its namespace, and all rooms with it. `false` when it was not there.
    pub fn remove(&mut self, socket: SocketId) -> bool {
        if self.socket(socket).is_none() {
            return false;
        }
        self.leave_all(socket);
        let Some(entry) = self.sockets.get_mut(socket.0.slot()).and_then(Option::take) else {
            return false;
        };
        let Some(namespace) = self.namespaces.get_mut(&entry.namespace) else {
            return false;
        };
        namespace.ids.remove(&entry.id);
        namespace.sockets.swap_remove(entry.position);
        if let Some(moved) = namespace.sockets.get(entry.position).copied()
            && let Some(moved) = self.socket_mut(moved)
        {
            moved.position = entry.position;
        }
        if self.sockets_of(entry.namespace).is_empty() {
            self.namespaces.remove(&entry.namespace);
        }
        self.version += 1;
        true
    }

    /// Puts a socket into a room.
    ///
    /// # Errors
    /// [`UsageError::Unknown`] when the socket is in no namespace, [`UsageError::Limit`] when it is
    /// in [`Config::max_rooms_per_socket`] rooms already.
    pub fn join(&mut self, socket: SocketId, room: &str) -> Result<Join, UsageError> {
        let max_rooms = self.max_rooms_per_socket;
        let entry = self.socket_mut(socket).ok_or(UsageError::Unknown)?;
        let namespace = entry.namespace;
        if *entry.id == *room {
            if entry.in_own_room {
                return Ok(Join::Already);
            }
            entry.in_own_room = true;
            self.version += 1;
            return Ok(match self.find_room(namespace, room) {
                Some(_) => Join::Joined,
                None => Join::Created,
            });
        }
        let at = entry.joined.len();
        let existing = self.find_room(namespace, room);
        if let Some(key) = existing
            && self.membership(socket, key).is_some()
        {
            return Ok(Join::Already);
        }
        if at >= max_rooms {
            return Err(UsageError::Limit("max_rooms_per_socket"));
        }
        let created = existing.is_none() && self.owner_inside(namespace, room).is_none();
        let key = match existing {
            Some(key) => key,
            None => self.create_room(namespace, room)?,
        };
        let Some(members) = self.rooms.get_mut(key).map(|room| &mut room.members) else {
            return Err(UsageError::Unknown);
        };
        let position = members.len();
        members.push(Member { socket, at });
        if let Some(entry) = self.socket_mut(socket) {
            entry.joined.push(Membership {
                room: key,
                position,
            });
        }
        self.version += 1;
        Ok(if created { Join::Created } else { Join::Joined })
    }

    /// Takes a socket out of a room; its own is no exception.
    ///
    /// # Errors
    /// [`UsageError::Unknown`] when the socket is in no namespace.
    pub fn leave(&mut self, socket: SocketId, room: &str) -> Result<Leave, UsageError> {
        let entry = self.socket_mut(socket).ok_or(UsageError::Unknown)?;
        let namespace = entry.namespace;
        if *entry.id == *room {
            if !core::mem::take(&mut entry.in_own_room) {
                return Ok(Leave::Absent);
            }
            self.version += 1;
        } else {
            let Some(at) = self
                .find_room(namespace, room)
                .and_then(|key| self.membership(socket, key))
            else {
                return Ok(Leave::Absent);
            };
            self.leave_at(socket, at);
        }
        Ok(if self.exists(namespace, room) {
            Leave::Left
        } else {
            Leave::Deleted
        })
    }

    /// Takes a socket out of all rooms, its own included; it stays in its namespace.
    pub fn leave_all(&mut self, socket: SocketId) {
        let Some(entry) = self.socket_mut(socket) else {
            return;
        };
        entry.in_own_room = false;
        // From the end, so that no other membership has to move.
        for at in (0..entry.joined.len()).rev() {
            self.leave_at(socket, at);
        }
        self.version += 1;
    }

    /// Takes everybody out of a room. `false` when it was empty.
    pub fn close_room(&mut self, namespace: u32, room: &str) -> bool {
        let members: Vec<SocketId> = self.members(namespace, room).collect();
        for socket in &members {
            // A member is in a namespace, so this cannot fail.
            let _ = self.leave(*socket, room);
        }
        !members.is_empty()
    }

    /// Appends the selected sockets to `out`, each once. The order depends on nothing but the calls
    /// made before.
    ///
    /// The work is proportional to the sizes of the rooms that are named, or of the namespace.
    pub fn select(&mut self, selection: &Selection<'_>, out: &mut Vec<SocketId>) {
        let Selection {
            namespace,
            rooms,
            except,
        } = *selection;
        if except.is_empty() {
            // Nobody is in one room twice, so nothing has to be marked.
            match rooms {
                [] => return out.extend_from_slice(self.sockets_of(namespace)),
                [room] => return out.extend(self.members(namespace, room)),
                _ => {}
            }
        }
        let mut marks = core::mem::take(&mut self.marks);
        marks.start(self.sockets.len());
        for room in except {
            for socket in self.members(namespace, room) {
                marks.set(socket);
            }
        }
        if rooms.is_empty() {
            let everybody = self.sockets_of(namespace).iter().copied();
            out.extend(everybody.filter(|socket| marks.set(*socket)));
        }
        for room in rooms {
            out.extend(
                self.members(namespace, room)
                    .filter(|socket| marks.set(*socket)),
            );
        }
        self.marks = marks;
    }

    /// A number that changes whenever any membership does: what was selected under the same version
    /// is still right.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The socket with this id in a namespace.
    #[must_use]
    pub fn find(&self, namespace: u32, id: &str) -> Option<SocketId> {
        self.namespaces.get(&namespace)?.ids.get(id).copied()
    }

    /// The id of a socket.
    #[must_use]
    pub fn id_of(&self, socket: SocketId) -> Option<&str> {
        self.socket(socket).map(|entry| &*entry.id)
    }

    /// Whether a socket is in a room.
    #[must_use]
    pub fn is_member(&self, socket: SocketId, room: &str) -> bool {
        self.socket(socket).is_some_and(|entry| {
            if *entry.id == *room {
                return entry.in_own_room;
            }
            self.find_room(entry.namespace, room)
                .is_some_and(|key| self.membership(socket, key).is_some())
        })
    }

    /// The names of the rooms that a socket is in, its own id first.
    pub fn rooms_of(&self, socket: SocketId) -> impl Iterator<Item = &str> {
        self.socket(socket).into_iter().flat_map(|entry| {
            let own = entry.in_own_room.then_some(&*entry.id);
            let joined = entry.joined.iter();
            let joined = joined.filter_map(|membership| self.rooms.get(membership.room));
            own.into_iter().chain(joined.map(|room| &*room.name))
        })
    }

    /// The sockets in a room.
    pub fn members(&self, namespace: u32, room: &str) -> impl Iterator<Item = SocketId> {
        let owner = self.owner_inside(namespace, room);
        let members = self
            .find_room(namespace, room)
            .and_then(|key| self.rooms.get(key));
        let members = members
            .map(|room| room.members.as_slice())
            .unwrap_or_default();
        owner
            .into_iter()
            .chain(members.iter().map(|member| member.socket))
    }

    /// The names of all rooms of a namespace, the sockets' own included, in no particular order.
    pub fn names(&self, namespace: u32) -> impl Iterator<Item = &str> {
        self.namespaces
            .get(&namespace)
            .into_iter()
            .flat_map(|inside| {
                let own = inside
                    .sockets
                    .iter()
                    .filter_map(|socket| self.socket(*socket));
                let own =
                    own.filter(|entry| entry.in_own_room && !inside.rooms.contains_key(&*entry.id));
                own.map(|entry| &*entry.id)
                    .chain(inside.rooms.keys().map(|name| &**name))
            })
    }

    /// The sockets of a namespace.
    #[must_use]
    pub fn sockets_of(&self, namespace: u32) -> &[SocketId] {
        let namespace = self.namespaces.get(&namespace);
        namespace
            .map(|inside| inside.sockets.as_slice())
            .unwrap_or_default()
    }

    fn socket(&self, socket: SocketId) -> Option<&Socket> {
        let entry = self.sockets.get(socket.0.slot())?.as_ref()?;
        (entry.key == socket).then_some(entry)
    }

    fn socket_mut(&mut self, socket: SocketId) -> Option<&mut Socket> {
        let entry = self.sockets.get_mut(socket.0.slot())?.as_mut()?;
        (entry.key == socket).then_some(entry)
    }

    fn find_room(&self, namespace: u32, name: &str) -> Option<Key> {
        self.namespaces.get(&namespace)?.rooms.get(name).copied()
    }

    /// The socket whose id is the name of the room, if it is in there.
    fn owner_inside(&self, namespace: u32, room: &str) -> Option<SocketId> {
        let socket = self.find(namespace, room)?;
        self.socket(socket)?.in_own_room.then_some(socket)
    }

    fn exists(&self, namespace: u32, room: &str) -> bool {
        self.find_room(namespace, room).is_some() || self.owner_inside(namespace, room).is_some()
    }

    /// Where in a socket's list of rooms this one is.
    fn membership(&self, socket: SocketId, room: Key) -> Option<usize> {
        let mut joined = self.socket(socket)?.joined.iter();
        joined.position(|membership| membership.room == room)
    }

    fn create_room(&mut self, namespace: u32, name: &str) -> Result<Key, UsageError> {
        let name: Box<str> = name.into();
        let inside = self
            .namespaces
            .get_mut(&namespace)
            .ok_or(UsageError::Unknown)?;
        let key = self
            .rooms
            .insert_with(|_| Room {
                namespace,
                name: name.clone(),
                members: Vec::new(),
            })
            .ok_or(UsageError::Limit("rooms of a server"))?;
        inside.rooms.insert(name, key);
        Ok(key)
    }

    /// Ends the membership at this place of the socket's list. Both lists close the gap with their
    /// last entry, whose other half then has to be told its new place.
    fn leave_at(&mut self, socket: SocketId, at: usize) {
        let Some(entry) = self
            .socket_mut(socket)
            .filter(|entry| at < entry.joined.len())
        else {
            return;
        };
        let Membership { room, position } = entry.joined.swap_remove(at);
        let moved = entry.joined.get(at).copied();
        if let Some(moved) = moved
            && let Some(other) = self.rooms.get_mut(moved.room)
            && let Some(member) = other.members.get_mut(moved.position)
        {
            member.at = at;
        }
        self.version += 1;
        let Some(left) = self.rooms.get_mut(room) else {
            return;
        };
        left.members.swap_remove(position);
        if left.members.is_empty() {
            self.delete_room(room);
        } else if let Some(moved) = left.members.get(position).copied()
            && let Some(entry) = self.socket_mut(moved.socket)
            && let Some(membership) = entry.joined.get_mut(moved.at)
        {
            membership.position = position;
        }
    }

    fn delete_room(&mut self, room: Key) {
        if let Some(room) = self.rooms.remove(room)
            && let Some(inside) = self.namespaces.get_mut(&room.namespace)
        {
            inside.rooms.remove(&room.name);
        }
    }
}

#[derive(Debug)]
struct Namespace {
    sockets: Vec<SocketId>,
    ids: KeyedMap<Arc<str>, SocketId>,
    rooms: KeyedMap<Box<str>, Key>,
}

impl Namespace {
    fn new(hash_key: HashKey) -> Self {
        Self {
            sockets: Vec::new(),
            ids: KeyedMap::with_hasher(hash_key),
            rooms: KeyedMap::with_hasher(hash_key),
        }
    }
}

#[derive(Debug)]
struct Socket {
    key: SocketId,
    namespace: u32,
    id: Arc<str>,
    /// In the list of its namespace.
    position: usize,
    in_own_room: bool,
    joined: Vec<Membership>,
}

/// A room as its member sees it.
#[derive(Clone, Copy, Debug)]
struct Membership {
    room: Key,
    position: usize,
}

#[derive(Debug)]
struct Room {
    namespace: u32,
    name: Box<str>,
    members: Vec<Member>,
}

/// A member as its room sees it.
#[derive(Clone, Copy, Debug)]
struct Member {
    socket: SocketId,
    /// In the socket's list of rooms.
    at: usize,
}

/// A set of sockets that is emptied by counting up.
#[derive(Debug, Default)]
struct Marks {
    round: u64,
    by_slot: Vec<u64>,
}

impl Marks {
    fn start(&mut self, slots: usize) {
        self.round += 1;
        if self.by_slot.len() < slots {
            self.by_slot.resize(slots, 0);
        }
    }

    /// Whether the socket was not marked yet.
    fn set(&mut self, socket: SocketId) -> bool {
        let round = self.round;
        self.by_slot
            .get_mut(socket.0.slot())
            .is_some_and(|mark| core::mem::replace(mark, round) != round)
    }
}

#[cfg(test)]
mod tests;
