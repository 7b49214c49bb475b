//! Sockets: one client in one namespace, from CONNECT to DISCONNECT.

use alloc::string::String;
use alloc::vec::Vec;

use super::NamespaceIndex;
use super::NamespacePolicy;
use super::Server;
use super::State;
use super::emit::Encoded;
use super::output::DisconnectReason;
use super::queue::Record;
use crate::Instant;
use crate::Message;
use crate::SessionId;
use crate::SocketId;
use crate::UsageError;
use crate::json;
use crate::socketio;
use crate::socketio::Decoded;
use crate::socketio::Decoder;
use crate::socketio::PacketKind;

/// One client in one namespace.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) session: SessionId,
    pub(super) namespace: NamespaceIndex,
    /// The application has answered [`Event::Connect`](super::Event::Connect) with `accept`.
    pub(super) accepted: bool,
}

impl Server {
    /// Adds a namespace; `/` is there from the start. Adding one twice does nothing.
    ///
    /// # Errors
    /// [`UsageError::Invalid`] for a name that no packet can carry.
    pub fn add_namespace(&mut self, name: &str) -> Result<(), UsageError> {
        let name = socketio::normalize(name, &self.state.config.socketio)?;
        self.state.namespaces.add(&name);
        Ok(())
    }

    /// Lets a socket in: the answer to [`Event::Connect`](super::Event::Connect).
    ///
    /// # Errors
    /// [`UsageError::Unknown`] when it has left meanwhile, [`UsageError::AlreadyAnswered`] the
    /// second time.
    pub fn accept(&mut self, now: Instant, socket: SocketId) -> Result<(), UsageError> {
        self.state.observe(now);
        let kept = self.state.waiting_socket(socket)?;
        kept.accepted = true;
        let (session, namespace) = (kept.session, kept.namespace);
        self.state.waiting_sockets -= 1;
        self.state.connect_deadline_met(session);
        let name = self.state.namespaces.name(namespace);
        let id = self.state.rooms.id_of(socket).unwrap_or_default();
        let packet = Encoded::new(&[], |out| {
            socketio::encode::connect(out, name, id, None);
        });
        self.state.send_packet(session, &packet);
        self.settle();
        Ok(())
    }

    /// Turns a socket away: the other answer to [`Event::Connect`](super::Event::Connect). `error`
    /// is the text of a JSON object with a `message`; the client meets it as `connect_error`.
    ///
    /// # Errors
    /// [`UsageError::Unknown`] when it has left meanwhile, [`UsageError::AlreadyAnswered`] when it
    /// was accepted, [`UsageError::Invalid`] when `error` is no JSON object.
    pub fn reject(
        &mut self,
        now: Instant,
        socket: SocketId,
        error: &str,
    ) -> Result<(), UsageError> {
        self.state.observe(now);
        if json::check(error) != Ok(json::Kind::Object) {
            return Err(UsageError::Invalid(
                "a rejection is the text of a JSON object, such as {\"message\":\"…\"}",
            ));
        }
        let kept = self.state.waiting_socket(socket)?;
        let (session, namespace) = (kept.session, kept.namespace);
        let name = self.state.namespaces.name(namespace);
        let packet = Encoded::new(&[], |out| {
            socketio::encode::connect_error(out, name, error);
        });
        self.state.remove_socket(socket);
        self.state.send_packet(session, &packet);
        self.settle();
        Ok(())
    }

    /// Puts a socket into a room; joining twice is joining once. A socket that was not accepted yet
    /// may join, and hears nothing before it is.
    ///
    /// # Errors
    /// [`UsageError::Unknown`] when it has left, [`UsageError::Limit`] when it is in too many rooms.
    pub fn join(&mut self, socket: SocketId, room: &str) -> Result<(), UsageError> {
        self.state.rooms.join(socket, room)?;
        Ok(())
    }

    /// Takes a socket out of a room; leaving a room that it is not in does nothing.
    ///
    /// # Errors
    /// [`UsageError::Unknown`] when the socket has left its namespace.
    pub fn leave(&mut self, socket: SocketId, room: &str) -> Result<(), UsageError> {
        self.state.rooms.leave(socket, room)?;
        Ok(())
    }

    /// Takes a socket out of all its rooms but its own.
    ///
    /// # Errors
    /// [`UsageError::Unknown`] when the socket has left its namespace.
    pub fn leave_all(&mut self, socket: SocketId) -> Result<(), UsageError> {
        self.state.socket(socket)?;
        let rooms = &mut self.state.rooms;
        let own = rooms.id_of(socket).unwrap_or_default();
        let joined = rooms.rooms_of(socket).filter(|room| *room != own);
        let joined: Vec<String> = joined.map(Into::into).collect();
        for room in joined {
            rooms.leave(socket, &room)?;
        }
        Ok(())
    }

    /// Takes every socket out of a room.
    pub fn close_room(&mut self, namespace: &str, room: &str) {
        if let Some(namespace) = self.state.namespaces.find(namespace) {
            self.state.rooms.close_room(namespace, room);
        }
    }

    /// The rooms of a socket, its own first.
    pub fn rooms(&self, socket: SocketId) -> impl Iterator<Item = &str> {
        self.state.rooms.rooms_of(socket)
    }

    /// The names of the rooms of a namespace, own rooms included.
    pub fn room_names(&self, namespace: &str) -> impl Iterator<Item = &str> {
        self.state
            .namespaces
            .find(namespace)
            .into_iter()
            .flat_map(|namespace| self.state.rooms.names(namespace))
    }

    /// Appends the accepted sockets that an emit to the same rooms would reach, each once.
    pub fn sockets(
        &mut self,
        namespace: &str,
        rooms: &[&str],
        except: &[&str],
        out: &mut Vec<SocketId>,
    ) {
        let target = super::Target::Rooms {
            namespace,
            rooms,
            except,
        };
        if self.state.select(target).is_ok() {
            out.append(&mut self.state.selected);
        }
    }

    /// The socket with this public id.
    #[must_use]
    pub fn find_socket(&self, namespace: &str, id: &str) -> Option<SocketId> {
        let namespace = self.state.namespaces.find(namespace)?;
        self.state.rooms.find(namespace, id)
    }

    /// The public id of a socket.
    #[must_use]
    pub fn socket_id(&self, socket: SocketId) -> Option<&str> {
        self.state.rooms.id_of(socket)
    }

    /// The session of a socket.
    #[must_use]
    pub fn session_of(&self, socket: SocketId) -> Option<SessionId> {
        Some(self.state.sockets.get(socket.0)?.session)
    }

    /// Disconnects a socket from its namespace; its session and its other sockets stay.
    ///
    /// # Errors
    /// [`UsageError::Unknown`] when it has left already.
    pub fn disconnect(&mut self, now: Instant, socket: SocketId) -> Result<(), UsageError> {
        self.state.observe(now);
        let kept = self.state.socket(socket)?;
        let (session, namespace) = (kept.session, kept.namespace);
        let name = self.state.namespaces.name(namespace);
        let packet = Encoded::new(&[], |out| socketio::encode::disconnect(out, name));
        self.state.send_packet(session, &packet);
        self.state
            .disconnect_socket(socket, DisconnectReason::ServerNamespaceDisconnect, "");
        self.settle();
        Ok(())
    }
}

impl State {
    /// One Engine.IO message of a Socket.IO session.
    pub(super) fn handle_packet_message(&mut self, id: SessionId, message: Message<'_>) {
        let Some(session) = self.sessions.get_mut(id.0) else {
            return;
        };
        // The decoder lends the packet while the rest of the server handles it.
        let config = &self.config.socketio;
        let mut decoder = core::mem::replace(&mut session.decoder, Decoder::new(config));
        let outcome = match message {
            Message::Text(text) => decoder.handle_text(text, |namespace| {
                self.namespaces.find(namespace).is_some_and(|namespace| {
                    session
                        .sockets
                        .iter()
                        .any(|(joined, _)| *joined == namespace)
                })
            }),
            Message::Binary(bytes) => decoder.handle_binary(bytes),
        };
        match outcome {
            Ok(Some(decoded)) => {
                self.handle_decoded(id, &decoded);
                decoder.release();
            }
            Ok(None) => {}
            Err(error) => {
                self.refuse_packet(id, &error);
            }
        }
        if let Some(session) = self.sessions.get_mut(id.0) {
            session.decoder = decoder;
        }
    }

    fn handle_decoded(&mut self, id: SessionId, decoded: &Decoded<'_>) {
        let packet = &decoded.packet;
        if packet.kind == PacketKind::Connect {
            self.handle_connect(id, packet.namespace, packet.data);
            return;
        }
        let socket = self.find_session_socket(id, packet.namespace);
        let Some(socket) = socket else {
            self.refuse_packet(
                id,
                &"a packet came for a namespace that the client is not in",
            );
            return;
        };
        match packet.kind {
            PacketKind::Event | PacketKind::BinaryEvent => {
                let data = self.outputs.keep_text(packet.data);
                let attachments = self.outputs.keep_attachments(decoded.attachments);
                self.outputs.push(Record::Event {
                    socket,
                    data,
                    attachments,
                    packet_id: packet.id,
                });
            }
            PacketKind::Ack | PacketKind::BinaryAck => {
                self.handle_ack(socket, packet.id, decoded);
            }
            PacketKind::Disconnect => {
                self.disconnect_socket(socket, DisconnectReason::ClientNamespaceDisconnect, "");
            }
            // The decoder lets no client refuse a namespace, and CONNECT was handled above.
            PacketKind::ConnectError | PacketKind::Connect => {}
        }
    }

    /// A client asks to join a namespace ("Connection to a namespace").
    fn handle_connect(&mut self, id: SessionId, name: &str, auth: &str) {
        let listed = self.namespaces.find(name).is_some();
        if !listed && self.config.namespaces == NamespacePolicy::Listed {
            let packet = Encoded::new(&[], |out| {
                socketio::encode::connect_error(out, name, r#"{"message":"Invalid namespace"}"#);
            });
            self.send_packet(id, &packet);
            return;
        }
        if self.find_session_socket_any(id, name).is_some() {
            self.refuse_packet(
                id,
                &"the client asked for a namespace that it is in already",
            );
            return;
        }
        let Some(session) = self.sessions.get(id.0) else {
            return;
        };
        if session.sockets.len() >= self.config.max_namespaces_per_session {
            self.refuse_packet(
                id,
                &"the client asked for more namespaces than max_namespaces_per_session",
            );
            return;
        }
        let Ok(public_id) = self.draw_id::<SOCKET_ID_BYTES>() else {
            self.refuse_packet(id, &"the host's source of randomness failed");
            return;
        };
        let namespace = self.namespaces.enter(name);
        let make = |_| Socket {
            session: id,
            namespace,
            accepted: false,
        };
        let Some(socket) = self.sockets.insert_with(make).map(SocketId) else {
            self.namespaces.leave(namespace);
            return;
        };
        self.waiting_sockets += 1;
        if let Some(session) = self.sessions.get_mut(id.0) {
            session.sockets.push((namespace, socket));
        }
        let record = Record::Connect {
            socket,
            session: id,
            id: self.outputs.keep_text(&public_id),
            namespace: self.outputs.keep_text(name),
            auth: self
                .outputs
                .keep_text(if auth.is_empty() { "{}" } else { auth }),
        };
        // The slot is fresh and the id is random: there is nothing to collide with.
        let _inserted = self.rooms.insert(namespace, socket, &public_id);
        self.outputs.push(record);
    }

    fn handle_ack(&mut self, socket: SocketId, packet_id: Option<u64>, decoded: &Decoded<'_>) {
        // An answer that nobody asked for, or a second one, is dropped.
        let Some(answer) = packet_id.and_then(|id| self.acks.answer(socket, id)) else {
            return;
        };
        let data = self.outputs.keep_text(decoded.packet.data);
        let attachments = self.outputs.keep_attachments(decoded.attachments);
        self.outputs.push(Record::Answer {
            ack: answer.ack,
            socket,
            data,
            attachments,
            last: answer.last,
        });
    }

    /// Tells the application about acknowledgements that ended by something else than an answer.
    pub(super) fn drain_acks(&mut self) {
        while let Some(settled) = self.acks.poll_settled() {
            self.outputs.push(Record::AckSettled {
                ack: settled.ack,
                outcome: settled.outcome,
                missing: settled.missing,
            });
        }
    }

    /// The connected socket of a session in a namespace.
    fn find_session_socket(&self, id: SessionId, namespace: &str) -> Option<SocketId> {
        let socket = self.find_session_socket_any(id, namespace)?;
        self.sockets.get(socket.0)?.accepted.then_some(socket)
    }

    fn find_session_socket_any(&self, id: SessionId, namespace: &str) -> Option<SocketId> {
        let namespace = self.namespaces.find(namespace)?;
        let session = self.sessions.get(id.0)?;
        session
            .sockets
            .iter()
            .find(|(joined, _)| *joined == namespace)
            .map(|(_, socket)| *socket)
    }

    fn socket(&self, id: SocketId) -> Result<&Socket, UsageError> {
        self.sockets.get(id.0).ok_or(UsageError::Unknown)
    }

    fn waiting_socket(&mut self, id: SocketId) -> Result<&mut Socket, UsageError> {
        let socket = self.sockets.get_mut(id.0).ok_or(UsageError::Unknown)?;
        if socket.accepted {
            return Err(UsageError::AlreadyAnswered);
        }
        Ok(socket)
    }

    /// All sockets of a session leave.
    pub(super) fn disconnect_sockets(
        &mut self,
        id: SessionId,
        reason: DisconnectReason,
        detail: &str,
    ) {
        let Some(session) = self.sessions.get_mut(id.0) else {
            return;
        };
        for (_, socket) in core::mem::take(&mut session.sockets) {
            self.disconnect_socket(socket, reason, detail);
        }
    }

    /// A socket leaves, and the application is told if it ever knew it as connected.
    fn disconnect_socket(&mut self, id: SocketId, reason: DisconnectReason, detail: &str) {
        let Some(socket) = self.sockets.get(id.0) else {
            return;
        };
        if socket.accepted {
            let session = socket.session;
            let rooms = &self.rooms;
            let rooms = self
                .outputs
                .write_text(|out| write_array(out, rooms.rooms_of(id)));
            let detail = self.outputs.keep_text(detail);
            self.outputs.push(Record::Disconnect {
                socket: id,
                session,
                reason,
                detail,
                rooms,
            });
        }
        self.remove_socket(id);
    }

    /// Nothing of a socket is left behind: no room, no acknowledgement, no namespace of its own.
    fn remove_socket(&mut self, id: SocketId) {
        let Some(socket) = self.sockets.remove(id.0) else {
            return;
        };
        if !socket.accepted {
            self.waiting_sockets -= 1;
        }
        if let Some(session) = self.sessions.get_mut(socket.session.0) {
            session.sockets.retain(|(_, other)| *other != id);
        }
        self.rooms.remove(id);
        self.acks.remove_socket(id);
        self.drain_acks();
        if self.namespaces.leave(socket.namespace) {
            self.acks.remove_namespace(socket.namespace);
        }
    }
}

/// The text of a JSON array of strings.
fn write_array<'a>(out: &mut String, items: impl Iterator<Item = &'a str>) {
    out.push('[');
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        json::write_string(out, item);
    }
    out.push(']');
}

/// 20 characters, as clients know them.
const SOCKET_ID_BYTES: usize = 15;
