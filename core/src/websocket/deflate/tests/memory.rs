//! What a connection keeps between messages.

use super::*;

#[test]
fn without_takeover_nothing_is_kept() {
    let frugal = DeflateConfig {
        threshold: 0,
        ..DeflateConfig::default()
    };
    let mut server = server(&frugal);
    let mut client = client(&frugal);
    for _ in 0..3 {
        client.send(Message::Text("one and the same")).unwrap();
        let input = transmitted(&mut client);
        assert_eq!(receive(&mut server, &input).0.len(), 1);
        assert_eq!(server.history_capacity(), 0);
    }
}

#[test]
fn with_takeover_what_was_received_is_kept_up_to_the_window() {
    for (bits, said, kept) in [
        (15, 10, 16),
        (15, 3_000, 4_096),
        (15, 33_000, 32_768),
        (15, 1_000_000, 32_768),
        (9, 300, 512),
        (9, 10_000, 512),
    ] {
        let config = DeflateConfig {
            client_max_window_bits: WindowBits::new(bits).unwrap(),
            ..EAGER
        };
        let mut server = server(&config);
        let mut client = client(&config);
        let message: Vec<u8> = (0..said as u32)
            .map(|at| (at.wrapping_mul(at) / 7) as u8)
            .collect();
        for piece in message.chunks(said / 3 + 1) {
            client.send(Message::Binary(piece)).unwrap();
            let input = transmitted(&mut client);
            assert_eq!(
                receive(&mut server, &input),
                ([piece.to_vec()].to_vec(), None)
            );
        }
        assert_eq!(server.history_capacity(), kept, "{bits} bits, {said} bytes");
    }
}

#[test]
fn a_connection_that_is_over_keeps_nothing() {
    let mut server = server(&EAGER);
    let mut client = client(&EAGER);
    client.send(Message::Text("something")).unwrap();
    let input = transmitted(&mut client);
    assert_eq!(receive(&mut server, &input).0.len(), 1);
    assert!(server.history_capacity() > 0);
    server.handle_eof();
    assert_eq!(server.history_capacity(), 0);
}
