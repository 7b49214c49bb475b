//! A sans-IO core for WebSocket, Engine.IO and Socket.IO: rooms, acknowledgements and fan-out without
//! sockets, clocks or threads.
//!
//! The host owns the sockets and the clock. It passes in what it read, drains what there is to do,
//! and says what the application wants; the machine in between is the same in a Rust program, in a
//! Django process and in a Node process, and so are its limits and the bytes on the wire.
//!
//! # The drive loop
//!
//! A chat without a network: one client, whose frames the host has unwrapped already.
//!
//! ```
//! use sansocket::http::{Header, Headers, Request, Version};
//! use sansocket::server::{Config, EmitOptions, Event, EventData, Frame, Output, Server, Target};
//! use sansocket::server::{Input, Wire};
//! use sansocket::{Instant, OsEntropy};
//!
//! let mut server = Server::new(Config::default(), Box::new(OsEntropy))?;
//! let now = Instant::ZERO; // any monotonic clock
//!
//! // The host saw a WebSocket handshake, then a message.
//! let headers = [Header { name: b"host", value: b"example.com" }];
//! let request = Request {
//!     method: "GET",
//!     target: "/socket.io/?EIO=4&transport=websocket",
//!     version: Version::Http11,
//!     headers: Headers::new(&headers),
//! };
//! let conn = server.handle_upgrade(now, &request, Wire::Messages, &[]).unwrap();
//! server.handle_input(now, conn, Input::Text("40"))?;
//!
//! // What is there to do? Some of it is for the application, which answers.
//! let mut asked = None;
//! while let Some(output) = server.poll_output() {
//!     match output {
//!         Output::Transmit { to, frame: Frame::Text(text) } => {
//!             assert_eq!(to, [conn]);
//!             assert!(text.starts_with(b"0{\"sid\":"));
//!         }
//!         Output::Event(Event::Connect { socket, namespace: "/", .. }) => asked = Some(socket),
//!         _ => {}
//!     }
//! }
//! let socket = asked.unwrap();
//! server.accept(now, socket)?;
//! server.join(socket, "lobby")?;
//! let lobby = Target::Rooms { namespace: "/", rooms: &["lobby"], except: &[] };
//! server.emit(now, lobby, EventData::new(r#"["hello",{"from":"Ada"}]"#), EmitOptions::default())?;
//!
//! // When to come back if nothing happens: the first ping is due after 25 seconds.
//! assert_eq!(server.poll_timeout(), Some(Instant::from_millis(25_000)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The layers
//!
//! | module | what it is | usable alone |
//! |---|---|---|
//! | [`server`] | the composite: connections, sessions, sockets, fan-out | [`server::Server`] |
//! | [`socketio`] | packets, namespaces, acknowledgements, rooms | [`socketio::Decoder`], [`socketio::Rooms`], [`socketio::Acks`] |
//! | [`engineio`] | long polling, the upgrade, heartbeats | [`engineio::Session`] |
//! | [`websocket`] | RFC 6455, both roles | [`websocket::Connection`] |
//! | [`http`] | request heads, bodies and responses for hosts with raw sockets; origins and cookies | [`http::Connection`] |
//!
//! Every layer has the same shape: `handle_*` takes what happened and `now`, `poll_*` gives what to
//! do. Any order of calls is legal, no input panics, and what a peer does wrong is never an `Err` of
//! a call: it becomes the right close and an event with a reason.
//!
//! # Features
//!
//! `std` (default) adds [`OsEntropy`] and changes nothing else. Without it the crate needs `alloc`
//! and builds for bare metal. `deflate` adds permessage-deflate to [`websocket`], for whoever asks for
//! it in the handshake.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod engineio;
pub mod http;
pub mod json;
pub mod server;
pub mod socketio;
pub mod utf8;
pub mod websocket;

mod entropy;
mod error;
mod id;
mod keyed;
mod message;
mod slab;
mod time;

pub use entropy::Entropy;
pub use entropy::EntropyError;
#[cfg(feature = "std")]
pub use entropy::OsEntropy;
pub use error::UsageError;
pub use id::ConnId;
pub use id::RequestId;
pub use id::SessionId;
pub use id::SocketId;
pub use message::Message;
pub use message::MessageKind;
pub use time::Instant;
