//! A client as the specifications describe it: the other end of everything the server says.

use std::collections::VecDeque;

use bytes::Bytes;
use sansocket::ConnId;
use sansocket::Message;
use sansocket::MessageKind;
use sansocket::RequestId;
use sansocket::engineio::OutgoingPacket;
use sansocket::engineio::Packet;
use sansocket::http::HeadParser;
use sansocket::websocket;

/// What a client knows and wants.
#[derive(Debug, Default)]
pub(super) struct Client {
    /// Speaks bare WebSocket messages, without Engine.IO.
    pub(super) is_plain: bool,
    pub(super) sid: String,
    /// Polls, rather than using a WebSocket.
    pub(super) polls: bool,
    pub(super) poll: Option<RequestId>,
    pub(super) post: Option<RequestId>,
    pub(super) socket: Option<WebSocket>,
    /// Packets to send, in order.
    pub(super) to_send: VecDeque<OutgoingPacket>,
    /// Messages that came.
    pub(super) received: Vec<Received>,
    /// It answers heartbeats and polls: a client that went to sleep does not.
    pub(super) is_asleep: bool,
    pub(super) is_over: bool,
}

/// A message that a client received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Received {
    Text(String),
    Binary(Vec<u8>),
}

/// The client's end of a WebSocket.
#[derive(Debug)]
pub(super) struct WebSocket {
    pub(super) conn: ConnId,
    pub(super) framing: Framing,
    pub(super) upgrade: Upgrade,
}

#[derive(Debug)]
pub(super) enum Framing {
    /// Frames, after the head of the handshake's answer.
    Frames {
        head: Option<HeadParser>,
        connection: Box<websocket::Connection>,
    },
    /// The host frames: messages come whole.
    Messages,
}

/// How far a WebSocket has come in taking over from polling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upgrade {
    /// `2probe` is sent.
    Probing,
    /// `3probe` has come: as soon as no poll waits, `5` is sent.
    Probed,
    /// It carries the session.
    Done,
}

impl Client {
    /// The server can still be heard.
    pub(super) fn is_open(&self) -> bool {
        !self.is_over
    }

    pub(super) fn handle_message(&mut self, message: Message<'_>) {
        if self.is_plain {
            self.receive(message);
            return;
        }
        let packet = Packet::decode(message).expect("the server sends packets");
        self.handle_packet(packet);
    }

    pub(super) fn handle_packet(&mut self, packet: Packet<'_>) {
        match packet {
            Packet::Open(json) => {
                let (_, rest) = json.split_once(r#""sid":""#).expect("the sid is in it");
                let (sid, _) = rest.split_once('"').expect("the sid ends");
                sid.clone_into(&mut self.sid);
            }
            Packet::Close => self.is_over = true,
            Packet::Ping(data) => {
                if !self.is_asleep {
                    self.to_send.push_back(OutgoingPacket::pong(data));
                }
            }
            Packet::Pong("probe") => {
                if let Some(socket) = &mut self.socket {
                    socket.upgrade = Upgrade::Probed;
                }
            }
            Packet::Message(message) => self.receive(message),
            Packet::Noop => {}
            Packet::Pong(_) | Packet::Upgrade => panic!("a server does not say {packet:?}"),
        }
    }

    fn receive(&mut self, message: Message<'_>) {
        self.received.push(match message {
            Message::Text(text) => Received::Text(text.to_owned()),
            Message::Binary(bytes) => Received::Binary(bytes.to_vec()),
        });
    }

    /// Bytes or messages that came on the WebSocket.
    pub(super) fn handle_frame(&mut self, kind: Option<MessageKind>, mut bytes: &[u8]) {
        let Some(mut socket) = self.socket.take() else {
            return;
        };
        match (&mut socket.framing, kind) {
            (Framing::Messages, Some(MessageKind::Text)) => {
                let text = std::str::from_utf8(bytes).expect("a text is UTF-8");
                self.socket = Some(socket);
                self.handle_message(Message::Text(text));
                return;
            }
            (Framing::Messages, Some(MessageKind::Binary)) => {
                self.socket = Some(socket);
                self.handle_message(Message::Binary(bytes));
                return;
            }
            (Framing::Frames { head, connection }, None) => {
                if let Some(parser) = head {
                    match parser.read_response(&mut bytes).expect("the head is good") {
                        None => {}
                        Some(response) => {
                            assert_eq!(response.status, 101);
                            *head = None;
                        }
                    }
                }
                if head.is_none() {
                    let mut messages = Vec::new();
                    while let Some(event) =
                        connection.handle_input(sansocket::Instant::ZERO, &mut bytes)
                    {
                        match event {
                            websocket::Event::Message(message) => messages.push(match message {
                                Message::Text(text) => Received::Text(text.to_owned()),
                                Message::Binary(bytes) => Received::Binary(bytes.to_vec()),
                            }),
                            websocket::Event::Closed(closed) => {
                                assert_eq!(closed.cause, None, "the server breaks no rule");
                                self.is_over = true;
                            }
                            websocket::Event::Ping(_) | websocket::Event::Pong(_) => {}
                        }
                    }
                    self.socket = Some(socket);
                    for message in messages {
                        match &message {
                            Received::Text(text) => self.handle_message(Message::Text(text)),
                            Received::Binary(bytes) => self.handle_message(Message::Binary(bytes)),
                        }
                    }
                    return;
                }
            }
            (framing, kind) => panic!("{kind:?} came on {framing:?}"),
        }
        self.socket = Some(socket);
    }

    /// Bytes that the client's WebSocket machine wants to write.
    pub(super) fn poll_transmit(&mut self) -> Option<Bytes> {
        match &mut self.socket.as_mut()?.framing {
            Framing::Frames { connection, .. } => connection.poll_transmit(),
            Framing::Messages => None,
        }
    }
}
