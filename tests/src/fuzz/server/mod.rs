//! A server takes any calls in any order and keeps its promises: see [`watch`].

mod watch;

use std::time::Duration;

use bytes::Bytes;
use sansocket::ConnId;
use sansocket::Instant;
use sansocket::Message;
use sansocket::RequestId;
use sansocket::SessionId;
use sansocket::SocketId;
use sansocket::engineio;
use sansocket::http;
use sansocket::server::Config;
use sansocket::server::EmitOptions;
use sansocket::server::EventData;
use sansocket::server::Input;
use sansocket::server::NamespacePolicy;
use sansocket::server::Protocol;
use sansocket::server::Server;
use sansocket::server::Target;
use sansocket::server::Wire;
use sansocket::websocket::frame::Opcode;
use sansocket::websocket::frame::encode_frame;

use self::watch::Watched;
use super::Choices;
use crate::Seeded;

/// What clients, hosts and applications do.
pub fn target(data: &[u8]) {
    let mut choices = Choices::new(data);
    let config = Config {
        protocol: choices.one_of(&[Protocol::SocketIo, Protocol::EngineIo, Protocol::WebSocket]),
        namespaces: choices.one_of(&[NamespacePolicy::Listed, NamespacePolicy::Ask]),
        engineio: engineio::Config {
            max_buffered_bytes: 2000,
            ..engineio::Config::default()
        },
        max_buffered_bytes: 2000,
        ..Config::default()
    };
    let server = Server::new(config, Box::new(Seeded::new(1))).unwrap();
    let mut world = World {
        watched: Watched::new(server),
        now: Instant::from_millis(1),
    };
    while !choices.is_empty() {
        match choices.below(4) {
            0 => world.call_http(&mut choices),
            1 | 2 => world.feed(&mut choices),
            _ => world.command(&mut choices),
        }
        // Outputs may pile up over some calls.
        if choices.flip() {
            world.watched.drain();
        }
        if choices.below(4) == 0 {
            world.now = world.now + choices.duration();
            world.watched.server.handle_timeout(world.now);
        }
    }
    world.watched.is_cleared_by(world.now);
}

struct World {
    watched: Watched,
    now: Instant,
}

impl World {
    fn call_http(&mut self, choices: &mut Choices<'_>) {
        let sid = self.watched.some_sid(choices);
        let version = choices.one_of(&["EIO=4&", "EIO=4&", "EIO=4&", "EIO=3&", ""]);
        let known = if sid.is_empty() {
            String::new()
        } else {
            format!("&sid={sid}")
        };
        let kind = choices.below(6);
        let transport = choices.one_of(match kind {
            0..=2 => &["polling", "polling", "websocket", "x"],
            _ => &["websocket", "websocket", "websocket", "polling"],
        });
        let target = format!("/socket.io/?{version}transport={transport}{known}");
        let headers = [
            header("Host", "localhost"),
            header("Upgrade", "websocket"),
            header("Connection", "Upgrade"),
            header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            header("Sec-WebSocket-Version", "13"),
            header(
                "Origin",
                choices.one_of(&["http://localhost", "http://localhost", "http://evil"]),
            ),
        ];
        let request = http::Request {
            method: choices.one_of(&["GET", "POST", "GET", "POST", "OPTIONS", "PUT"]),
            target: &target,
            version: http::Version::Http11,
            headers: http::Headers::new(&headers),
        };
        match kind {
            0 | 1 => {
                let id = self.watched.server.handle_request(self.now, &request);
                self.watched.add_request(id);
            }
            2 => {
                let id = self.watched.some_request(choices);
                let aborted = self.watched.server.handle_abort(self.now, id);
                self.watched.forget_request(id, aborted.is_ok());
            }
            _ => {
                let request = http::Request {
                    method: "GET",
                    ..request
                };
                let wire = choices.one_of(&[Wire::Bytes, Wire::Messages]);
                if let Ok(conn) = self
                    .watched
                    .server
                    .handle_upgrade(self.now, &request, wire, &[])
                {
                    self.watched.add_conn(conn, wire);
                }
            }
        }
    }

    fn feed(&mut self, choices: &mut Choices<'_>) {
        let text = match choices.below(PACKETS.len() + 1) {
            0 => choices.text(),
            known => PACKETS[known - 1].to_owned(),
        };
        let kind = choices.below(8);
        if kind == 0 {
            let id = self.watched.some_request(choices);
            let known = self.watched.is_pending(id);
            let fed =
                self.watched
                    .server
                    .handle_body(self.now, id, text.as_bytes(), choices.flip());
            assert_eq!(fed.is_ok(), known);
            return;
        }
        let (conn, wire) = self.watched.some_conn(choices);
        let frame = match kind {
            1 => Bytes::copy_from_slice(choices.bytes()),
            2 => encode_frame(Opcode::Binary, choices.bytes(), Some([1, 2, 3, 4])),
            3 => encode_frame(
                choices.one_of(&[Opcode::Close, Opcode::Ping]),
                b"",
                Some([0; 4]),
            ),
            _ => encode_frame(Opcode::Text, text.as_bytes(), Some([1, 2, 3, 4])),
        };
        let input = match (kind, wire) {
            (6, _) => Input::Congested(choices.flip()),
            (7, _) if choices.below(4) == 0 => Input::Eof,
            (_, Wire::Bytes) => Input::Bytes(&frame),
            (2, Wire::Messages) => Input::Binary(choices.bytes()),
            (_, Wire::Messages) => Input::Text(&text),
        };
        let known = self.watched.is_conn(conn);
        let fed = self.watched.server.handle_input(self.now, conn, input);
        // What is closed already and not drained yet is unknown to the server, but not to us.
        assert!(known || fed.is_err());
    }

    /// The application says something; much of it is about what has gone already.
    fn command(&mut self, choices: &mut Choices<'_>) {
        let now = self.now;
        let socket = self.watched.some_socket(choices);
        let session = self.watched.some_session(choices);
        let (conn, _) = self.watched.some_conn(choices);
        let room = choices.one_of(&["a", "b", ""]);
        let server = &mut self.watched.server;
        let to = match choices.below(3) {
            0 => Target::Socket(socket),
            1 => Target::Rooms {
                namespace: "/",
                rooms: &["a", "b"],
                except: &[],
            },
            _ => Target::Rooms {
                namespace: choices.one_of(&["/", "/a"]),
                rooms: &[],
                except: &["a"],
            },
        };
        let attachments = [Bytes::from_static(b"bytes")];
        let data = match choices.below(2) {
            0 => EventData::new(r#"["event",1]"#),
            _ => {
                EventData::with_attachments(r#"["e",{"_placeholder":true,"num":0}]"#, &attachments)
            }
        };
        let options = EmitOptions {
            volatile: choices.flip(),
            ..EmitOptions::default()
        };
        let text = choices.text();
        match choices.below(16) {
            0..=3 => {
                let accepted = server.accept(now, socket);
                self.watched.accepted(socket, accepted.is_ok());
            }
            4 => {
                let rejected = server.reject(now, socket, r#"{"message":"no"}"#);
                self.watched.rejected(socket, rejected.is_ok());
            }
            5 => drop(server.join(socket, room)),
            6 => drop(server.leave(socket, room)),
            7 => drop(server.leave_all(socket)),
            8 => server.close_room("/", room),
            9 => drop(server.emit(now, to, data, options)),
            10 => {
                let timeout = choices.flip().then(|| choices.duration());
                if let Ok(ack) = server.emit_with_ack(now, to, data, options, timeout) {
                    self.watched.add_ack(ack);
                }
            }
            11 => drop(server.acknowledge(now, socket, u64::from(choices.byte()), data)),
            12 => drop(server.disconnect(now, socket)),
            13 => drop(server.close_session(now, session)),
            14 => match choices.below(3) {
                0 => drop(server.send_session(now, session, Message::Text(&text))),
                1 => drop(server.send(now, conn, Message::Text(&text))),
                _ => drop(server.close(now, conn, 1000, &text)),
            },
            _ if choices.below(16) == 0 => server.shutdown(now),
            _ => drop(server.add_namespace("/a")),
        }
    }
}

fn header<'a>(name: &'a str, value: &'a str) -> http::Header<'a> {
    http::Header {
        name: name.as_bytes(),
        value: value.as_bytes(),
    }
}

/// What clients say.
const PACKETS: [&str; 18] = [
    "40",
    "40",
    "40/a,",
    "40/b?c=d,{\"x\":1}",
    "41",
    "41/a,",
    "42[\"event\"]",
    "421[\"event\",{\"a\":[1,2]}]",
    "42/a,[\"event\"]",
    "430[1]",
    "431[]",
    "451-[\"e\",{\"_placeholder\":true,\"num\":0}]",
    "3",
    "2probe",
    "5",
    "1",
    "40\u{1e}42[\"event\"]\u{1e}bAQID",
    "4",
];

/// Keys that a server never gave out.
fn unknown_keys() -> (ConnId, RequestId, SessionId, SocketId) {
    let key = 1 << 50;
    (
        ConnId::from_u64(key),
        RequestId::from_u64(key),
        SessionId::from_u64(key),
        SocketId::from_u64(key),
    )
}

/// A client that is silent for so long has gone.
const LONG: Duration = Duration::from_secs(600);
