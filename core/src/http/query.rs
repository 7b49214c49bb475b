//! The query of a target: `name=value` pairs, percent-encoded.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// A query as it came, decoded on demand.
///
/// ```
/// use sansocket::http::{Parameter, Query};
///
/// let query = Query::new("EIO=4&name=a%20b&t=1&t=2");
/// assert_eq!(query.get("name").as_deref(), Some("a b"));
/// assert_eq!(query.unique("EIO"), Parameter::One("4".into()));
/// assert_eq!(query.unique("t"), Parameter::Repeated);
/// assert_eq!(query.unique("sid"), Parameter::Absent);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Query<'a> {
    raw: &'a str,
}

/// How often a parameter came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parameter<'a> {
    /// Not at all.
    Absent,
    /// Once, with this value.
    One(Cow<'a, str>),
    /// More than once: two readers could pick different ones.
    Repeated,
}

impl<'a> Query<'a> {
    /// A query without its question mark.
    #[must_use]
    pub const fn new(raw: &'a str) -> Self {
        Self { raw }
    }

    /// The query as it came.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.raw
    }

    /// All parameters, decoded, in their order. One without `=` has an empty value.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> + use<'a> {
        self.raw
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode(name), decode(value))
            })
    }

    /// The value of the first parameter with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.values(name).next()
    }

    /// The value of a parameter that must not be repeated.
    #[must_use]
    pub fn unique(&self, name: &str) -> Parameter<'a> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (None, _) => Parameter::Absent,
            (Some(value), None) => Parameter::One(value),
            (Some(_), Some(_)) => Parameter::Repeated,
        }
    }

    fn values<'n>(&self, name: &'n str) -> impl Iterator<Item = Cow<'a, str>> + use<'a, 'n> {
        self.iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value)
    }
}

/// Decodes as forms do: `%41` is a byte and `+` is a blank. A `%` that starts no byte stands for
/// itself, and bytes that are not UTF-8 become U+FFFD.
fn decode(raw: &str) -> Cow<'_, str> {
    if !raw.contains(['%', '+']) {
        return Cow::Borrowed(raw);
    }
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        decoded.push(match (byte, after) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high << 4 | low
                }
                _ => b'%',
            },
            _ => byte,
        });
    }
    Cow::Owned(match String::from_utf8(decoded) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn values_are_decoded() {
        for (raw, value) in [
            ("a=", ""),
            ("a", ""),
            ("a=b=c", "b=c"),
            ("a=%41%62+c", "Ab c"),
            ("a=%C3%A9", "\u{e9}"),
            ("a=%", "%"),
            ("a=%4", "%4"),
            ("a=%zz", "%zz"),
            ("a=%+1", "% 1"),
            ("a=%FF", "\u{fffd}"),
            ("x=1&&a=2&a=3", "2"),
            ("%61=4", "4"),
        ] {
            assert_eq!(Query::new(raw).get("a").as_deref(), Some(value), "{raw}");
        }
        assert_eq!(Query::new("").get("a"), None);
        assert_eq!(Query::new("&").iter().count(), 0);
    }

    #[test]
    fn t09_any_value_is_only_text() {
        let long = "x".repeat(10_000);
        for value in ["__proto__", "constructor", "", &long] {
            let raw = format!("EIO=4&transport={value}");
            assert_eq!(
                Query::new(&raw).unique("transport"),
                Parameter::One(value.into())
            );
        }
        assert_eq!(
            Query::new("transport=polling&transport=websocket").unique("transport"),
            Parameter::Repeated
        );
    }
}
