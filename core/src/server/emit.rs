//! Fan-out: encode once, frame once, and hand one buffer out with a list of receivers.

use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;

use super::NamespaceIndex;
use super::Server;
use super::State;
use super::Wire;
use super::queue::KeptFrame;
use crate::Instant;
use crate::MessageKind;
use crate::SessionId;
use crate::SocketId;
use crate::UsageError;
use crate::engineio::OutgoingPacket;
use crate::socketio;
use crate::socketio::AckId;
use crate::socketio::Selection;
use crate::websocket::frame;
use crate::websocket::frame::MAX_SERVER_HEADER;
use crate::websocket::frame::Opcode;

/// Whom an event is for.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// One socket.
    Socket(SocketId),
    /// Every socket of a namespace that is in one of `rooms` (in any room or none, when `rooms` is
    /// empty) and in none of `except`. A socket in two of the rooms receives the event once.
    Rooms {
        /// The namespace.
        namespace: &'a str,
        /// Names of rooms; a socket's id is the name of its own room.
        rooms: &'a [&'a str],
        /// Names of rooms to leave out.
        except: &'a [&'a str],
    },
}

/// The arguments of an event or of an acknowledgement, ready for the wire.
///
/// The text is what the caller's JSON encoder produced: an array, for an event with its name first.
/// The core does not read it again, so the encoder vouches for the grammar; in particular it must
/// refuse numbers that are not finite, for which JSON has no word.
#[derive(Clone, Copy, Debug)]
pub struct EventData<'a> {
    json: &'a str,
    attachments: &'a [Bytes],
}

impl<'a> EventData<'a> {
    /// Arguments without attachments: `["news",{"id":1}]`.
    #[must_use]
    pub const fn new(json: &'a str) -> Self {
        Self {
            json,
            attachments: &[],
        }
    }

    /// Arguments with attachments: each is represented in `json` by
    /// `{"_placeholder":true,"num":N}`, `N` being its index.
    #[must_use]
    pub const fn with_attachments(json: &'a str, attachments: &'a [Bytes]) -> Self {
        Self { json, attachments }
    }
}

/// How an event is sent.
#[derive(Clone, Copy, Debug)]
pub struct EmitOptions {
    /// Whoever cannot be written to right now does not get it, instead of getting it late.
    pub volatile: bool,
    /// Whether the transport may compress it.
    pub compress: bool,
}

impl Default for EmitOptions {
    fn default() -> Self {
        Self {
            volatile: false,
            compress: true,
        }
    }
}

impl Server {
    /// Sends an event, without asking for an answer.
    ///
    /// The packet is encoded once and its WebSocket frame is made once, however many receive it.
    ///
    /// # Errors
    /// [`UsageError::Unknown`] when a single socket has left or its namespace does not exist,
    /// [`UsageError::NotConnected`] when it was not accepted yet.
    pub fn emit(
        &mut self,
        now: Instant,
        target: Target<'_>,
        data: EventData<'_>,
        options: EmitOptions,
    ) -> Result<(), UsageError> {
        self.state.observe(now);
        let namespace = self.state.select(target)?;
        self.state.send_event(namespace, None, data, options);
        self.settle();
        Ok(())
    }

    /// Sends an event and asks every receiver for an acknowledgement.
    ///
    /// Each answer comes as [`Event::Answer`](super::Event::Answer). A single socket may be given
    /// all the time until it leaves; several sockets need a `timeout`.
    ///
    /// # Errors
    /// As [`emit`](Self::emit); [`UsageError::Limit`] when a socket has too many acknowledgements
    /// pending.
    pub fn emit_with_ack(
        &mut self,
        now: Instant,
        target: Target<'_>,
        data: EventData<'_>,
        options: EmitOptions,
        timeout: Option<Duration>,
    ) -> Result<AckId, UsageError> {
        self.state.observe(now);
        let namespace = self.state.select(target)?;
        let now = self.state.now;
        let issued = match target {
            Target::Socket(socket) => self.state.acks.issue(now, namespace, socket, timeout),
            Target::Rooms { .. } => {
                let timeout = timeout.ok_or(UsageError::Invalid(
                    "an acknowledgement by many sockets needs a timeout",
                ))?;
                let receivers = &self.state.selected;
                self.state
                    .acks
                    .issue_broadcast(now, namespace, receivers, timeout)
            }
        }?;
        self.state
            .send_event(namespace, Some(issued.packet_id), data, options);
        self.state.drain_acks();
        self.settle();
        Ok(issued.ack)
    }

    /// Answers an event that came with a packet id. The host answers each once: a client ignores
    /// a second answer.
    ///
    /// # Errors
    /// [`UsageError::Unknown`] when the socket has left, [`UsageError::NotConnected`] when it was
    /// not accepted yet.
    pub fn acknowledge(
        &mut self,
        now: Instant,
        socket: SocketId,
        packet_id: u64,
        data: EventData<'_>,
    ) -> Result<(), UsageError> {
        self.state.observe(now);
        let namespace = self.state.select(Target::Socket(socket))?;
        let name = self.state.namespaces.name(namespace);
        let attachments = data.attachments.len();
        let packet = Encoded::new(data.attachments, |out| {
            socketio::encode::ack(out, name, packet_id, data.json, attachments);
        });
        self.state.fan_out(&packet, EmitOptions::default());
        self.settle();
        Ok(())
    }
}

impl State {
    /// Puts the receivers into `selected` and returns their namespace. Sockets that were not
    /// accepted yet may be in rooms already, but receive nothing.
    pub(super) fn select(&mut self, target: Target<'_>) -> Result<NamespaceIndex, UsageError> {
        self.selected.clear();
        match target {
            Target::Socket(id) => {
                let socket = self.sockets.get(id.0).ok_or(UsageError::Unknown)?;
                if !socket.accepted {
                    return Err(UsageError::NotConnected);
                }
                self.selected.push(id);
                Ok(socket.namespace)
            }
            Target::Rooms {
                namespace,
                rooms,
                except,
            } => {
                let namespace = self.namespaces.find(namespace).ok_or(UsageError::Unknown)?;
                let selection = Selection {
                    namespace,
                    rooms,
                    except,
                };
                self.rooms.select(&selection, &mut self.selected);
                if self.waiting_sockets > 0 {
                    let sockets = &self.sockets;
                    self.selected
                        .retain(|id| sockets.get(id.0).is_some_and(|socket| socket.accepted));
                }
                Ok(namespace)
            }
        }
    }

    fn send_event(
        &mut self,
        namespace: NamespaceIndex,
        packet_id: Option<u64>,
        data: EventData<'_>,
        options: EmitOptions,
    ) {
        if self.selected.is_empty() {
            return;
        }
        let name = self.namespaces.name(namespace);
        let attachments = data.attachments.len();
        let packet = Encoded::new(data.attachments, |out| {
            socketio::encode::event(out, name, packet_id, data.json, attachments);
        });
        self.fan_out(&packet, options);
    }

    /// Hands a packet to every selected socket: to those whose WebSocket is free as one buffer with
    /// a list of targets, to the others through the queue of their session.
    pub(super) fn fan_out(&mut self, packet: &Encoded, options: EmitOptions) {
        let selected = core::mem::take(&mut self.selected);
        for socket in &selected {
            let Some(socket) = self.sockets.get(socket.0) else {
                continue;
            };
            let id = socket.session;
            let Some(session) = self.sessions.get_mut(id.0) else {
                continue;
            };
            match session.engine.direct() {
                Some(conn) if session.wire == Wire::Bytes => self.octet_targets.push(conn),
                Some(conn) => self.message_targets.push(conn),
                None if options.volatile && !session.engine.is_writable() => {}
                None => {
                    for packet in packet.packets() {
                        // A session that is over its limit closes itself, with the reason in its event.
                        if session.engine.send(self.now, packet).is_err() {
                            break;
                        }
                    }
                    self.flush_session(id);
                }
            }
        }
        self.selected = selected;
        if !self.octet_targets.is_empty() {
            self.outputs
                .transmit_all(&mut self.octet_targets, &[packet.octets()]);
        }
        if !self.message_targets.is_empty() {
            let frames: Vec<KeptFrame> = packet.messages().collect();
            self.outputs
                .transmit_all(&mut self.message_targets, &frames);
        }
    }

    /// One packet for one session, whatever its transport.
    pub(super) fn send_packet(&mut self, id: SessionId, packet: &Encoded) {
        let Some(session) = self.sessions.get_mut(id.0) else {
            return;
        };
        for packet in packet.packets() {
            if session.engine.send(self.now, packet).is_err() {
                break;
            }
        }
        self.flush_session(id);
    }
}

/// A Socket.IO packet, encoded once for every wire and transport.
#[derive(Debug)]
pub(super) struct Encoded {
    /// Its WebSocket frames, one behind the other.
    octets: Bytes,
    /// The Engine.IO packet: a part of `octets`.
    text: Bytes,
    attachments: Vec<Bytes>,
}

impl Encoded {
    /// `write` appends the Socket.IO packet.
    pub(super) fn new(attachments: &[Bytes], write: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut buffer = Vec::with_capacity(TYPICAL_PACKET);
        buffer.resize(MAX_SERVER_HEADER, 0);
        buffer.push(b'4');
        write(&mut buffer);
        let end = buffer.len();
        // The room for the header is there.
        let start = frame::write_header_before(&mut buffer, MAX_SERVER_HEADER, Opcode::Text)
            .unwrap_or_default();
        for attachment in attachments {
            frame::write_frame(&mut buffer, Opcode::Binary, attachment, None);
        }
        let buffer = Bytes::from(buffer);
        Self {
            octets: buffer.slice(start..),
            text: buffer.slice(MAX_SERVER_HEADER..end),
            attachments: attachments.to_vec(),
        }
    }

    fn octets(&self) -> KeptFrame {
        KeptFrame::Bytes(self.octets.clone())
    }

    fn messages(&self) -> impl Iterator<Item = KeptFrame> + '_ {
        core::iter::once(KeptFrame::Text(self.text.clone()))
            .chain(self.attachments.iter().cloned().map(KeptFrame::Binary))
    }

    fn packets(&self) -> impl Iterator<Item = OutgoingPacket> + '_ {
        core::iter::once(OutgoingPacket {
            kind: MessageKind::Text,
            bytes: self.text.clone(),
        })
        .chain(self.attachments.iter().map(|bytes| OutgoingPacket {
            kind: MessageKind::Binary,
            bytes: bytes.clone(),
        }))
    }
}

/// Room for a small event without growing the buffer.
const TYPICAL_PACKET: usize = 256;
