//! Between JavaScript's values and the core's.

use std::borrow::Cow;

use bytes::Bytes;
use napi::Error;
use napi::Status;
use napi::bindgen_prelude::Uint8Array;
use sansocket::UsageError;
use sansocket::http;
use sansocket::server::EmitOptions;

/// A request head as JavaScript has it: one character for each byte (Node decodes heads as Latin-1).
pub(crate) struct Head<'a> {
    method: &'a str,
    target: &'a str,
    version: http::Version,
    headers: HeaderList<'a>,
}

impl<'a> Head<'a> {
    pub(crate) fn new(method: &'a str, target: &'a str, version: &str, headers: &'a str) -> Self {
        Self {
            method,
            target,
            version: match version {
                "1.0" => http::Version::Http10,
                "2.0" => http::Version::Http2,
                _ => http::Version::Http11,
            },
            headers: HeaderList::new(headers),
        }
    }

    /// Lends the head as the core reads it.
    pub(crate) fn with<T>(&self, read: impl FnOnce(&http::Request<'_>) -> T) -> T {
        read(&http::Request {
            method: self.method,
            target: self.target,
            version: self.version,
            headers: http::Headers::new(&self.headers.lend()),
        })
    }
}

/// Header lines: name, value, name, value, …, each ended by a line feed, which no header holds.
pub(crate) struct HeaderList<'a> {
    lines: Vec<[Cow<'a, [u8]>; 2]>,
}

impl<'a> HeaderList<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let mut texts = text.split_terminator('\n').map(latin1);
        let mut lines = Vec::new();
        while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
            lines.push([name, value]);
        }
        Self { lines }
    }

    pub(crate) fn lend(&self) -> Vec<http::Header<'_>> {
        self.lines
            .iter()
            .map(|[name, value]| http::Header { name, value })
            .collect()
    }
}

/// The bytes that a Latin-1 text was read from. What was no byte becomes one that no header allows.
fn latin1(text: &str) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        return Cow::Borrowed(text.as_bytes());
    }
    Cow::Owned(
        text.chars()
            .map(|character| u8::try_from(character).unwrap_or(0))
            .collect(),
    )
}

/// Status, header lines and body of an answer that is no record.
pub(crate) fn header_lines(response: &http::Response) -> String {
    let mut lines = String::new();
    for (name, value) in response.headers() {
        lines.push_str(name);
        lines.push_str(": ");
        lines.extend(value.iter().map(|&byte| char::from(byte)));
        lines.push_str("\r\n");
    }
    lines
}

/// A key that JavaScript kept. What is no key misses, like any stale one.
pub(crate) fn key(number: f64) -> u64 {
    number as u64
}

pub(crate) fn attachments(arrays: Option<Vec<Uint8Array>>) -> Vec<Bytes> {
    arrays
        .unwrap_or_default()
        .iter()
        .map(|array| Bytes::copy_from_slice(array))
        .collect()
}

/// Bit 0: volatile. Bit 1: not compressed.
pub(crate) fn emit_options(flags: u32) -> EmitOptions {
    EmitOptions {
        volatile: flags & 1 != 0,
        compress: flags & 2 == 0,
    }
}

/// Whether the core took it. What ended meanwhile is no error: peers leave at any time.
pub(crate) fn taken(result: Result<(), UsageError>) -> napi::Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(gone) if is_gone(gone) => Ok(false),
        Err(other) => Err(usage(other)),
    }
}

/// As [`taken`], for what gives a key; -1 when a limit allows no more.
pub(crate) fn taken_key(result: Result<u64, UsageError>) -> napi::Result<Option<f64>> {
    match result {
        Ok(key) => Ok(Some(key as f64)),
        Err(UsageError::Limit(_)) => Ok(Some(-1.0)),
        Err(gone) if is_gone(gone) => Ok(None),
        Err(other) => Err(usage(other)),
    }
}

pub(crate) fn usage(error: UsageError) -> Error {
    Error::new(Status::InvalidArg, error.to_string())
}

pub(crate) fn error(reason: &str) -> Error {
    Error::new(Status::InvalidArg, reason)
}

const fn is_gone(error: UsageError) -> bool {
    matches!(
        error,
        UsageError::Unknown | UsageError::Closing | UsageError::NotConnected
    )
}
