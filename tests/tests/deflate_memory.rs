//! What compression takes, in progress and between messages, counted by the allocator.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "whatever goes wrong here is a failed test"
)]

use sansocket::Instant;
use sansocket::Message;
use sansocket::websocket::Compressor;
use sansocket::websocket::Config;
use sansocket::websocket::Connection;
use sansocket::websocket::DeflateConfig;
use sansocket::websocket::DeflateLevel;
use sansocket::websocket::Event;
use sansocket::websocket::WindowBits;
use sansocket_tests::Meter;
use sansocket_tests::Seeded;
use sansocket_tests::deflate_agreed;

#[global_allocator]
static METER: Meter = Meter;

const KIB: usize = 1024;
/// A decompressor of zlib.
const DECOMPRESSOR: usize = 50 * KIB;

fn takeover(bits: u8) -> DeflateConfig {
    DeflateConfig {
        server_no_context_takeover: false,
        client_no_context_takeover: false,
        server_max_window_bits: WindowBits::new(bits).unwrap(),
        client_max_window_bits: WindowBits::new(bits).unwrap(),
        max_ratio: u32::MAX,
        ..DeflateConfig::default()
    }
}

fn server(limits: Config, config: &DeflateConfig) -> Connection {
    Connection::server(limits).with_deflate(&deflate_agreed(config))
}

/// A client's frame with one message.
fn said(config: &DeflateConfig, message: &[u8]) -> Vec<u8> {
    let client = Connection::client(Config::default(), &mut Seeded::new(1)).unwrap();
    let mut client = client.with_deflate(&deflate_agreed(config));
    client.send(Message::Binary(message)).unwrap();
    client.poll_transmit().unwrap().to_vec()
}

/// How many messages came, and how many ends.
fn feed(connection: &mut Connection, input: &[u8], size: usize) -> (usize, usize) {
    let mut count = (0, 0);
    for mut piece in input.chunks(size) {
        while let Some(event) = connection.handle_input(Instant::ZERO, &mut piece) {
            match event {
                Event::Message(_) => count.0 += 1,
                Event::Closed(_) => count.1 += 1,
                Event::Ping(_) | Event::Pong(_) => {}
            }
        }
    }
    count
}

#[test]
fn t40_t41_t43_a_bomb_takes_no_more_than_the_limit_of_messages() {
    let input = said(&takeover(15), &vec![0; 30_000_000]);
    for max_message_bytes in [1_000, 100_000, 1_000_000] {
        let limits = Config {
            max_message_bytes,
            ..Config::default()
        };
        for size in [1, 100, input.len()] {
            let mut connection = server(limits, &takeover(15));
            let (count, usage) = Meter::measure(|| feed(&mut connection, &input, size));
            assert_eq!(count, (0, 1));
            // It doubles while it grows: the old block and the new one exist together for a moment.
            assert!(
                usage.peak <= 3 * max_message_bytes + DECOMPRESSOR,
                "{usage:?}"
            );
            assert!(usage.kept <= KIB, "{usage:?}");
        }
    }
}

#[test]
fn t41_by_default_a_bomb_ends_at_64_kib() {
    let config = DeflateConfig::default();
    let input = said(&config, &vec![0; 30_000_000]);
    let mut connection = server(Config::default(), &config);
    let (count, usage) = Meter::measure(|| feed(&mut connection, &input, usize::MAX));
    assert_eq!(count, (0, 1));
    assert!(usage.peak <= 3 * 80 * KIB + DECOMPRESSOR, "{usage:?}");
}

#[test]
fn t23_t29_a_declared_or_dribbled_message_reserves_nothing() {
    let mut connection = server(Config::default(), &takeover(15));
    let (_, usage) = Meter::measure(|| feed(&mut connection, b"\xc2\xff\0\0\0\0\0\x0f\xff\xff", 1));
    assert_eq!(usage.peak, 0, "{usage:?}");
    let random: Vec<u8> = {
        let mut seeded = Seeded::new(3);
        (0..100_000).map(|_| seeded.number() as u8).collect()
    };
    let input = said(&takeover(15), &random);
    let mut connection = server(Config::default(), &takeover(9));
    let (count, usage) = Meter::measure(|| feed(&mut connection, &input, 1));
    assert_eq!(count, (1, 0));
    assert!(usage.peak <= 4 * random.len() + DECOMPRESSOR, "{usage:?}");
    assert!(usage.allocations <= 64, "{usage:?}");
}

#[test]
fn an_idle_connection_keeps_its_window_or_nothing() {
    let message: Vec<u8> = (0..200_000_u32)
        .map(|at| (at / 3).wrapping_mul(at) as u8)
        .collect();
    for (config, kept) in [
        (DeflateConfig::default(), KIB),
        (takeover(9), 2 * KIB),
        (takeover(12), 5 * KIB),
        (takeover(15), 33 * KIB),
    ] {
        let input = said(&config, &message);
        let (connection, usage) = Meter::measure(|| {
            let mut connection = server(Config::default(), &config);
            assert_eq!(feed(&mut connection, &input, 4 * KIB), (1, 0));
            // The next input finds the message forgotten.
            assert_eq!(feed(&mut connection, b"\x8a\x80\0\0\0\0", 6), (0, 0));
            connection
        });
        assert!(usage.kept <= kept, "{usage:?}, and {kept} expected");
        drop(connection);
    }
}

#[test]
fn a_compressor_is_kept_only_with_takeover_and_until_it_is_released() {
    let message = "news ".repeat(1_000);
    for (config, least, most) in [
        (DeflateConfig::default(), 0, KIB),
        (takeover(9), 130 * KIB, 150 * KIB),
        (takeover(12), 150 * KIB, 180 * KIB),
        (takeover(15), 360 * KIB, 380 * KIB),
    ] {
        let mut connection = server(Config::default(), &config);
        let ((), usage) = Meter::measure(|| {
            connection.send(Message::Text(&message)).unwrap();
            drop(connection.poll_transmit());
        });
        assert!((least..=most).contains(&usage.kept), "{usage:?}");
        let ((), usage) = Meter::measure(|| {
            connection.release_compressor();
            connection.send(Message::Text(&message)).unwrap();
            drop(connection.poll_transmit());
            connection.release_compressor();
        });
        assert_eq!(usage.kept, 0, "{usage:?}");
    }
}

#[test]
fn a_broadcast_is_compressed_once_and_kept_by_nobody() {
    let message = "news ".repeat(1_000);
    let listeners = 100;
    for config in [DeflateConfig::default(), takeover(12), takeover(15)] {
        let mut compressor = Compressor::new(DeflateLevel::DEFAULT);
        let mut connections: Vec<_> = (0..listeners)
            .map(|_| server(Config::default(), &config))
            .collect();
        let mut share = || {
            let mut shared = compressor.share(Message::Text(&message));
            for connection in &mut connections {
                let frame = connection.send_shared(&mut shared).unwrap().unwrap();
                assert!(frame.len() < message.len() / 10);
            }
        };
        share();
        let ((), usage) = Meter::measure(share);
        assert!(usage.allocations <= 16, "{usage:?}");
        assert_eq!(usage.kept, 0, "{usage:?}");
    }
}
