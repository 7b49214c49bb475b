//! A JSON scanner (RFC 8259): it checks, finds and measures, and builds no tree.
//!
//! Values stay text here: whoever needs them parses them with the best parser of its language. What
//! a peer sends is checked once on the way in, so that whatever is passed on parses everywhere.
//! Stricter than the grammar in two places: containers nest at most [`MAX_DEPTH`] deep, and numbers
//! are finite as IEEE doubles, because `1e999` is infinity in one parser and an error in the next.

use alloc::borrow::Cow;
use alloc::string::String;
use core::str::Chars;

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: u32 = 128;

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A finite number.
    Number,
    /// `true`, `false` or `null`.
    Literal,
}

/// Checks that `text` is exactly one JSON value, with white space around it at most, and says what
/// it is.
///
/// The work is proportional to the length of `text`, and nothing is allocated.
///
/// # Errors
/// [`Error`] with the byte offset at which `text` stops being acceptable.
///
/// ```
/// use sansocket::json;
///
/// assert_eq!(json::check(r#"{"token":"123"}"#), Ok(json::Kind::Object));
/// assert_eq!(json::check("[1,]").unwrap_err().at, 3);
/// ```
pub fn check(text: &str) -> Result<Kind, Error> {
    let mut scanner = Scanner::new(text, ());
    let kind = scanner.value()?;
    scanner.rest()?;
    Ok(kind)
}

/// Appends `text` as a JSON string, quotes included.
///
/// ```
/// let mut out = String::new();
/// sansocket::json::write_string(&mut out, "say \"hi\"\n");
/// assert_eq!(out, r#""say \"hi\"\n""#);
/// ```
pub fn write_string(out: &mut String, text: &str) {
    out.reserve(text.len() + 2);
    out.push('"');
    for piece in escape(text) {
        out.push_str(piece);
    }
    out.push('"');
}

/// The characters that the inside of a JSON string (without its quotes) stands for.
///
/// Half a surrogate pair, which the grammar allows and UTF-8 does not, becomes U+FFFD.
#[must_use]
pub fn unescape(inside: &str) -> Cow<'_, str> {
    if inside.contains('\\') {
        Cow::Owned(Characters::new(inside).collect())
    } else {
        Cow::Borrowed(inside)
    }
}

/// Where and why a text is not acceptable JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at byte {at}")]
pub struct Error {
    /// The offset in bytes from the start of the text.
    pub at: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong with a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Something else belongs here.
    #[error("this is not JSON")]
    Unexpected,
    /// The text stops inside a value.
    #[error("the JSON text ends too early")]
    End,
    /// Arrays and objects nest deeper than [`MAX_DEPTH`].
    #[error("arrays and objects nest too deep")]
    TooDeep,
    /// The number is too large for an IEEE double.
    #[error("this number is not finite")]
    NotFinite,
}

/// What a scan of an array found besides its correctness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Array<'a> {
    /// The first element: its kind and, unless it is a container, its text.
    pub(crate) first: Option<(Kind, &'a str)>,
}

/// Checks an array that starts at the first byte, tells `visit` what is in it after the first
/// element, and keeps the first element.
pub(crate) fn check_array<'a>(text: &'a str, visit: impl Visit<'a>) -> Result<Array<'a>, Error> {
    let mut scanner = Scanner::new(text, visit);
    if scanner.peek() != Some(b'[') {
        return Err(scanner.error(Problem::Unexpected));
    }
    scanner.open(Kind::Array)?;
    scanner.skip_whitespace();
    let first = if scanner.peek() == Some(b']') {
        None
    } else {
        let start = scanner.at;
        let kind = scanner.value()?;
        Some((kind, scanner.since(start)))
    };
    scanner.rest()?;
    Ok(Array { first })
}

/// Told what a scan passes by. The empty observer `()` costs nothing.
pub(crate) trait Visit<'a> {
    /// An object or an array starts.
    fn open(&mut self, _container: Kind) {}
    /// The name of an object's member, without its quotes and not unescaped.
    fn key(&mut self, _inside: &'a str) {}
    /// A string, number or literal, as it is written.
    fn scalar(&mut self, _raw: &'a str) {}
    /// The innermost object or array ends.
    fn close(&mut self, _container: Kind) {}
}

impl Visit<'_> for () {}

struct Scanner<'a, V> {
    text: &'a str,
    at: usize,
    depth: u32,
    /// One bit per open container, the innermost lowest: set for an object. Exactly [`MAX_DEPTH`].
    objects: u128,
    visit: V,
}

impl<'a, V: Visit<'a>> Scanner<'a, V> {
    fn new(text: &'a str, visit: V) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            objects: 0,
            visit,
        }
    }

    /// A scalar or an empty container, or all openings up to the innermost first one: no recursion.
    fn value(&mut self) -> Result<Kind, Error> {
        let (kind, mut opened) = self.begin()?;
        while opened {
            opened = self.begin()?.1;
        }
        Ok(kind)
    }

    /// All that follows a value, up to the end of the text.
    fn rest(&mut self) -> Result<(), Error> {
        while self.another()? {
            self.value()?;
        }
        Ok(())
    }

    /// The start of a value; `true` when it is a container whose first value comes next.
    fn begin(&mut self) -> Result<(Kind, bool), Error> {
        self.skip_whitespace();
        let start = self.at;
        let kind = match self.peek() {
            Some(b'"') => {
                self.string()?;
                Kind::String
            }
            Some(b'{') => {
                self.open(Kind::Object)?;
                self.skip_whitespace();
                if self.peek() == Some(b'}') {
                    return Ok((Kind::Object, false));
                }
                self.key()?;
                return Ok((Kind::Object, true));
            }
            Some(b'[') => {
                self.open(Kind::Array)?;
                self.skip_whitespace();
                return Ok((Kind::Array, self.peek() != Some(b']')));
            }
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                Kind::Number
            }
            Some(b't') => self.literal("true")?,
            Some(b'f') => self.literal("false")?,
            Some(b'n') => self.literal("null")?,
            _ => return Err(self.unexpected()),
        };
        self.visit.scalar(self.since(start));
        Ok((kind, false))
    }

    /// What follows a value: closings, then a comma and perhaps a key (`true`), or the end (`false`).
    fn another(&mut self) -> Result<bool, Error> {
        loop {
            self.skip_whitespace();
            let in_object = self.objects & 1 == 1;
            match self.peek() {
                Some(b',') if self.depth > 0 => {
                    self.at += 1;
                    if in_object {
                        self.skip_whitespace();
                        self.key()?;
                    }
                    return Ok(true);
                }
                Some(b'}') if in_object => self.close(Kind::Object),
                Some(b']') if self.depth > 0 && !in_object => self.close(Kind::Array),
                None if self.depth == 0 => return Ok(false),
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn open(&mut self, container: Kind) -> Result<(), Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(Problem::TooDeep));
        }
        self.at += 1;
        self.depth += 1;
        self.objects = (self.objects << 1) | u128::from(container == Kind::Object);
        self.visit.open(container);
        Ok(())
    }

    fn close(&mut self, container: Kind) {
        self.at += 1;
        self.depth -= 1;
        self.objects >>= 1;
        self.visit.close(container);
    }

    /// A member's name and its colon.
    fn key(&mut self) -> Result<(), Error> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected());
        }
        let start = self.at + 1;
        self.string()?;
        let inside = self.text.get(start..self.at - 1).unwrap_or_default();
        self.visit.key(inside);
        self.skip_whitespace();
        if self.peek() != Some(b':') {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(())
    }

    /// RFC 8259 section 7; the text is UTF-8 already, so only quotes, escapes and control
    /// characters matter.
    fn string(&mut self) -> Result<(), Error> {
        self.at += 1;
        loop {
            self.skip_plain_characters();
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                _ => return Err(self.unexpected()),
            }
        }
    }

    /// Up to the next quote, backslash or control character, eight bytes at a time.
    fn skip_plain_characters(&mut self) {
        let mut rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        while let Some((chunk, tail)) = rest.split_first_chunk() {
            let special = special_bytes(u64::from_le_bytes(*chunk));
            if special != 0 {
                self.at += (special.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += chunk.len();
            rest = tail;
        }
        for byte in rest {
            if matches!(byte, b'"' | b'\\' | ..0x20) {
                return;
            }
            self.at += 1;
        }
    }

    fn escape(&mut self) -> Result<(), Error> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return Err(self.unexpected());
                    }
                    self.at += 1;
                }
            }
            _ => return Err(self.unexpected()),
        }
        Ok(())
    }

    /// RFC 8259 section 6.
    fn number(&mut self) -> Result<(), Error> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let integer_digits = if self.peek() == Some(b'0') {
            self.at += 1;
            1
        } else {
            self.digits()?
        };
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        let mut exponent = 0;
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            let negative = self.peek() == Some(b'-');
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            exponent = match self.digits()? {
                _ if negative => 0,
                1 => 9,
                2 => 99,
                _ => usize::MAX,
            };
        }
        // Below 10^308 it is finite whatever the digits are; the rare rest is converted to see.
        if integer_digits.saturating_add(exponent) > 308
            && !self.since(start).parse().is_ok_and(f64::is_finite)
        {
            self.at = start;
            return Err(self.error(Problem::NotFinite));
        }
        Ok(())
    }

    /// One digit or more; how many.
    fn digits(&mut self) -> Result<usize, Error> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        match self.at - start {
            0 => Err(self.unexpected()),
            count => Ok(count),
        }
    }

    fn literal(&mut self, literal: &str) -> Result<Kind, Error> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(literal.as_bytes()) {
            return Err(self.error(Problem::Unexpected));
        }
        self.at += literal.len();
        Ok(Kind::Literal)
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    #[cold]
    fn unexpected(&self) -> Error {
        self.error(if self.peek().is_none() {
            Problem::End
        } else {
            Problem::Unexpected
        })
    }

    #[cold]
    fn error(&self, problem: Problem) -> Error {
        Error {
            at: self.at,
            problem,
        }
    }
}

/// The high bit of each byte that ends a run of plain characters.
///
/// A borrow can also mark bytes above a marked one, so only the lowest mark counts.
const fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = word ^ (ONES * b'"' as u64);
    let quote = quote.wrapping_sub(ONES) & !quote;
    let backslash = word ^ (ONES * b'\\' as u64);
    let backslash = backslash.wrapping_sub(ONES) & !backslash;
    (control | quote | backslash) & (ONES * 0x80)
}

/// The pieces that `text` becomes inside the quotes of a JSON string.
pub(crate) fn escape(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(needs_escape).flat_map(|piece| {
        let plain = piece.trim_end_matches(needs_escape);
        let escaped = piece.as_bytes().get(plain.len());
        [plain, escaped.map_or("", |byte| escape_sequence(*byte))]
    })
}

fn needs_escape(character: char) -> bool {
    matches!(character, '"' | '\\' | ..' ')
}

const fn escape_sequence(byte: u8) -> &'static str {
    const CONTROLS: [&str; 32] = [
        "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007",
        "\\b", "\\t", "\\n", "\\u000b", "\\f", "\\r", "\\u000e", "\\u000f", "\\u0010", "\\u0011",
        "\\u0012", "\\u0013", "\\u0014", "\\u0015", "\\u0016", "\\u0017", "\\u0018", "\\u0019",
        "\\u001a", "\\u001b", "\\u001c", "\\u001d", "\\u001e", "\\u001f",
    ];
    match byte {
        b'"' => "\\\"",
        b'\\' => "\\\\",
        #[allow(
            clippy::indexing_slicing,
            reason = "the arm's range is the table's length"
        )]
        0..32 => CONTROLS[byte as usize],
        _ => "",
    }
}

/// The characters that the inside of a JSON string stands for; nothing a peer sends makes it stop early.
pub(crate) struct Characters<'a> {
    rest: Chars<'a>,
}

impl<'a> Characters<'a> {
    pub(crate) fn new(inside: &'a str) -> Self {
        Self {
            rest: inside.chars(),
        }
    }

    /// The four digits of a `\u`, which is eaten already.
    fn code_unit(&mut self) -> Option<u32> {
        let digits = self.rest.as_str().get(..4)?;
        let unit = u32::from_str_radix(digits, 16).ok()?;
        self.rest.nth(3);
        Some(unit)
    }

    /// The second half of a surrogate pair, if it is there.
    fn low_surrogate(&mut self) -> Option<u32> {
        let mut ahead = Self::new(self.rest.as_str().strip_prefix("\\u")?);
        let unit = ahead.code_unit()?;
        if !(0xdc00..0xe000).contains(&unit) {
            return None;
        }
        self.rest = ahead.rest;
        Some(unit)
    }
}

impl Iterator for Characters<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let character = self.rest.next()?;
        if character != '\\' {
            return Some(character);
        }
        Some(match self.rest.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let unit = self.code_unit()?;
                let scalar = match unit {
                    0xd800..0xdc00 => self.low_surrogate().map_or(unit, |low| {
                        0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
                    }),
                    _ => unit,
                };
                char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            other => other,
        })
    }
}

#[cfg(test)]
mod tests;
