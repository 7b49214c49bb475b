//! Placeholders: where the attachments of a binary packet belong in its payload.

use alloc::vec::Vec;

use crate::json::Characters;
use crate::json::Kind;
use crate::json::Visit;

/// Collects the placeholders that a scan passes by.
///
/// A placeholder is an object of exactly two members, `"_placeholder": true` and `"num"`: an index
/// in plain digits. An object in which `_placeholder` is anything but `true` is ordinary data, as it
/// is for the reference parser.
#[derive(Debug, Default)]
pub(super) struct Placeholders {
    open: Vec<Object>,
    found: Vec<u32>,
    broken: bool,
}

#[derive(Debug, Default)]
struct Object {
    members: u32,
    key: Key,
    is_placeholder: bool,
    num: Option<u32>,
}

#[derive(Debug, Default)]
enum Key {
    Placeholder,
    Num,
    #[default]
    Other,
}

impl Placeholders {
    /// Whether each of `attachments` was named exactly once, and nothing else: an index that is
    /// missing, used twice or out of range is how parsers were made to hand out the wrong value.
    pub(super) fn name_each_once(mut self, attachments: u32) -> bool {
        self.found.sort_unstable();
        !self.broken && self.found.into_iter().eq(0..attachments)
    }
}

impl<'a> Visit<'a> for &mut Placeholders {
    fn open(&mut self, container: Kind) {
        // The container is the value of the last key: neither `true` nor an index.
        if let Some(object) = self.open.last_mut() {
            object.key = Key::Other;
        }
        if container == Kind::Object {
            self.open.push(Object::default());
        }
    }

    fn key(&mut self, inside: &'a str) {
        if let Some(object) = self.open.last_mut() {
            object.members += 1;
            object.key = if is_key(inside, "_placeholder") {
                Key::Placeholder
            } else if is_key(inside, "num") {
                Key::Num
            } else {
                Key::Other
            };
        }
    }

    fn scalar(&mut self, raw: &'a str) {
        if let Some(object) = self.open.last_mut() {
            match core::mem::take(&mut object.key) {
                Key::Placeholder => object.is_placeholder |= raw == "true",
                Key::Num => object.num = index(raw),
                Key::Other => {}
            }
        }
    }

    fn close(&mut self, container: Kind) {
        if container != Kind::Object {
            return;
        }
        match self.open.pop() {
            Some(Object {
                members: 2,
                is_placeholder: true,
                num: Some(num),
                ..
            }) => self.found.push(num),
            Some(Object {
                is_placeholder: true,
                ..
            }) => self.broken = true,
            _ => {}
        }
    }
}

/// A key may be written with escapes, and every JSON parser behind this one undoes them.
fn is_key(inside: &str, key: &str) -> bool {
    inside == key || (inside.contains('\\') && Characters::new(inside).eq(key.chars()))
}

/// Plain digits only: `1.0`, `1e0`, `-0` and `"1"` are no indexes.
fn index(raw: &str) -> Option<u32> {
    if raw.bytes().all(|byte| byte.is_ascii_digit()) {
        raw.parse().ok()
    } else {
        None
    }
}
