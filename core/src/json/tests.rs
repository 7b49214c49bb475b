use super::*;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use proptest::prelude::*;

const GOOD: &[(&str, Kind)] = &[
    ("0", Kind::Number),
    ("-0", Kind::Number),
    ("-12.50e+3", Kind::Number),
    ("1E-400", Kind::Number),
    ("1e308", Kind::Number),
    ("0e999", Kind::Number),
    ("0.0000001e310", Kind::Number),
    ("true", Kind::Literal),
    ("false", Kind::Literal),
    (" null\r\n\t", Kind::Literal),
    ("\"\"", Kind::String),
    (
        "\"a\\\"b\\\\c\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"",
        Kind::String,
    ),
    ("\"\\ud800\"", Kind::String),
    (
        "\"long enough for whole words, é and 😀 \u{7f} inside\"",
        Kind::String,
    ),
    ("[]", Kind::Array),
    ("[ ]", Kind::Array),
    ("[[],{},[{}]]", Kind::Array),
    ("{}", Kind::Object),
    (
        "{ \"a\" : [ 1 , { \"b\" : null } ] , \"\" : \"\" }",
        Kind::Object,
    ),
    ("{\"a\":1,\"a\":2}", Kind::Object),
];

const BAD: &[(&str, usize, Problem)] = &[
    ("", 0, Problem::End),
    (" ", 1, Problem::End),
    ("nul", 0, Problem::Unexpected),
    ("nulll", 4, Problem::Unexpected),
    ("True", 0, Problem::Unexpected),
    ("NaN", 0, Problem::Unexpected),
    ("Infinity", 0, Problem::Unexpected),
    ("-Infinity", 1, Problem::Unexpected),
    ("-", 1, Problem::End),
    ("+1", 0, Problem::Unexpected),
    ("01", 1, Problem::Unexpected),
    ("1.", 2, Problem::End),
    (".5", 0, Problem::Unexpected),
    ("1e", 2, Problem::End),
    ("1e+x", 3, Problem::Unexpected),
    ("0x10", 1, Problem::Unexpected),
    ("1_000", 1, Problem::Unexpected),
    ("1 2", 2, Problem::Unexpected),
    ("\"", 1, Problem::End),
    ("\"a\\", 2, Problem::Unexpected),
    ("\"\\x\"", 1, Problem::Unexpected),
    ("\"\\u12g4\"", 1, Problem::Unexpected),
    ("\"\\u+123\"", 1, Problem::Unexpected),
    ("\"a\nb\"", 2, Problem::Unexpected),
    (
        "\"quite a long one with a \u{1} in it\"",
        25,
        Problem::Unexpected,
    ),
    ("'a'", 0, Problem::Unexpected),
    ("[", 1, Problem::End),
    ("[1", 2, Problem::End),
    ("[1,", 3, Problem::End),
    ("[1,]", 3, Problem::Unexpected),
    ("[,1]", 1, Problem::Unexpected),
    ("[1 2]", 3, Problem::Unexpected),
    ("[1}", 2, Problem::Unexpected),
    ("]", 0, Problem::Unexpected),
    ("[]]", 2, Problem::Unexpected),
    ("[],", 2, Problem::Unexpected),
    ("{", 1, Problem::End),
    ("{\"a\"}", 4, Problem::Unexpected),
    ("{\"a\":}", 5, Problem::Unexpected),
    ("{\"a\":1,}", 7, Problem::Unexpected),
    ("{\"a\":1]", 6, Problem::Unexpected),
    ("{a:1}", 1, Problem::Unexpected),
    ("{1:1}", 1, Problem::Unexpected),
    ("{,}", 1, Problem::Unexpected),
    ("[1]// comment", 3, Problem::Unexpected),
    ("\u{feff}[]", 0, Problem::Unexpected),
    ("\u{a0}[]", 0, Problem::Unexpected),
];

#[test]
fn what_the_grammar_allows_is_accepted_and_named() {
    for (text, kind) in GOOD {
        assert_eq!(check(text), Ok(*kind), "{text}");
    }
}

#[test]
fn what_the_grammar_forbids_is_refused_where_it_goes_wrong() {
    for (text, at, problem) in BAD {
        let expected = Error {
            at: *at,
            problem: *problem,
        };
        assert_eq!(check(text), Err(expected), "{text}");
    }
}

#[test]
fn a_truncated_container_or_string_is_refused_at_every_cut() {
    for (text, kind) in GOOD {
        if matches!(kind, Kind::Number | Kind::Literal) {
            continue;
        }
        for (cut, _) in text.char_indices() {
            assert!(check(&text[..cut]).is_err(), "{text} cut at {cut}");
        }
    }
}

#[test]
fn containers_nest_to_the_limit_and_no_deeper() {
    let depth = MAX_DEPTH as usize;
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(check(&nested(depth)), Ok(Kind::Array));
    assert_eq!(
        check(&nested(depth + 1)),
        Err(Error {
            at: depth,
            problem: Problem::TooDeep
        })
    );
    let objects = format!("{}1{}", "{\"a\":[".repeat(64), "]}".repeat(64));
    assert_eq!(check(&objects), Ok(Kind::Object));
    assert_eq!(
        check(&"[".repeat(1_000_000)).unwrap_err().problem,
        Problem::TooDeep
    );
}

#[test]
fn t82_numbers_that_are_not_finite_are_refused() {
    let digits = "9".repeat(309);
    let tiny_then_huge = format!("0.{}1e400", "0".repeat(50));
    for text in [
        "1e309",
        "-1e309",
        "1e999",
        "2e308",
        "1E+400",
        "1e99999999999999999999",
        &digits,
        &tiny_then_huge,
    ] {
        assert_eq!(
            check(text).unwrap_err(),
            Error {
                at: 0,
                problem: Problem::NotFinite
            },
            "{text}"
        );
    }
    for text in [
        "1.7976931348623157e308",
        "1e-999",
        &digits[1..],
        "0e99999999999999999999",
    ] {
        assert_eq!(check(text), Ok(Kind::Number), "{text}");
    }
}

#[test]
fn an_array_gives_its_first_element() {
    let string = |inside, is_escaped| First::String { inside, is_escaped };
    for (text, expected) in [
        ("[]", First::Other),
        ("[ ]", First::Other),
        ("[ \"a\" ,1]", string("a", false)),
        ("[\"\\n\"]", string("\\n", true)),
        ("[-1.5]", First::Number("-1.5")),
        ("[null]", First::Other),
        ("[[1],2]", First::Other),
        ("[{\"a\":1}]", First::Other),
    ] {
        assert_eq!(check_array(text, ()), Ok(expected), "{text}");
        assert_eq!(first(text), Some(expected), "{text}");
    }
    for text in [
        "", " [1]", "{}", "\"a\"", "[1]2", "[1", "[,]", "[\"a]", "[x]",
    ] {
        assert!(check_array(text, ()).is_err(), "{text}");
    }
    assert_eq!(first("[\"a]"), None);
    assert_eq!(first("{}"), None);
    assert_eq!(string("\\u0061", true).name().as_deref(), Some("a"));
    assert_eq!(First::Other.name(), None);
}

#[test]
fn a_special_byte_is_found_at_every_place_beside_every_neighbour() {
    for neighbour in (0x20..=0xff_u8).filter(|byte| !matches!(byte, b'"' | b'\\')) {
        for special in (0..0x20).chain([b'"', b'\\']) {
            for place in 0..24 {
                let mut bytes = [neighbour; 24];
                assert_eq!(skip_plain_characters(&bytes, 0), 24);
                bytes[place] = special;
                assert_eq!(
                    skip_plain_characters(&bytes, 0),
                    place,
                    "{special} in {neighbour}"
                );
            }
        }
    }
}

#[derive(Default)]
struct Recorder(Vec<String>);

impl<'a> Visit<'a> for &mut Recorder {
    fn open(&mut self, container: Kind) {
        self.0.push(format!("open {container:?}"));
    }
    fn key(&mut self, inside: &'a str) {
        self.0.push(format!("key {inside}"));
    }
    fn scalar(&mut self, raw: &'a str) {
        self.0.push(format!("scalar {raw}"));
    }
    fn close(&mut self, container: Kind) {
        self.0.push(format!("close {container:?}"));
    }
}

#[test]
fn a_visitor_sees_everything_in_order() {
    let mut recorder = Recorder::default();
    check_array("[\"e\",{\"a\":[1],\"b\":true}]", &mut recorder).unwrap();
    assert_eq!(
        recorder.0,
        [
            "open Array",
            "open Object",
            "key a",
            "open Array",
            "scalar 1",
            "close Array",
            "key b",
            "scalar true",
            "close Object",
            "close Array"
        ]
    );
}

proptest! {
    #[test]
    fn no_text_makes_the_scanner_panic(text in "[\\[\\]{}\",:\\\\u0-9eE.+tfnrul -]{0,40}") {
        if let Err(error) = check(&text) {
            prop_assert!(error.at <= text.len());
        }
        prop_assert!(unescape(&text).len() <= text.len() * 3);
    }
}
