//! The incremental validator says what the standard library says, wherever the text is cut.

use sansocket::utf8::Validator;

/// Any bytes.
pub fn target(data: &[u8]) {
    let mut validator = Validator::new();
    let fed = super::pieces(data).try_for_each(|piece| validator.feed(piece));
    let valid = fed.is_ok() && validator.finish().is_ok();
    assert_eq!(valid, std::str::from_utf8(data).is_ok());
}
