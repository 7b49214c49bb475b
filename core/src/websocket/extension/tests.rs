//! The negotiation as a table: offers with the response to each, and responses with a client's verdict.

use super::*;
use crate::http::Header;
use alloc::vec::Vec;

const FRUGAL: DeflateConfig = DeflateConfig {
    server_no_context_takeover: true,
    client_no_context_takeover: true,
    server_max_window_bits: WindowBits::MAX,
    client_max_window_bits: WindowBits::MAX,
    threshold: 0,
    level: crate::websocket::DeflateLevel::DEFAULT,
    max_ratio: 100,
};

/// Whatever the client asks for.
const OPEN: DeflateConfig = DeflateConfig {
    server_no_context_takeover: false,
    client_no_context_takeover: false,
    ..FRUGAL
};

fn bits(bits: u8) -> WindowBits {
    WindowBits::new(bits).unwrap()
}

fn lines<'a>(values: &[&'a str]) -> Vec<Header<'a>> {
    let line = |value: &&'a str| Header {
        name: b"sec-websocket-extensions",
        value: value.as_bytes(),
    };
    values.iter().map(line).collect()
}

/// What a server with this configuration answers.
fn response(values: &[&str], config: &DeflateConfig) -> Option<String> {
    let lines = lines(values);
    PermessageDeflate::accept(&Headers::new(&lines), config).map(|(_, response)| response)
}

/// What a client with this offer makes of an answer.
fn check(
    values: &[&str],
    config: Option<&DeflateConfig>,
) -> Result<Option<PermessageDeflate>, HandshakeError> {
    let lines = lines(values);
    PermessageDeflate::check(&Headers::new(&lines), config)
}

#[test]
fn t46_every_offer_has_its_answer() {
    let small = DeflateConfig {
        server_max_window_bits: bits(11),
        client_max_window_bits: bits(12),
        ..OPEN
    };
    for (offer, open, with_small_windows) in [
        ("", "", "; server_max_window_bits=11"),
        (
            "; server_no_context_takeover",
            "; server_no_context_takeover",
            "; server_no_context_takeover; server_max_window_bits=11",
        ),
        (
            " ;client_no_context_takeover ",
            "; client_no_context_takeover",
            "; client_no_context_takeover; server_max_window_bits=11",
        ),
        (
            "; server_max_window_bits=15",
            "; server_max_window_bits=15",
            "; server_max_window_bits=11",
        ),
        (
            "; server_max_window_bits=8",
            "; server_max_window_bits=8",
            "; server_max_window_bits=8",
        ),
        (
            "; client_max_window_bits",
            "",
            "; server_max_window_bits=11; client_max_window_bits=12",
        ),
        (
            "; client_max_window_bits = 10",
            "; client_max_window_bits=10",
            "; server_max_window_bits=11; client_max_window_bits=10",
        ),
        (
            "; client_max_window_bits=15; server_max_window_bits=9; server_no_context_takeover",
            "; server_no_context_takeover; server_max_window_bits=9",
            "; server_no_context_takeover; server_max_window_bits=9; client_max_window_bits=12",
        ),
        (
            r#"; server_max_window_bits="10""#,
            "; server_max_window_bits=10",
            "; server_max_window_bits=10",
        ),
        (
            r#"; server_max_window_bits="\1\0""#,
            "; server_max_window_bits=10",
            "; server_max_window_bits=10",
        ),
        (
            r#"; server_max_window_bits="\9""#,
            "; server_max_window_bits=9",
            "; server_max_window_bits=9",
        ),
    ] {
        let offer = ["permessage-deflate", offer].concat();
        for (config, parameters) in [(OPEN, open), (small, with_small_windows)] {
            let expected = ["permessage-deflate", parameters].concat();
            assert_eq!(response(&[&offer], &config), Some(expected), "{offer}");
        }
    }
}

#[test]
fn t46_a_frugal_server_says_so() {
    assert_eq!(
        response(&["permessage-deflate"], &FRUGAL).unwrap(),
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    );
}

/// Parameters that are good for nobody.
const BAD: [&str; 25] = [
    ";",
    "; ",
    ";; server_no_context_takeover",
    "; unknown",
    "; unknown=1",
    "; hasOwnProperty",
    "; Server_No_Context_Takeover",
    "; client_no_context_takeover=1",
    "; server_no_context_takeover=true",
    "; server_no_context_takeover=",
    "; server_no_context_takeover; server_no_context_takeover",
    "; client_max_window_bits=10; client_max_window_bits=10",
    "; server_max_window_bits=10; server_max_window_bits=11",
    "; server_max_window_bits",
    "; server_max_window_bits=",
    "; server_max_window_bits=\"\"",
    "; server_max_window_bits=7",
    "; server_max_window_bits=16",
    "; server_max_window_bits=010",
    "; server_max_window_bits=+9",
    "; server_max_window_bits=abc",
    "; server_max_window_bits=١٠",
    "; server_max_window_bits=\"10",
    "; client_max_window_bits=99999999999999999999",
    "; client_max_window_bits=10.0",
];

#[test]
fn t04_t46_a_bad_offer_is_declined_and_the_next_one_looked_at() {
    for bad in BAD {
        let bad = ["permessage-deflate", bad].concat();
        assert_eq!(response(&[&bad], &OPEN), None, "{bad}");
        let good = "permessage-deflate; server_max_window_bits=9";
        assert_eq!(response(&[&bad, good], &OPEN).as_deref(), Some(good));
        if !bad.ends_with("\"10") {
            let list = [&bad, ", x-other;a=\"b,c\", ", good, ", permessage-deflate"].concat();
            assert_eq!(response(&[&list], &OPEN).as_deref(), Some(good), "{list}");
        }
    }
    for other in [
        "",
        ",,",
        "x-webkit-deflate-frame",
        "permessage-deflat",
        "permessage-deflate-",
        "Permessage-Deflate",
        "constructor",
        "permessage-deflate=1",
        "\"permessage-deflate\"",
        "x; a=\"permessage-deflate",
        "x; a=\"\\\", permessage-deflate",
    ] {
        assert_eq!(response(&[other], &OPEN), None, "{other}");
    }
    let quoted = "x; a=\"\\\\\", permessage-deflate";
    assert!(response(&[quoted], &OPEN).is_some());
}

#[test]
fn t04_t05_t46_a_thousand_offers_take_one_pass() {
    let bad = "permessage-deflate; server_max_window_bits=7, ".repeat(1_000);
    let list = [&bad, "permessage-deflate"].concat();
    assert_eq!(
        response(&[&list], &OPEN).as_deref(),
        Some("permessage-deflate")
    );
    assert_eq!(response(&[&bad], &OPEN), None);
    let unclosed = ["a; b=\"", &r"\c".repeat(100_000)].concat();
    assert_eq!(response(&[&unclosed], &OPEN), None);
    let parameters = ["permessage-deflate", &"; x=\"\\\"".repeat(10_000)].concat();
    assert_eq!(response(&[&parameters], &OPEN), None);
}

#[test]
fn what_was_agreed_is_what_each_direction_uses() {
    let lines = lines(&["permessage-deflate; server_max_window_bits=10; client_max_window_bits"]);
    let config = DeflateConfig {
        client_max_window_bits: bits(9),
        server_no_context_takeover: true,
        ..OPEN
    };
    let (agreed, _) = PermessageDeflate::accept(&Headers::new(&lines), &config).unwrap();
    let window = |bits, context_takeover| DeflateWindow {
        bits,
        context_takeover,
    };
    assert_eq!(agreed.window(Role::Server), window(bits(10), false));
    assert_eq!(agreed.window(Role::Client), window(bits(9), true));
    assert_eq!(agreed.config(), &config);
}

#[test]
fn a_client_offers_what_it_is_told_to() {
    assert_eq!(
        PermessageDeflate::offer(&OPEN),
        "permessage-deflate; client_max_window_bits"
    );
    let config = DeflateConfig {
        server_max_window_bits: bits(12),
        client_max_window_bits: bits(9),
        ..FRUGAL
    };
    assert_eq!(
        PermessageDeflate::offer(&config),
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
         server_max_window_bits=12; client_max_window_bits=9"
    );
}

#[test]
fn t44_a_bad_response_fails_the_handshake() {
    let failed = Err(HandshakeError::Extension);
    for bad in BAD.iter().chain(&["; client_max_window_bits"]) {
        let response = ["permessage-deflate", bad].concat();
        assert_eq!(check(&[&response], Some(&OPEN)), failed, "{response}");
    }
    for response in [
        "x-other",
        "permessage-deflate, permessage-deflate",
        "permessage-deflate, x-other",
    ] {
        assert_eq!(check(&[response], Some(&OPEN)), failed, "{response}");
    }
    assert_eq!(check(&["permessage-deflate", "x"], Some(&OPEN)), failed);
    assert_eq!(check(&["permessage-deflate"], None), failed);
    assert_eq!(check(&[], Some(&OPEN)), Ok(None));
    assert_eq!(check(&[""], None), Ok(None));
}

#[test]
fn t44_a_response_must_fit_the_offer() {
    let asking = DeflateConfig {
        server_no_context_takeover: true,
        server_max_window_bits: bits(12),
        client_max_window_bits: bits(11),
        ..OPEN
    };
    for (parameters, fits) in [
        (
            "; server_no_context_takeover; server_max_window_bits=12",
            true,
        ),
        (
            "; server_no_context_takeover; server_max_window_bits=8",
            true,
        ),
        (
            "; server_no_context_takeover; server_max_window_bits=13",
            false,
        ),
        ("; server_no_context_takeover", false),
        ("; server_max_window_bits=12", false),
        (
            "; server_no_context_takeover; server_max_window_bits=12; client_max_window_bits=11",
            true,
        ),
        (
            "; server_no_context_takeover; server_max_window_bits=12; client_max_window_bits=12",
            false,
        ),
        (
            "; server_no_context_takeover; server_max_window_bits=12; client_no_context_takeover",
            true,
        ),
    ] {
        let response = ["permessage-deflate", parameters].concat();
        assert_eq!(
            check(&[&response], Some(&asking)).is_ok(),
            fits,
            "{response}"
        );
    }
    // What nobody asked for may be in it too.
    let response = "permessage-deflate; server_max_window_bits=9; client_max_window_bits=10; client_no_context_takeover";
    let agreed = check(&[response], Some(&OPEN)).unwrap().unwrap();
    assert_eq!(agreed.window(Role::Server).bits, bits(9));
    assert_eq!(agreed.window(Role::Client).bits, bits(10));
    assert!(agreed.window(Role::Server).context_takeover);
    assert!(!agreed.window(Role::Client).context_takeover);
}

#[test]
fn a_client_keeps_to_its_own_limits() {
    let config = DeflateConfig {
        client_max_window_bits: bits(9),
        client_no_context_takeover: true,
        ..OPEN
    };
    let agreed = check(&["permessage-deflate"], Some(&config))
        .unwrap()
        .unwrap();
    assert_eq!(agreed.window(Role::Client).bits, bits(9));
    assert!(!agreed.window(Role::Client).context_takeover);
    assert_eq!(agreed.window(Role::Server).bits, WindowBits::MAX);
}
