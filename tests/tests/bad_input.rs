//! What has broken other servers: each row with the tests that hold it here, or the reason why it
//! cannot concern us.
//!
//! The rows come from public advisories and bug reports against WebSocket, Engine.IO and Socket.IO
//! software, and some from no report at all. A test carries the numbers of its rows in its name
//! (`t29_t33_…`) and lives beside the defence; those that need the whole server are here.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "whatever goes wrong here is a failed test"
)]

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use sansocket::Message;
use sansocket::http;
use sansocket::server::Config;
use sansocket::server::EmitOptions;
use sansocket::server::EventData;
use sansocket::server::Input;
use sansocket::server::Protocol;
use sansocket::server::Target;
use sansocket::server::Wire;
use sansocket_tests::Happened;
use sansocket_tests::Net;
use sansocket_tests::Via;

const VIAS: [Via; 3] = [Via::Polling, Via::Bytes, Via::Messages];

const EVERYBODY: Target<'_> = Target::Rooms {
    namespace: "/",
    rooms: &[],
    except: &[],
};

#[test]
fn t18_requests_and_upgrades_meet_one_policy() {
    let origin = |value: &'static str| http::Header {
        name: b"Origin",
        value: value.as_bytes(),
    };
    let host = http::Header {
        name: b"Host",
        value: b"example.com",
    };
    for (value, is_allowed) in [
        ("http://example.com", true),
        ("http://evil-example.com", false),
        ("http://example.com.evil", false),
        ("null", false),
    ] {
        let mut net = Net::default();
        let headers = [host, origin(value)];
        let mut request = http::Request {
            method: "GET",
            target: "/?EIO=4&transport=polling",
            version: http::Version::Http11,
            headers: http::Headers::new(&headers),
        };
        net.server.handle_request(net.now, &request);
        net.settle();
        assert_eq!(net.server.load().sessions == 1, is_allowed, "{value}");
        request.target = "/?EIO=4&transport=websocket";
        let upgraded = net
            .server
            .handle_upgrade(net.now, &request, Wire::Messages, &[]);
        assert_eq!(upgraded.is_ok(), is_allowed, "{value}");
    }
}

#[test]
fn t40a_overlapping_rooms_select_each_socket_once() {
    let mut net = Net::default();
    let clients: Vec<usize> = (0..50)
        .map(|_| {
            let client = net.open(Via::Messages);
            net.say(client, "0");
            net.received(client);
            client
        })
        .collect();
    let names: Vec<String> = (0..1000).map(|number| format!("room {number}")).collect();
    for client in &clients {
        let socket = net.socket(*client, "/");
        for name in &names {
            net.server.join(socket, name).unwrap();
        }
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let rooms = Target::Rooms {
        namespace: "/",
        rooms: &names,
        except: &[],
    };
    let data = EventData::new(r#"["once"]"#);
    let options = EmitOptions::default();
    net.server.emit(net.now, rooms, data, options).unwrap();
    net.settle();
    for client in clients {
        assert_eq!(net.received(client), [r#"2["once"]"#]);
    }
}

#[test]
fn t51_a_host_without_limits_finds_them_here() {
    for protocol in [Protocol::WebSocket, Protocol::EngineIo, Protocol::SocketIo] {
        let config = Config {
            protocol,
            ..Config::default()
        };
        let limit = match protocol {
            Protocol::WebSocket => config.websocket.max_message_bytes,
            Protocol::EngineIo | Protocol::SocketIo => config.engineio.max_payload_bytes,
        };
        let mut net = Net::new(config, 0);
        let client = net.open(Via::Messages);
        let conn = net.conn(client);
        net.happened();
        let text = format!("4{}", "x".repeat(limit));
        net.server
            .handle_input(net.now, conn, Input::Text(&text))
            .unwrap();
        net.settle();
        let happened = net.happened();
        let is_refused = |event: &Happened| matches!(event, Happened::Refused { .. });
        assert!(happened.iter().any(is_refused), "{protocol:?}");
        let got_through = happened.iter().any(|event| {
            matches!(
                event,
                Happened::Text { .. } | Happened::SessionText { .. } | Happened::Event { .. }
            )
        });
        assert!(!got_through, "{protocol:?}");
        assert_eq!(net.server.load().connections, 0, "{protocol:?}");
    }
}

#[test]
fn t54_no_transport_goes_round_the_application() {
    for via in VIAS {
        for upgrades in [false, true] {
            let mut net = Net::default();
            net.accepts = false;
            let client = net.open(via);
            if upgrades && via == Via::Polling {
                net.upgrade(client, Wire::Bytes);
            }
            net.say(client, "0");
            net.say(client, r#"2["let me in"]"#);
            let happened = net.happened();
            let asked = happened
                .iter()
                .filter(|event| matches!(event, Happened::Connect { .. }));
            assert_eq!(asked.count(), 1, "{via:?}");
            let heard = happened
                .iter()
                .any(|event| matches!(event, Happened::Event { .. }));
            assert!(!heard, "{via:?}");
            assert_eq!(net.server.load().sessions, 0, "{via:?}: it broke a rule");
        }
    }
}

#[test]
fn t74_deep_nesting_is_refused_without_recursion() {
    for (depth, is_accepted) in [(100, true), (200, false), (400_000, false)] {
        let mut net = Net::default();
        let client = net.open(Via::Bytes);
        net.say(client, "0");
        net.happened();
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        net.say(client, &format!(r#"2["deep",{nested}]"#));
        let happened = net.happened();
        let heard = happened
            .iter()
            .any(|event| matches!(event, Happened::Event { .. }));
        assert_eq!(heard, is_accepted, "{depth}");
        assert_eq!(net.server.load().sessions == 1, is_accepted, "{depth}");
    }
}

#[test]
fn t76_nothing_is_lost_in_silence() {
    let mut net = Net::default();
    let clients: Vec<usize> = (0..500)
        .map(|number| {
            let client = net.open(VIAS[number % 3]);
            net.say(client, "0");
            net.received(client);
            client
        })
        .collect();
    for number in 0..200 {
        let json = format!(r#"["burst",{number}]"#);
        let data = EventData::new(&json);
        let options = EmitOptions::default();
        net.server.emit(net.now, EVERYBODY, data, options).unwrap();
    }
    net.settle();
    for client in clients {
        assert_eq!(net.received(client).len(), 200);
    }
    // Whoever cannot be told everything is told nothing more, and the application knows.
    let client = net.open(Via::Bytes);
    net.say(client, "0");
    net.congest(client, true);
    net.happened();
    let json = format!(r#"["large","{}"]"#, "x".repeat(100_000));
    let data = EventData::new(&json);
    let socket = Target::Socket(net.socket(client, "/"));
    let options = EmitOptions::default();
    let refused = (0..100).find_map(|_| net.server.emit(net.now, socket, data, options).err());
    net.settle();
    assert!(refused.is_some(), "an emit to nobody is an error");
    assert!(net.happened().iter().any(|event| matches!(
        event,
        Happened::Disconnect {
            reason: "buffer overflow",
            ..
        }
    )));
}

#[test]
fn t84_what_no_packet_is_ends_its_session_and_no_other() {
    for packet in [
        "",
        "2",
        "2{}",
        "7",
        "2 [\"a\"]",
        "2\u{662}[\"a\"]",
        "29007199254740992[\"a\"]",
        "50-[\"a\"]",
        "50x1-[\"a\"]",
        "51e0-[\"a\"]",
        "5 1-[\"a\"]",
        "2[[\"a\"]",
        "2[\"a\"",
        "2[\"a\"]x",
        "abc",
    ] {
        for via in VIAS {
            let mut net = Net::default();
            let [bad, good] = [(); 2].map(|()| {
                let client = net.open(via);
                net.say(client, "0");
                net.received(client);
                client
            });
            net.happened();
            net.say(bad, packet);
            assert!(!net.is_open(bad), "{packet:?}, {via:?}");
            net.run_for(Duration::from_secs(1));
            assert_eq!(net.server.load().sessions, 1, "{packet:?}, {via:?}");
            net.say(good, r#"2["still here"]"#);
            let heard = net
                .happened()
                .iter()
                .filter(|event| matches!(event, Happened::Event { .. }))
                .count();
            assert_eq!(heard, 1, "{packet:?}, {via:?}");
        }
    }
    // A query in a namespace is useful, and accepted.
    let mut net = Net::default();
    net.server.add_namespace("/admin").unwrap();
    let client = net.open(Via::Bytes);
    net.say(client, "0/admin?x=1,");
    assert!(net.received(client)[0].starts_with("0/admin,{"));
}

#[test]
fn messages_after_a_broken_rule_are_not_read() {
    for protocol in [Protocol::EngineIo, Protocol::SocketIo] {
        let config = Config {
            protocol,
            ..Config::default()
        };
        let mut net = Net::new(config, 0);
        let client = net.open(Via::Messages);
        let conn = net.conn(client);
        net.happened();
        for text in ["not a packet", "4hello", "40"] {
            let _over = net.server.handle_input(net.now, conn, Input::Text(text));
        }
        net.settle();
        let session = Message::Text("hello");
        assert!(!net.happened().iter().any(|event| matches!(
            event,
            Happened::SessionText { text, .. } if text.as_bytes() == session.as_bytes()
        )));
    }
}

#[test]
fn every_row_has_a_test_or_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut tests: BTreeMap<String, usize> = BTreeMap::new();
    for folder in [
        "core/src",
        "tests/tests",
        "tests/protocol",
        "tests/interop",
        "bindings-python/tests",
        "bindings-node/test",
    ] {
        count_tests(&root.join(folder), &mut tests);
    }
    let mut numbers = BTreeSet::new();
    for (number, what, reason) in ROWS {
        assert!(numbers.insert(*number), "{number} is there twice");
        let count = tests.get(*number).copied().unwrap_or(0);
        match reason {
            None => assert!(count > 0, "{number} has no test: {what}"),
            Some(_) => assert_eq!(count, 0, "{number} has a test, so it needs no reason"),
        }
    }
    for number in tests.keys() {
        assert!(numbers.contains(number.as_str()), "{number} is no row");
    }
    let expected: BTreeSet<String> = (1..=84).map(|number| format!("t{number:02}")).collect();
    let missing: Vec<&String> = expected
        .iter()
        .filter(|number| !numbers.contains(number.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Counts the functions whose names begin with the numbers of rows.
fn count_tests(folder: &Path, tests: &mut BTreeMap<String, usize>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("node_modules") {
                count_tests(&path, tests);
            }
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        for word in text.split(|letter: char| !letter.is_alphanumeric() && letter != '_') {
            let name = word.strip_prefix("test_").unwrap_or(word);
            if !name.contains('_') {
                continue;
            }
            for part in name.split('_').take_while(|part| is_number(part)) {
                *tests.entry(part.to_owned()).or_default() += 1;
            }
        }
    }
}

/// `t01`, and also `t40a`.
fn is_number(part: &str) -> bool {
    let digits = part.strip_prefix('t').unwrap_or_default();
    let digits = digits.strip_suffix('a').unwrap_or(digits);
    digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A row: its number, the bad input, and why it cannot concern us, when it cannot.
type Row = (&'static str, &'static str, Option<&'static str>);

const NO_CLIENT: Option<&str> =
    Some("not applicable, because nothing here connects to servers or follows redirects");
const NO_TOKENS: Option<&str> =
    Some("not applicable, because the core reads no tokens and does no I/O for one");
const NO_CLUSTER: Option<&str> =
    Some("not applicable, because nothing is read from other nodes of a cluster yet");

const ROWS: &[Row] = &[
    // The HTTP handshake and the upgrade.
    ("t01", "a huge header in thousands of pieces", None),
    (
        "t02",
        "so many headers that the host drops the one that matters",
        None,
    ),
    ("t03", "a protocol list with thousands of blanks", None),
    (
        "t04",
        "extensions named like properties of a prototype",
        None,
    ),
    ("t05", "an unclosed quote with many escapes", None),
    ("t06", "an upgrade where none is expected", None),
    (
        "t07",
        "a transport that ends in the middle of anything",
        None,
    ),
    ("t08", "garbage right behind the handshake", None),
    ("t09", "a query that names a property of a prototype", None),
    ("t10", "a header that is not text", None),
    (
        "t11",
        "header names and values of the application that break the head",
        None,
    ),
    ("t12", "control characters in the values of headers", None),
    ("t13", "a line end in what is echoed into a head", None),
    ("t14", "a line end in a value that came over HTTP/2", None),
    ("t15", "a malformed Host", None),
    (
        "t16",
        "tokens that only contain the right one, repeated singletons, strange digits",
        None,
    ),
    ("t17", "a secret that is guessed byte by byte", None),
    (
        "t18",
        "an upgrade that meets other rules than a request",
        None,
    ),
    ("t19", "escape sequences in what is logged", None),
    // WebSocket frames.
    ("t20", "lengths whose sum overflows", None),
    ("t21", "a length with its highest bit set", None),
    ("t22", "a length beyond 2^53", None),
    ("t23", "a declared length, and nothing after it", None),
    ("t24", "a message of a gigabyte", None),
    ("t25", "very large frames", None),
    (
        "t26",
        "a limit that is off unless somebody turns it on",
        None,
    ),
    ("t27", "continuation frames without end", None),
    ("t28", "many small fragments, counted again each time", None),
    (
        "t29",
        "fragments of one byte, each in an object of its own",
        None,
    ),
    ("t30", "empty fragments that do not count", None),
    (
        "t31",
        "limits that one of two interfaces does not know",
        None,
    ),
    ("t32", "a large frame that stays incomplete", None),
    ("t33", "a legal frame in tiny pieces", None),
    ("t34", "frames of clients without a mask", None),
    ("t35", "reserved bits on control frames", None),
    ("t36", "a compressed frame that nobody agreed on", None),
    (
        "t37",
        "arguments of the wrong type from the application",
        None,
    ),
    ("t38", "a mask shorter than four bytes", None),
    ("t39", "a peer that never reads", None),
    ("t40a", "many overlapping topics", None),
    // Compression.
    ("t40", "a message that inflates beyond all limits", None),
    ("t41", "the same, held back by a ratio only", None),
    ("t42", "the same, from a server to a client", None),
    (
        "t43",
        "an inflater that overshoots its limit by a block",
        None,
    ),
    ("t44", "window sizes that are no such", None),
    ("t45", "a stream that makes the inflater recurse", None),
    (
        "t46",
        "offers with odd, repeated or unknown parameters",
        None,
    ),
    // Engine.IO.
    ("t47", "a body of millions of packets", None),
    ("t48", "a body of nothing but separators", None),
    (
        "t49",
        "a burst that is legitimate and larger than expected",
        None,
    ),
    ("t50", "a flood of pongs, and clients that never join", None),
    (
        "t51",
        "messages of any size from a host without limits",
        None,
    ),
    (
        "t52",
        "a body that is read before its session is looked up",
        None,
    ),
    ("t53", "a binary body whose request is never answered", None),
    (
        "t54",
        "a transport that goes round what the application decides",
        None,
    ),
    ("t55", "anything wrong in the middle of an upgrade", None),
    (
        "t56",
        "second polls, second upgrades, polls after an upgrade",
        None,
    ),
    ("t57", "a page of another site", None),
    ("t58", "any origin, unless told otherwise", None),
    ("t59", "session ids that can be guessed", None),
    (
        "t60",
        "payloads of the protocol's third version, and near misses of the fourth",
        None,
    ),
    // Socket.IO.
    ("t61", "long namespaces and ids", None),
    ("t62", "a placeholder that names a method", None),
    ("t63", "an event name that is no string", None),
    ("t64", "an event name that is a container", None),
    ("t65", "events named like those of the library", None),
    ("t66", "attachments without end", None),
    (
        "t67",
        "binary packets before CONNECT, and half of one",
        None,
    ),
    (
        "t68",
        "a serialisation of the language, on the wire",
        NO_CLUSTER,
    ),
    (
        "t69",
        "a volatile event taken for an offset",
        Some("not applicable, because no state of a connection is recovered yet"),
    ),
    // Clusters, tokens, serialisation.
    (
        "t70",
        "a token whose claims choose an address to ask",
        NO_TOKENS,
    ),
    ("t71", "a token of another tenant", NO_TOKENS),
    (
        "t72",
        "state of one request that another sees",
        Some(
            "not applicable, because there is no state outside a server, and no request in two calls",
        ),
    ),
    (
        "t73",
        "six bytes that declare four gigabytes of elements",
        NO_CLUSTER,
    ),
    ("t74", "deep nesting", None),
    (
        "t75",
        "a thread for every message",
        Some("not applicable, because the core has no threads"),
    ),
    ("t76", "bursts that lose messages in silence", None),
    // Clients and HTTP/2.
    ("t77", "redirects that carry secrets elsewhere", NO_CLIENT),
    (
        "t78",
        "floods of frames of HTTP/2",
        Some("not applicable, because HTTP/2 is spoken by the host"),
    ),
    // No report, and bad all the same.
    ("t79", "many placeholders for one attachment", None),
    ("t80", "a placeholder whose number is none", None),
    ("t81", "ten thousand million declared attachments", None),
    ("t82", "numbers that are not finite", None),
    ("t83", "a body in pieces of one byte", None),
    ("t84", "packets that parsers disagree on", None),
];
