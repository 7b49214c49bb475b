//! The fuzz targets over their committed seeds and over mutations of these, and the promise that there
//! is a target for every way in.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "whatever goes wrong here is a failed test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;
use std::path::PathBuf;

use sansocket_tests::Seeded;
use sansocket_tests::fuzz::TARGETS;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The seeds of a target, by name.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = root().join("fuzz/seeds").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut seeds: Vec<(String, Vec<u8>)> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(&path).unwrap())
        })
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    seeds
}

#[test]
fn every_seed_passes() {
    for (name, target) in TARGETS {
        for (seed, data) in seeds(name) {
            assert!(catch_unwind(|| target(&data)).is_ok(), "{name}/{seed}");
        }
    }
}

#[test]
fn mutated_seeds_pass() {
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        let mut random = Seeded::new(2026);
        for round in 0..ROUNDS {
            let (seed, data) = &seeds[random.below(seeds.len())];
            let data = mutate(data, &mut random);
            let passes = catch_unwind(|| target(&data)).is_ok();
            assert!(
                passes,
                "{name}/{seed}, round {round}: {}",
                data.escape_ascii()
            );
        }
    }
}

/// A few bytes changed, added, removed, or copied from one place to another.
fn mutate(data: &[u8], random: &mut Seeded) -> Vec<u8> {
    let mut data = data.to_vec();
    for _ in 0..=random.below(8) {
        let at = random.below(data.len() + 1);
        match random.below(5) {
            0 => data.truncate(at),
            1 => data.insert(at, random.number() as u8),
            2 if at < data.len() => drop(data.remove(at)),
            3 if at < data.len() => data[at] = random.number() as u8,
            _ => {
                let end = at + random.below(data.len() - at + 1);
                let copy = data[at..end].to_vec();
                let to = random.below(data.len() + 1);
                data.splice(to..to, copy);
            }
        }
    }
    data
}

const ROUNDS: usize = 1000;

#[test]
fn targets_wrappers_and_seeds_are_the_same() {
    let names = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect()
    };
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("fuzz/fuzz_targets"), targets);
    assert_eq!(names("fuzz/seeds"), targets);
    let mut modules = names("tests/src/fuzz");
    modules.retain(|module| module != "mod" && module != "choices");
    assert_eq!(modules, targets);
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    for target in &targets {
        let wrapper = root().join(format!("fuzz/fuzz_targets/{target}.rs"));
        let wrapper = fs::read_to_string(wrapper).unwrap();
        assert!(
            wrapper.contains(&format!("fuzz::{target}::target")),
            "{target}"
        );
        assert!(
            manifest.contains(&format!("name = \"{target}\"")),
            "{target}"
        );
    }
}

/// Whoever adds a way in for bytes of others adds a target, or names it here with the one it has.
#[test]
fn every_way_in_has_a_target() {
    let mut entries = BTreeSet::new();
    for file in sources(&root().join("core/src")) {
        let text = fs::read_to_string(&file).unwrap();
        let file = file.strip_prefix(root().join("core/src")).unwrap();
        let file = file.to_string_lossy().replace('\\', "/");
        for line in text.lines() {
            let line = line.trim_start().replace("const fn", "fn");
            let Some(name) = line.strip_prefix("pub fn ") else {
                continue;
            };
            let name = name.split(['(', '<']).next().unwrap();
            if PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
                entries.insert(format!("{file} {name}"));
            }
        }
    }
    let listed: BTreeSet<String> = WAYS_IN
        .iter()
        .flat_map(|(file, names, _)| names.iter().map(move |name| format!("{file} {name}")))
        .collect();
    assert_eq!(entries, listed);
    for (file, names, target) in WAYS_IN {
        let module = root().join(format!("tests/src/fuzz/{target}.rs"));
        let folder = root().join(format!("tests/src/fuzz/{target}"));
        let mut text = fs::read_to_string(module).unwrap_or_default();
        if folder.is_dir() {
            for file in sources(&folder) {
                text.push_str(&fs::read_to_string(file).unwrap());
            }
        }
        for name in *names {
            let is_called = text.contains(&format!("{name}("));
            assert!(is_called, "{target} does not call {name} of {file}");
        }
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// What functions are called that take what others have sent.
const PREFIXES: [&str; 8] = [
    "parse", "decode", "handle_", "read_", "check", "feed", "accept", "unescape",
];

/// Where in the core bytes of others come in: the file, its functions, and their target.
const WAYS_IN: &[(&str, &[&str], &str)] = &[
    ("engineio/packet.rs", &["decode"], "engineio_packet"),
    (
        "engineio/session.rs",
        &[
            "handle_abort",
            "handle_bad_input",
            "handle_congested",
            "handle_connection_closed",
            "handle_oversized_post",
            "handle_packet",
            "handle_poll",
            "handle_post",
            "handle_post_end",
            "handle_timeout",
        ],
        "engineio_session",
    ),
    (
        "engineio/session/upgrade.rs",
        &["handle_upgrade"],
        "engineio_session",
    ),
    ("http/connection.rs", &["handle_input"], "http_connection"),
    (
        "http/parse.rs",
        &["read_request", "read_response"],
        "http_head",
    ),
    ("json.rs", &["check"], "json"),
    ("json/escape.rs", &["unescape"], "json"),
    ("server/conn.rs", &["handle_input"], "server"),
    ("server/mod.rs", &["handle_timeout"], "server"),
    (
        "server/route.rs",
        &[
            "handle_abort",
            "handle_body",
            "handle_request",
            "handle_upgrade",
        ],
        "server",
    ),
    ("server/socket.rs", &["accept"], "server"),
    ("socketio/acks.rs", &["handle_timeout"], "socketio_acks"),
    (
        "socketio/decode.rs",
        &["decode", "handle_binary", "handle_text"],
        "socketio_decode",
    ),
    ("utf8.rs", &["feed"], "utf8"),
    ("websocket/close.rs", &["parse"], "websocket_frames"),
    (
        "websocket/connection.rs",
        &["handle_eof", "handle_input"],
        "websocket_frames",
    ),
    (
        "websocket/connection.rs",
        &["handle_timeout"],
        "websocket_pair",
    ),
    ("websocket/frame.rs", &["parse"], "websocket_frames"),
    (
        "websocket/handshake.rs",
        &["accept", "check"],
        "websocket_handshake",
    ),
];
