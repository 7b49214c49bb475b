//! The application: names, rooms, who types, and ticks for messages that have arrived.
//!
//! What the page says, and what it hears:
//!
//! | event | meaning |
//! |---|---|
//! | `enter(name, room)` | go into a room, and out of the one before |
//! | `say(text, ack)` | to everybody else in the room; `ack(count)` when so many have it |
//! | `typing(yes)` | for everybody else in the room, now or never |
//! | `people(names)` | who is in the room |
//! | `said(name, text, ack)` · `typing(name, yes)` | somebody else did it |
//!
//! Names and texts stay the JSON that the clients wrote: the core has checked it, and all that
//! happens to it here is that it is passed on.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::time::Duration;

use sansocket::Instant;
use sansocket::SocketId;
use sansocket::UsageError;
use sansocket::json;
use sansocket::server::EmitOptions;
use sansocket::server::Event;
use sansocket::server::EventData;
use sansocket::server::Server;
use sansocket::server::Target;
use sansocket::socketio::AckId;

/// Who is here, and which messages are on their way.
#[derive(Default)]
pub(crate) struct Chat {
    guests: HashMap<SocketId, Guest>,
    deliveries: HashMap<AckId, Delivery>,
}

/// JSON strings, quotes included.
struct Guest {
    name: String,
    room: String,
}

/// A message that the others are confirming.
struct Delivery {
    sender: SocketId,
    packet_id: u64,
    confirmed: u32,
}

/// What the chat keeps of an event of the core.
pub(crate) enum Happened {
    Connected(SocketId),
    Emitted(SocketId, String, Option<u64>),
    /// One more has it; `true` when nobody else is waited for.
    Confirmed(AckId, bool),
    /// The time is up, or the others have left.
    GaveUp(AckId),
    Left(SocketId),
}

impl Happened {
    pub(crate) fn keep(event: &Event<'_>) -> Option<Self> {
        Some(match event {
            Event::Connect { socket, .. } => Self::Connected(*socket),
            Event::Event {
                socket,
                data,
                packet_id,
                ..
            } => Self::Emitted(*socket, (*data).to_owned(), *packet_id),
            Event::Answer { ack, last, .. } => Self::Confirmed(*ack, *last),
            Event::AckSettled { ack, .. } => Self::GaveUp(*ack),
            Event::Disconnect { socket, .. } => Self::Left(*socket),
            _ => return None,
        })
    }
}

impl Chat {
    pub(crate) fn answer(
        &mut self,
        now: Instant,
        server: &mut Server,
        happened: Happened,
    ) -> Result<(), UsageError> {
        match happened {
            Happened::Connected(socket) => server.accept(now, socket),
            Happened::Emitted(socket, data, packet_id) => {
                let elements: Vec<&str> = json::elements(&data).collect();
                match (elements.as_slice(), packet_id) {
                    ([r#""enter""#, name, room], _) => self.enter(now, server, socket, name, room),
                    ([r#""say""#, text], Some(id)) => self.say(now, server, socket, text, id),
                    ([r#""typing""#, yes], _) => self.tell_typing(now, server, socket, yes),
                    _ => Ok(()),
                }
            }
            Happened::Confirmed(ack, last) => {
                if let Some(delivery) = self.deliveries.get_mut(&ack) {
                    delivery.confirmed += 1;
                }
                if last {
                    self.tick(now, server, ack)
                } else {
                    Ok(())
                }
            }
            Happened::GaveUp(ack) => self.tick(now, server, ack),
            Happened::Left(socket) => match self.guests.remove(&socket) {
                Some(guest) => self.tell_people(now, server, &guest.room),
                None => Ok(()),
            },
        }
    }

    fn enter(
        &mut self,
        now: Instant,
        server: &mut Server,
        socket: SocketId,
        name: &str,
        room: &str,
    ) -> Result<(), UsageError> {
        if !is_label(name) || !is_label(room) {
            return Ok(());
        }
        server.leave_all(socket)?;
        server.join(socket, room)?;
        let guest = Guest {
            name: name.to_owned(),
            room: room.to_owned(),
        };
        let before = self.guests.insert(socket, guest);
        if let Some(before) = before.filter(|before| before.room != room) {
            self.tell_people(now, server, &before.room)?;
        }
        self.tell_people(now, server, room)
    }

    /// The sender's acknowledgement waits for those of the receivers.
    fn say(
        &mut self,
        now: Instant,
        server: &mut Server,
        socket: SocketId,
        text: &str,
        packet_id: u64,
    ) -> Result<(), UsageError> {
        let Some(guest) = self.guests.get(&socket) else {
            return Ok(());
        };
        let data = format!(r#"["said",{},{text}]"#, guest.name);
        let own = server.socket_id(socket).unwrap_or_default().to_owned();
        let ack = server.emit_with_ack(
            now,
            in_room(&[&guest.room], &[&own]),
            EventData::new(&data),
            EmitOptions::default(),
            Some(CONFIRMATION_TIME),
        )?;
        let delivery = Delivery {
            sender: socket,
            packet_id,
            confirmed: 0,
        };
        self.deliveries.insert(ack, delivery);
        Ok(())
    }

    fn tick(&mut self, now: Instant, server: &mut Server, ack: AckId) -> Result<(), UsageError> {
        let Some(delivery) = self.deliveries.remove(&ack) else {
            return Ok(());
        };
        let data = format!("[{}]", delivery.confirmed);
        let data = EventData::new(&data);
        server.acknowledge(now, delivery.sender, delivery.packet_id, data)
    }

    /// Nobody wants to know later that somebody was typing, so this is volatile.
    fn tell_typing(
        &self,
        now: Instant,
        server: &mut Server,
        socket: SocketId,
        yes: &str,
    ) -> Result<(), UsageError> {
        let Some(guest) = self.guests.get(&socket) else {
            return Ok(());
        };
        let data = format!(r#"["typing",{},{yes}]"#, guest.name);
        let own = server.socket_id(socket).unwrap_or_default().to_owned();
        let options = EmitOptions {
            volatile: true,
            ..EmitOptions::default()
        };
        let data = EventData::new(&data);
        server.emit(now, in_room(&[&guest.room], &[&own]), data, options)
    }

    fn tell_people(&self, now: Instant, server: &mut Server, room: &str) -> Result<(), UsageError> {
        let here = self.guests.values().filter(|guest| guest.room == room);
        let names: BTreeSet<&str> = here.map(|guest| guest.name.as_str()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let data = format!(r#"["people",[{}]]"#, names.join(","));
        let data = EventData::new(&data);
        let options = EmitOptions::default();
        server.emit(now, in_room(&[room], &[]), data, options)
    }
}

fn in_room<'a>(rooms: &'a [&'a str], except: &'a [&'a str]) -> Target<'a> {
    Target::Rooms {
        namespace: "/",
        rooms,
        except,
    }
}

/// A JSON string with something in it, but not much.
fn is_label(json: &str) -> bool {
    json.starts_with('"') && (3..=100).contains(&json.len())
}

/// How long the others have to confirm a message.
const CONFIRMATION_TIME: Duration = Duration::from_secs(2);
