//! A JSON scanner (RFC 8259): it checks, finds and measures, and builds no tree.
//!
//! Values stay text here: whoever needs them parses them with the best parser of its language. What
//! a peer sends is checked once on the way in, so that whatever is passed on parses everywhere.
//! Stricter than the grammar in two places: containers nest at most [`MAX_DEPTH`] deep, and numbers
//! are finite as IEEE doubles, because `1e999` is infinity in one parser and an error in the next.

mod escape;

use alloc::borrow::Cow;

pub(crate) use escape::Characters;
pub(crate) use escape::escape;
pub use escape::unescape;
pub use escape::write_string;

mod elements;

pub use elements::elements;

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
    scanner.document().map_err(|problem| scanner.error(problem))
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

/// The first element of an array, so far as it can be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First<'a> {
    /// The inside of a string, and whether there are backslashes in it.
    String { inside: &'a str, is_escaped: bool },
    /// A number as it is written.
    Number(&'a str),
    /// Anything else, or nothing: the array is empty.
    Other,
}

impl<'a> First<'a> {
    pub(crate) fn name(&self) -> Option<Cow<'a, str>> {
        match *self {
            Self::String {
                inside,
                is_escaped: true,
            } => Some(unescape(inside)),
            Self::String { inside, .. } => Some(Cow::Borrowed(inside)),
            Self::Number(raw) => Some(Cow::Borrowed(raw)),
            Self::Other => None,
        }
    }
}

/// Checks an array that starts at the first byte, and returns its first element. `visit` is told
/// about everything but a first element that is a string or a number.
pub(crate) fn check_array<'a>(text: &'a str, visit: impl Visit<'a>) -> Result<First<'a>, Error> {
    let mut scanner = Scanner::new(text, visit);
    scanner.array().map_err(|problem| scanner.error(problem))
}

/// The first element of an array whose rest is not looked at; `None` when it is no array.
pub(crate) fn first(text: &str) -> Option<First<'_>> {
    Scanner::new(text, ()).first().ok()
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
    /// After a failure: where.
    at: usize,
    depth: u32,
    /// One bit per open container, the innermost lowest: set for an object. Exactly [`MAX_DEPTH`].
    objects: u128,
    visit: V,
}

// All that runs for every token is inlined into the two entry points, and what is not takes copies:
// so the scanner lives in registers.
impl<'a, V: Visit<'a>> Scanner<'a, V> {
    #[inline(always)]
    fn new(text: &'a str, visit: V) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            objects: 0,
            visit,
        }
    }

    #[inline(always)]
    fn document(&mut self) -> Result<Kind, Problem> {
        let kind = kind_of(self.skip_whitespace());
        self.run(true)?;
        Ok(kind)
    }

    #[inline(always)]
    fn array(&mut self) -> Result<First<'a>, Problem> {
        let first = self.first()?;
        let value_comes = matches!(first, First::Other) && self.peek() != Some(b']');
        self.run(value_comes)?;
        Ok(first)
    }

    #[inline(always)]
    fn first(&mut self) -> Result<First<'a>, Problem> {
        if self.peek() != Some(b'[') {
            return Err(self.unexpected());
        }
        self.open(Kind::Array)?;
        let byte = self.skip_whitespace();
        let start = self.at;
        Ok(match kind_of(byte) {
            Kind::String => {
                let is_escaped = self.string()?;
                let inside = self.text.get(start + 1..self.at - 1).unwrap_or_default();
                First::String { inside, is_escaped }
            }
            Kind::Number => {
                self.number()?;
                First::Number(self.since(start))
            }
            _ => First::Other,
        })
    }

    /// The rest of the text, from a value or from what follows one. No recursion.
    #[inline(always)]
    fn run(&mut self, mut value_comes: bool) -> Result<(), Problem> {
        loop {
            if value_comes {
                value_comes = self.begin()?;
            } else if self.another()? {
                value_comes = true;
            } else {
                return Ok(());
            }
        }
    }

    /// The start of a value; `true` when it is a container whose first value comes next.
    #[inline(always)]
    fn begin(&mut self) -> Result<bool, Problem> {
        let byte = self.skip_whitespace();
        let start = self.at;
        match byte {
            Some(b'"') => {
                self.string()?;
            }
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b'{') => {
                self.open(Kind::Object)?;
                if self.skip_whitespace_to(b'}') {
                    return Ok(false);
                }
                self.key()?;
                return Ok(true);
            }
            Some(b'[') => {
                self.open(Kind::Array)?;
                return Ok(!self.skip_whitespace_to(b']'));
            }
            Some(b't') => self.literal("true")?,
            Some(b'f') => self.literal("false")?,
            Some(b'n') => self.literal("null")?,
            _ => return Err(self.unexpected()),
        }
        self.visit.scalar(self.since(start));
        Ok(false)
    }

    /// What follows a value: closings, then a comma and perhaps a key (`true`), or the end (`false`).
    #[inline(always)]
    fn another(&mut self) -> Result<bool, Problem> {
        loop {
            let in_object = self.objects & 1 == 1;
            match self.peek() {
                Some(b',') if self.depth > 0 => {
                    self.at += 1;
                    if in_object {
                        self.key()?;
                    }
                    return Ok(true);
                }
                Some(b'}') if in_object => self.close(Kind::Object),
                Some(b']') if self.depth > 0 && !in_object => self.close(Kind::Array),
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                None if self.depth == 0 => return Ok(false),
                _ => return Err(self.unexpected()),
            }
        }
    }

    #[inline(always)]
    fn open(&mut self, container: Kind) -> Result<(), Problem> {
        if self.depth == MAX_DEPTH {
            return Err(Problem::TooDeep);
        }
        self.at += 1;
        self.depth += 1;
        self.objects = (self.objects << 1) | u128::from(container == Kind::Object);
        self.visit.open(container);
        Ok(())
    }

    #[inline(always)]
    fn close(&mut self, container: Kind) {
        self.at += 1;
        self.depth -= 1;
        self.objects >>= 1;
        self.visit.close(container);
    }

    /// A member's name and its colon.
    #[inline(always)]
    fn key(&mut self) -> Result<(), Problem> {
        if !self.skip_whitespace_to(b'"') {
            return Err(self.unexpected());
        }
        let start = self.at + 1;
        self.string()?;
        let inside = self.text.get(start..self.at - 1).unwrap_or_default();
        self.visit.key(inside);
        if !self.skip_whitespace_to(b':') {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(())
    }

    /// RFC 8259 section 7, and whether there are escapes. The text is UTF-8 already, so only quotes,
    /// backslashes and control characters matter.
    #[inline(always)]
    fn string(&mut self) -> Result<bool, Problem> {
        self.at += 1;
        let mut is_escaped = false;
        loop {
            self.at = skip_plain_characters(self.text.as_bytes(), self.at);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(is_escaped);
                }
                Some(b'\\') => {
                    is_escaped = true;
                    let length = escape_length(self.text.as_bytes(), self.at);
                    self.at += length.ok_or_else(|| self.unexpected())?;
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    /// RFC 8259 section 6.
    #[inline(always)]
    fn number(&mut self) -> Result<(), Problem> {
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
        if integer_digits.saturating_add(exponent) > 308 && !is_finite(self.since(start)) {
            self.at = start;
            return Err(Problem::NotFinite);
        }
        Ok(())
    }

    /// One digit or more; how many.
    #[inline(always)]
    fn digits(&mut self) -> Result<usize, Problem> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        match self.at - start {
            0 => Err(self.unexpected()),
            count => Ok(count),
        }
    }

    #[inline(always)]
    fn literal(&mut self, literal: &str) -> Result<(), Problem> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(literal.as_bytes()) {
            return Err(Problem::Unexpected);
        }
        self.at += literal.len();
        Ok(())
    }

    /// The next byte that means something.
    #[inline(always)]
    fn skip_whitespace(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                byte => return byte,
            }
        }
    }

    /// Whether `byte` is the next byte that means something. Mostly it is the very next.
    #[inline(always)]
    fn skip_whitespace_to(&mut self, byte: u8) -> bool {
        self.peek() == Some(byte) || self.skip_whitespace() == Some(byte)
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline(always)]
    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    #[inline(always)]
    fn unexpected(&self) -> Problem {
        match self.peek() {
            None => Problem::End,
            Some(_) => Problem::Unexpected,
        }
    }

    #[inline(always)]
    fn error(&self, problem: Problem) -> Error {
        Error {
            at: self.at,
            problem,
        }
    }
}

/// What a value that starts with this byte must be.
const fn kind_of(first: Option<u8>) -> Kind {
    match first {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::String,
        Some(b'-' | b'0'..=b'9') => Kind::Number,
        _ => Kind::Literal,
    }
}

/// Where the next quote, backslash or control character is, or the end; eight bytes at a time.
#[inline(always)]
fn skip_plain_characters(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let special = special_bytes(u64::from_le_bytes(*chunk));
        if special != 0 {
            return at + (special.trailing_zeros() / 8) as usize;
        }
        at += chunk.len();
    }
    while bytes
        .get(at)
        .is_some_and(|byte| !matches!(byte, b'"' | b'\\' | ..0x20))
    {
        at += 1;
    }
    at
}

/// The high bit of each byte that ends a run of plain characters.
///
/// A borrow can also mark bytes above a marked one, so only the lowest mark counts.
const fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    // Flipping this bit puts the quote, 0x22, right behind the control characters.
    let control_or_quote = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    (control_or_quote | backslash) & !word & (ONES * 0x80)
}

/// How long the escape sequence at `at` is, if it is one.
#[cold]
fn escape_length(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at..)? {
        [
            _,
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't',
            ..,
        ] => Some(2),
        [_, b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) => {
            Some(6)
        }
        _ => None,
    }
}

#[cold]
fn is_finite(number: &str) -> bool {
    number.parse().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests;
