//! The scanner agrees with another parser, and what it takes apart goes together again.

use sansocket::json;

/// A text.
pub fn target(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let checked = json::check(&text);
    if let Err(error) = checked {
        assert!(error.at <= text.len());
    }
    let parsed = serde_json::from_str::<serde_json::Value>(&text);
    // The other parser refuses half a surrogate pair, which the grammar allows.
    if !text.contains("\\u") {
        assert_eq!(checked.is_ok(), parsed.is_ok(), "{checked:?} {parsed:?}");
    } else if parsed.is_ok() {
        assert!(checked.is_ok(), "{checked:?}");
    }
    let elements: Vec<&str> = json::elements(&text).collect();
    if checked == Ok(json::Kind::Array) {
        let kinds: Result<Vec<_>, _> = elements
            .iter()
            .map(|element| json::check(element))
            .collect();
        assert!(kinds.is_ok(), "{elements:?}");
        if let Ok(serde_json::Value::Array(array)) = parsed {
            assert_eq!(array.len(), elements.len());
        }
    }
    let mut written = String::new();
    json::write_string(&mut written, &text);
    assert_eq!(json::check(&written), Ok(json::Kind::String));
    let inside = &written[1..written.len() - 1];
    assert_eq!(json::unescape(inside), text);
    let _any_text_is_unescaped = json::unescape(&text);
}
