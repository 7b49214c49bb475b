//! The core without a network: two clients in one room, driven by hand.

use sansocket::ConnId;
use sansocket::Instant;
use sansocket::OsEntropy;
use sansocket::http::Headers;
use sansocket::http::Request;
use sansocket::http::Version;
use sansocket::server::Config;
use sansocket::server::EmitOptions;
use sansocket::server::Event;
use sansocket::server::EventData;
use sansocket::server::Frame;
use sansocket::server::Input;
use sansocket::server::Output;
use sansocket::server::Server;
use sansocket::server::Target;
use sansocket::server::Wire;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut server = Server::new(Config::default(), Box::new(OsEntropy))?;
    let now = Instant::ZERO; // any monotonic clock of the host's

    // Two WebSocket handshakes, whose frames this host unwraps by itself.
    let request = Request {
        method: "GET",
        target: "/socket.io/?EIO=4&transport=websocket",
        version: Version::Http11,
        headers: Headers::new(&[]),
    };
    let mut join = || server.handle_upgrade(now, &request, Wire::Messages, &[]);
    let (Ok(ada), Ok(grace)) = (join(), join()) else {
        return Err("the handshake was refused".into());
    };

    // What the clients say: "let me in", and then one of them chats.
    for conn in [ada, grace] {
        server.handle_input(now, conn, Input::Text("40"))?;
        drive(&mut server, now)?;
    }
    server.handle_input(now, ada, Input::Text(r#"420["chat message","hello"]"#))?;
    drive(&mut server, now)?;
    Ok(())
}

/// Does what there is to do, until there is nothing left.
fn drive(server: &mut Server, now: Instant) -> Result<(), Box<dyn std::error::Error>> {
    loop {
        // An output is lent until the next call, so what the application will say is kept.
        let said = match server.poll_output() {
            None => return Ok(()),
            Some(Output::Transmit { to, frame }) => {
                write_to(to, frame);
                continue;
            }
            Some(Output::Event(Event::Connect { socket, .. })) => Said::Accept(socket),
            Some(Output::Event(Event::Event {
                socket,
                data,
                packet_id,
                ..
            })) => Said::Chat(socket, data.to_owned(), packet_id),
            Some(_) => continue,
        };
        match said {
            Said::Accept(socket) => {
                server.accept(now, socket)?;
                server.join(socket, "lobby")?;
            }
            Said::Chat(socket, data, packet_id) => {
                let sender = server.socket_id(socket).unwrap_or_default().to_owned();
                let others = Target::Rooms {
                    namespace: "/",
                    rooms: &["lobby"],
                    except: &[&sender],
                };
                server.emit(now, others, EventData::new(&data), EmitOptions::default())?;
                if let Some(packet_id) = packet_id {
                    server.acknowledge(now, socket, packet_id, EventData::new(r#"["saved"]"#))?;
                }
            }
        }
    }
}

enum Said {
    Accept(sansocket::SocketId),
    Chat(sansocket::SocketId, String, Option<u64>),
}

/// Where a real host writes to its sockets.
fn write_to(connections: &[ConnId], frame: Frame<'_>) {
    if let Frame::Text(text) = frame {
        println!("to {connections:?}: {}", String::from_utf8_lossy(text));
    }
}
