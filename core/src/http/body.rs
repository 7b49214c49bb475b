//! Bodies: how long one is (RFC 9112 section 6), and the chunked coding (section 7.1).

use crate::http::HeadError;
use crate::http::Request;
use crate::http::Version;

/// A body that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// So many bytes are missing.
    Length(u64),
    /// Chunks, until an empty one.
    Chunked(Chunked),
}

/// Where in the chunked coding the stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunked {
    /// In the line with a chunk's size; `digits` have been read, and `line` bytes in all.
    Size {
        size: u64,
        digits: u8,
        line: u16,
        extension: bool,
    },
    /// After the CR of that line.
    SizeEnd { size: u64 },
    /// Within a chunk of which so many bytes are missing.
    Data { missing: u64 },
    /// After a chunk: its CRLF is missing, or only the LF.
    DataEnd { cr_seen: bool },
    /// After the last chunk: in a trailer line, with `line` bytes of it and `total` bytes in all.
    Trailer {
        line: u16,
        total: u16,
        cr_seen: bool,
    },
}

/// What was found in a piece of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'i> {
    /// The piece is eaten up, and the body goes on.
    Nothing,
    /// A piece of the content.
    Content(&'i [u8]),
    /// The body has ended.
    End,
}

impl Body {
    /// How the body of this request is framed.
    pub(super) fn of(request: &Request<'_>) -> Result<Self, HeadError> {
        let malformed = HeadError::Malformed;
        let length = request
            .headers
            .unique("Content-Length")
            .map_err(|_| malformed("the Content-Length is repeated"))?;
        let coding = request
            .headers
            .unique("Transfer-Encoding")
            .map_err(|_| malformed("the Transfer-Encoding is repeated"))?;
        match (length, coding) {
            (None, None) => Ok(Self::Length(0)),
            // ASCII digits and nothing else: no sign, no blank, no list.
            (Some(digits), None) => parse_decimal(digits)
                .map(Self::Length)
                .ok_or(malformed("the Content-Length is no number")),
            // Section 6.1: either may be an attempt to smuggle a request.
            (Some(_), Some(_)) => Err(malformed(
                "Content-Length and Transfer-Encoding exclude each other",
            )),
            (None, Some(_)) if request.version == Version::Http10 => {
                Err(malformed("HTTP/1.0 has no Transfer-Encoding"))
            }
            (None, Some(coding)) if coding.eq_ignore_ascii_case(b"chunked") => {
                Ok(Self::Chunked(Chunked::START))
            }
            (None, Some(_)) => Err(HeadError::TransferCoding),
        }
    }

    /// Eats from `input` until some content or the end is found.
    pub(super) fn read<'i>(&mut self, input: &mut &'i [u8]) -> Result<Found<'i>, HeadError> {
        match self {
            Self::Length(0) => Ok(Found::End),
            Self::Length(missing) => Ok(take(input, missing)),
            Self::Chunked(chunked) => chunked.read(input),
        }
    }
}

impl Chunked {
    const START: Self = Self::Size {
        size: 0,
        digits: 0,
        line: 0,
        extension: false,
    };

    fn read<'i>(&mut self, input: &mut &'i [u8]) -> Result<Found<'i>, HeadError> {
        loop {
            if let Self::Data { missing } = self {
                let found = take(input, missing);
                if *missing == 0 {
                    *self = Self::DataEnd { cr_seen: false };
                }
                return Ok(found);
            }
            let Some((&byte, rest)) = input.split_first() else {
                return Ok(Found::Nothing);
            };
            *input = rest;
            match self.after(byte)? {
                Some(next) => *self = next,
                None => return Ok(Found::End),
            }
        }
    }

    /// The state after a byte that is no content; `None` at the end of the body.
    fn after(self, byte: u8) -> Result<Option<Self>, HeadError> {
        let malformed = || HeadError::Malformed("the chunked coding is broken");
        Ok(Some(match (self, byte) {
            (
                Self::Size {
                    size, digits: 1.., ..
                },
                b'\r',
            ) => Self::SizeEnd { size },
            (
                Self::Size {
                    line: MAX_LINE.., ..
                },
                _,
            ) => return Err(malformed()),
            (
                Self::Size {
                    size,
                    digits: digits @ 1..,
                    line,
                    extension,
                },
                _,
            ) if extension || byte == b';' => {
                // Section 7.1.1: extensions that are not understood are ignored.
                if byte.is_ascii_control() && byte != b'\t' {
                    return Err(malformed());
                }
                Self::Size {
                    size,
                    digits,
                    line: line + 1,
                    extension: true,
                }
            }
            (
                Self::Size {
                    size,
                    digits: digits @ 0..MAX_SIZE_DIGITS,
                    line,
                    ..
                },
                _,
            ) => {
                let digit = char::from(byte).to_digit(16).ok_or(malformed())?;
                Self::Size {
                    size: size << 4 | u64::from(digit),
                    digits: digits + 1,
                    line: line + 1,
                    extension: false,
                }
            }
            (Self::SizeEnd { size: 0 }, b'\n') => Self::Trailer {
                line: 0,
                total: 0,
                cr_seen: false,
            },
            (Self::SizeEnd { size }, b'\n') => Self::Data { missing: size },
            (Self::DataEnd { cr_seen: false }, b'\r') => Self::DataEnd { cr_seen: true },
            (Self::DataEnd { cr_seen: true }, b'\n') => Self::START,
            (
                Self::Trailer {
                    line: 0,
                    cr_seen: true,
                    ..
                },
                b'\n',
            ) => return Ok(None),
            (
                Self::Trailer {
                    total,
                    cr_seen: true,
                    ..
                },
                b'\n',
            ) => Self::Trailer {
                line: 0,
                total,
                cr_seen: false,
            },
            (
                Self::Trailer {
                    line,
                    total,
                    cr_seen: false,
                },
                b'\r',
            ) => Self::Trailer {
                line,
                total,
                cr_seen: true,
            },
            // Trailer fields are read over: nothing that counts may be sent in them.
            (
                Self::Trailer {
                    line,
                    total: total @ 0..MAX_TRAILER,
                    cr_seen: false,
                },
                0x20..=0x7E | b'\t' | 0x80..,
            ) => Self::Trailer {
                line: line + 1,
                total: total + 1,
                cr_seen: false,
            },
            _ => return Err(malformed()),
        }))
    }
}

/// Takes content from the front of the input, as much as is missing or there.
fn take<'i>(input: &mut &'i [u8], missing: &mut u64) -> Found<'i> {
    if input.is_empty() {
        return Found::Nothing;
    }
    let wanted = usize::try_from(*missing).unwrap_or(usize::MAX);
    let (content, rest) = input.split_at_checked(wanted).unwrap_or((input, &[]));
    *input = rest;
    *missing = missing.saturating_sub(content.len() as u64);
    Found::Content(content)
}

fn parse_decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    })
}

/// Sixteen hexadecimal digits fill 64 bits; fifteen are beyond any body.
const MAX_SIZE_DIGITS: u8 = 15;
/// The longest line with a chunk's size, extensions included.
const MAX_LINE: u16 = 256;
/// The longest trailer section.
const MAX_TRAILER: u16 = 4096;
