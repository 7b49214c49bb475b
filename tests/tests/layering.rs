//! The arrows of the design, and what the core must not touch, read off its sources.
//!
//! `cluster, client, server → websocket, engineio, socketio → http, json, … → time, entropy, error`: imports run strictly
//! downwards, the three protocols never see each other, and no two modules depend on each other in a circle.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

/// The layers from the ground up. Only the lower two hold modules that may use their neighbours.
const LAYERS: &[&[&str]] = &[
    &["entropy", "error", "time"],
    &["http", "id", "json", "keyed", "message", "slab", "utf8"],
    &["engineio", "socketio", "websocket"],
    &["client", "cluster", "server"],
];
const LAYERS_WITH_NEIGHBOURS: usize = 2;

/// What a machine without I/O, clock, threads or globals has no use for.
const FORBIDDEN: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::os",
    "std::process",
    "std::sync",
    "std::thread",
    "std::time",
    "static mut",
    "thread_local!",
    "unsafe ",
    "println!",
    "eprintln!",
];

#[test]
fn imports_run_strictly_downwards() {
    let mut wrong = Vec::new();
    for ((from, to), place) in imports() {
        let (above, below) = (layer(&from), layer(&to));
        let neighbours = above == below && above < LAYERS_WITH_NEIGHBOURS;
        if below >= above && !neighbours {
            wrong.push(format!("{place}: {from} uses {to}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_two_modules_depend_on_each_other() {
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for ((from, to), _) in imports() {
        uses.entry(from).or_default().insert(to);
    }
    // Modules that use nothing that is left fall away; what cannot fall away is a circle.
    while let Some(leaf) = uses
        .keys()
        .find(|name| uses[*name].iter().all(|used| !uses.contains_key(used)))
        .cloned()
    {
        uses.remove(&leaf);
    }
    assert_eq!(uses, BTreeMap::new());
}

#[test]
fn the_core_touches_nothing_outside() {
    let mut wrong = Vec::new();
    // Tests may: a small stack, for example, belongs to a thread.
    let is_test = |path: &Path| path.components().any(|part| part.as_os_str() == "tests");
    for (path, text) in sources() {
        if is_test(&path) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            for name in FORBIDDEN.iter().filter(|name| line.contains(**name)) {
                wrong.push(format!("{}:{}: {name}", path.display(), number + 1));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_walk_sees_the_core() {
    let imports = imports();
    let seen = |from: &str, to: &str| imports.contains_key(&(from.to_owned(), to.to_owned()));
    assert!(seen("server", "websocket") && seen("server", "engineio") && seen("socketio", "json"));
    // `crate::Instant` is a name of `time` that the root passes on.
    assert!(seen("engineio", "time"));
}

#[test]
fn comments_and_texts_are_not_code() {
    let source = "a // crate::server\n/* unsafe \n */ b \"crate::\\\"x\" r#\"std::fs \" \"# 'x' '\\'' &'a str '\"' c";
    let code = code_of(source);
    assert!(!code.contains("crate") && !code.contains("unsafe") && !code.contains("std"));
    assert!(
        code.contains('a') && code.contains('b') && code.contains("&'a str") && code.ends_with('c')
    );
    assert_eq!(code.lines().count(), source.lines().count());
}

/// Which top-level module uses which other, and a place where it does.
fn imports() -> BTreeMap<(String, String), String> {
    let sources = sources();
    let (_, root) = sources
        .iter()
        .find(|(path, _)| path.as_os_str() == "lib.rs")
        .expect("the core has a root");
    let modules = declared_modules(root);
    let passed_on = passed_on(root);
    let mut imports = BTreeMap::new();
    for (path, text) in &sources {
        let from = top_level(path);
        if from == "lib" {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            for name in names_of_the_root(line, depth(path)) {
                let to = passed_on.get(&name).unwrap_or(&name).clone();
                if to != from && modules.contains(&to) {
                    let place = format!("{}:{}", path.display(), number + 1);
                    imports.entry((from.clone(), to)).or_insert(place);
                }
            }
        }
    }
    imports
}

/// The names that a line takes from the root of the crate: by `crate::`, or by as many `super::` as lead there.
fn names_of_the_root(line: &str, depth: usize) -> Vec<String> {
    let up = "super::".repeat(depth);
    let mut names = Vec::new();
    for prefix in ["crate::", &up] {
        for (at, _) in line.match_indices(prefix) {
            let before = line[..at].chars().next_back();
            if before.is_some_and(|c| c == ':' || c == '$' || is_name(c)) {
                continue;
            }
            let rest = &line[at + prefix.len()..];
            // `crate::{a, b::c}` names several.
            let items = rest
                .strip_prefix('{')
                .map_or(rest, |list| list.split('}').next().unwrap_or(list));
            let items: Vec<&str> = if items.len() == rest.len() {
                vec![rest]
            } else {
                items.split(',').collect()
            };
            for item in items {
                names.push(item.trim().chars().take_while(|c| is_name(*c)).collect());
            }
        }
    }
    names
}

/// `pub mod x;` and `mod x;` of the root.
fn declared_modules(root: &str) -> BTreeSet<String> {
    let module = |line: &str| {
        let (_, rest) = line.split_once("mod ")?;
        Some(rest.strip_suffix(';')?.to_owned())
    };
    root.lines().filter_map(module).collect()
}

/// `pub use module::Name;` of the root: the name, and the module that it comes from.
fn passed_on(root: &str) -> BTreeMap<String, String> {
    let reexport = |line: &str| {
        let (_, path) = line.split_once("use ")?;
        let (module, name) = path.trim_end_matches(';').split_once("::")?;
        Some((name.to_owned(), module.to_owned()))
    };
    root.lines().filter_map(reexport).collect()
}

fn layer(module: &str) -> usize {
    LAYERS
        .iter()
        .position(|layer| layer.contains(&module))
        .unwrap_or_else(|| panic!("the module {module} is in no layer: give it one"))
}

/// `websocket/frame.rs` belongs to `websocket`, `json.rs` to `json`.
fn top_level(path: &Path) -> String {
    let first = path.iter().next().unwrap_or_default();
    first.to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// How many steps up the root of the crate is.
fn depth(path: &Path) -> usize {
    let steps = path.iter().count();
    if path.ends_with("mod.rs") {
        steps - 1
    } else {
        steps
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The sources of the core without comments and texts, by their path below `core/src`.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the core has sources") {
            let path = entry.expect("a folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("sources are text");
                let below = path
                    .strip_prefix(&root)
                    .expect("the walk began at the root");
                found.push((below.to_owned(), code_of(&text)));
            }
        }
    }
    found.sort();
    found
}

/// The source with comments and the insides of texts blanked out, line by line as before.
fn code_of(source: &str) -> String {
    let mut code = String::new();
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = literal(rest) {
            length
        } else {
            code.push(next);
            rest = &rest[next.len_utf8()..];
            continue;
        };
        let (blank, after) = rest.split_at(length);
        code.extend(blank.chars().filter(|c| *c == '\n'));
        rest = after;
    }
    code
}

/// The length of the text or character that the source begins with.
fn literal(source: &str) -> Option<usize> {
    if let Some(raw) = source.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let close = format!("\"{}", "#".repeat(hashes));
        let inside = raw[hashes..].strip_prefix('"')?;
        return Some(1 + hashes + 1 + inside.find(&close)? + close.len());
    }
    let quote = source.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut characters = source.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        if c == '\\' {
            characters.next();
        } else if c == quote {
            return Some(at + 1);
        } else if quote == '\'' && source[1..at].chars().count() >= 1 && !source.starts_with("'\\")
        {
            // Two characters on and no quote: a lifetime.
            return None;
        }
    }
    None
}
