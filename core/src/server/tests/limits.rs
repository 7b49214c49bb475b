//! Every queue has a bound, and every bound a policy.

use super::*;
use crate::engineio;

#[test]
fn t39_a_session_whose_client_never_reads_is_closed_with_its_reason() {
    let mut host = Host::with(Config {
        engineio: engineio::Config {
            max_buffered_bytes: 10_000,
            ..engineio::Config::default()
        },
        ..Config::default()
    });
    let (slow, _) = host.connect();
    let (fast, _) = host.connect();
    host.server
        .handle_input(host.now, slow, Input::Congested(true))
        .unwrap();
    host.forget();
    let data = format!(r#"["x","{}"]"#, "y".repeat(900));
    for _ in 0..20 {
        host.emit(EVERYBODY, &data);
    }
    assert_eq!(host.written_to(fast).len(), 20);
    assert_eq!(host.written_to(slow).len(), 0);
    assert!(
        host.events
            .contains(&"session closed: buffer overflow".to_string()),
        "{:?}",
        host.events
    );
    assert_eq!(host.closed, [slow]);
}

#[test]
fn what_waits_for_a_slow_session_goes_out_before_its_close() {
    let mut host = Host::new(Protocol::SocketIo);
    let (conn, socket) = host.connect_octets();
    let session = host.server.session_of(socket).unwrap();
    host.server
        .handle_input(host.now, conn, Input::Congested(true))
        .unwrap();
    host.forget();
    host.emit(EVERYBODY, r#"["last words"]"#);
    assert_eq!(host.written_to(conn), [""; 0]);
    host.server.close_session(host.now, session).unwrap();
    host.drain();
    let written = host.written_to(conn).concat();
    assert!(written.contains("last words"), "{written}");
    assert!(written.ends_with(r#"\x88\x02\x03\xe8""#), "{written}");
}

#[test]
fn a_polling_session_that_never_polls_is_bounded_too() {
    let mut host = Host::with(Config {
        engineio: engineio::Config {
            max_buffered_bytes: 10_000,
            ..engineio::Config::default()
        },
        ..Config::default()
    });
    let sid = host.open_polling();
    host.post(&sid, "40");
    host.server.accept(host.now, host.sockets[0]).unwrap();
    host.drain();
    let data = format!(r#"["x","{}"]"#, "y".repeat(900));
    for _ in 0..20 {
        host.emit(EVERYBODY, &data);
    }
    assert_eq!(host.server.session_count(), 0);
    assert_eq!(host.server.state.sockets.len(), 0);
}

#[test]
fn a_client_cannot_collect_namespaces() {
    let mut host = Host::with(Config {
        namespaces: NamespacePolicy::Ask,
        ..Config::default()
    });
    let conn = host.open_websocket();
    let limit = host.server.state.config.max_namespaces_per_session;
    for n in 0..limit {
        host.text(conn, &format!("40/{n},"));
    }
    assert_eq!(host.closed, []);
    host.text(conn, "40/one-more,");
    assert_eq!(host.closed, [conn]);
    // Nothing is left of any of them.
    assert_eq!(host.server.state.sockets.len(), 0);
    assert!(host.server.state.namespaces.find("/0").is_none());
}

#[test]
fn t67_a_half_built_packet_is_freed_with_its_connection() {
    let mut host = Host::new(Protocol::SocketIo);
    let (conn, _) = host.connect();
    host.text(
        conn,
        r#"452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
    );
    host.server
        .handle_input(host.now, conn, Input::Binary(&[0; 1000]))
        .unwrap();
    host.server
        .handle_input(host.now, conn, Input::Eof)
        .unwrap();
    host.drain();
    assert_eq!(host.server.session_count(), 0);
    assert_eq!(host.server.state.conns.len(), 0);
    assert!(!host.events.iter().any(|event| event.starts_with("event")));
}

#[test]
fn t67_a_binary_packet_before_connect_keeps_nothing() {
    let mut host = Host::new(Protocol::SocketIo);
    let conn = host.open_websocket();
    host.text(conn, r#"451-["x",{"_placeholder":true,"num":0}]"#);
    assert_eq!(host.closed, [conn]);
    assert!(
        host.events
            .iter()
            .any(|event| event == "refused: binary packet for a namespace that is not connected")
    );
}

#[test]
fn t59_no_entropy_no_session() {
    struct Failing(bool);

    impl Entropy for Failing {
        fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            bytes.fill(7);
            if core::mem::replace(&mut self.0, true) {
                return Err(EntropyError);
            }
            Ok(())
        }
    }

    assert!(Server::new(Config::default(), Box::new(Failing(true))).is_err());
    let mut host = Host::new(Protocol::SocketIo);
    host.server.state.entropy = Box::new(Failing(true));
    let id = host.request("GET", "EIO=4&transport=polling");
    assert!(host.reply(id).starts_with("503"));
    let response = host
        .upgrade("EIO=4&transport=websocket", Wire::Bytes)
        .unwrap_err();
    assert_eq!(response.status(), 503);
    assert_eq!(host.server.session_count(), 0);
    assert_eq!(host.server.state.conns.len(), 0);
}
