//! A connection gives the same requests and bodies however its bytes come, and never gets stuck.

use sansocket::http::Connection;
use sansocket::http::Event;
use sansocket::http::Response;

/// The bytes of requests, one behind the other.
pub fn target(data: &[u8]) {
    assert_eq!(serve([data]), serve(super::pieces(data)));
}

/// What happened, with neighbouring pieces of a body put together.
fn serve<'d>(pieces: impl IntoIterator<Item = &'d [u8]>) -> Vec<String> {
    let mut connection = Connection::default();
    let mut happened = Vec::new();
    let mut unread: Vec<u8> = Vec::new();
    for piece in pieces {
        unread.extend_from_slice(piece);
        let mut input = unread.as_slice();
        loop {
            let before = input.len();
            let Some(event) = connection.handle_input(&mut input) else {
                break;
            };
            let mut progress = input.len() < before;
            match event {
                Event::Request(request) => {
                    happened.push(format!("request {} {}", request.method, request.target));
                }
                Event::Body(chunk) => {
                    assert!(!chunk.is_empty());
                    match happened.last_mut() {
                        Some(body) if body.starts_with("body") => body.push_str(&hex(chunk)),
                        _ => happened.push(format!("body{}", hex(chunk))),
                    }
                }
                Event::BodyEnd => {
                    happened.push("end".to_owned());
                    let response = connection.respond(&Response::new(200).text("ok"));
                    assert!(response.unwrap().starts_with(b"HTTP/1.1 200 OK\r\n"));
                    progress = true;
                }
                Event::Upgrade(request) => {
                    happened.push(format!("upgrade {}", request.target));
                    connection.respond(&Response::new(400)).unwrap();
                    progress = true;
                }
                Event::Refuse(response) => {
                    assert!((400..600).contains(&response.status()));
                    happened.push(format!("refuse {}", response.status()));
                    connection.respond(&response).unwrap();
                    assert!(connection.wants_transport_close());
                    progress = true;
                }
            }
            assert!(progress, "an event without progress");
        }
        let read = unread.len() - input.len();
        unread.drain(..read);
        let _interim = connection.permit_body();
    }
    happened
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!(" {byte:02x}")).collect()
}
