//! Cookies: the one that carries a session id, and the ones a request brings (RFC 6265).

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use core::time::Duration;

use crate::UsageError;
use crate::http::Headers;
use crate::http::head::trim;
use crate::http::respond::is_token;

/// How a session id is set as a cookie. The defaults are those of the reference server: `io`, for
/// the whole site, hidden from scripts, `SameSite=Lax`.
///
/// ```
/// use sansocket::http::Cookie;
///
/// let value = Cookie::default().set("abc").unwrap();
/// assert_eq!(value, "io=abc; Path=/; HttpOnly; SameSite=Lax");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// The name.
    pub name: Cow<'static, str>,
    /// The paths it is sent to.
    pub path: Option<Cow<'static, str>>,
    /// The domain it is sent to; the host that set it when there is none.
    pub domain: Option<Cow<'static, str>>,
    /// How long it lives; as long as the browser when there is no limit.
    pub max_age: Option<Duration>,
    /// Scripts cannot read it.
    pub http_only: bool,
    /// It is only sent over TLS.
    pub secure: bool,
    /// Whether requests that other sites cause carry it.
    pub same_site: Option<SameSite>,
}

/// The `SameSite` attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// Only requests from the same site.
    Strict,
    /// Also when the user follows a link from elsewhere.
    Lax,
    /// Every request. Browsers want `Secure` with it.
    None,
}

impl Default for Cookie {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed("io"),
            path: Some(Cow::Borrowed("/")),
            domain: None,
            max_age: None,
            http_only: true,
            secure: false,
            same_site: Some(SameSite::Lax),
        }
    }
}

impl Cookie {
    /// The value of a `Set-Cookie` header that sets this cookie to `value`.
    ///
    /// # Errors
    /// [`UsageError::Invalid`] when the name, the value, the path or the domain has characters that
    /// would end it (RFC 6265 section 4.1.1).
    pub fn set(&self, value: &str) -> Result<String, UsageError> {
        if !is_token(self.name.as_bytes()) {
            return Err(UsageError::Invalid("a cookie name is a token"));
        }
        if !value.bytes().all(is_cookie_byte) {
            return Err(UsageError::Invalid(
                "a cookie value has no blanks, quotes, commas, semicolons or backslashes",
            ));
        }
        let mut line = format!("{}={value}", self.name);
        for (attribute, text) in [("Path", &self.path), ("Domain", &self.domain)] {
            let Some(text) = text else { continue };
            if !text
                .bytes()
                .all(|byte| matches!(byte, b' '..=b'~') && byte != b';')
            {
                return Err(UsageError::Invalid(
                    "a cookie attribute is ASCII without semicolons",
                ));
            }
            line += &format!("; {attribute}={text}");
        }
        if let Some(max_age) = self.max_age {
            line += &format!("; Max-Age={}", max_age.as_secs());
        }
        if self.http_only {
            line += "; HttpOnly";
        }
        if self.secure {
            line += "; Secure";
        }
        line += match self.same_site {
            Some(SameSite::Strict) => "; SameSite=Strict",
            Some(SameSite::Lax) => "; SameSite=Lax",
            Some(SameSite::None) => "; SameSite=None",
            None => "",
        };
        Ok(line)
    }
}

/// The cookies of a request.
///
/// ```
/// use sansocket::http::{Cookies, Header, Headers};
///
/// let lines = [Header { name: b"Cookie", value: b"a=1; sessionid=\"xyz\"" }];
/// let cookies = Cookies::of(Headers::new(&lines));
/// assert_eq!(cookies.get("sessionid"), Some(&b"xyz"[..]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Cookies<'a> {
    headers: Headers<'a>,
}

impl<'a> Cookies<'a> {
    /// The cookies in these headers.
    #[must_use]
    pub const fn of(headers: Headers<'a>) -> Self {
        Self { headers }
    }

    /// All cookies, in their order, without quotes around the value.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        self.headers
            .get_all("Cookie")
            .flat_map(|line| line.split(|byte| *byte == b';'))
            .filter_map(|pair| {
                let equals = pair.iter().position(|byte| *byte == b'=')?;
                let (name, value) = pair.split_at_checked(equals)?;
                let value = trim(value.get(1..)?);
                let unquoted = value
                    .strip_prefix(b"\"")
                    .and_then(|value| value.strip_suffix(b"\""));
                Some((trim(name), unquoted.unwrap_or(value)))
            })
    }

    /// The value of the first cookie with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.iter()
            .find(|(key, _)| *key == name.as_bytes())
            .map(|(_, value)| value)
    }
}

/// RFC 6265 section 4.1.1, `cookie-octet`.
const fn is_cookie_byte(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2B | 0x2D..=0x3A | 0x3C..=0x5B | 0x5D..=0x7E)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Header;

    #[test]
    fn all_attributes_are_written() {
        let cookie = Cookie {
            name: "sid".into(),
            path: Some("/app".into()),
            domain: Some("example.com".into()),
            max_age: Some(Duration::from_secs(60)),
            http_only: false,
            secure: true,
            same_site: Some(SameSite::None),
        };
        assert_eq!(
            cookie.set("x").unwrap(),
            "sid=x; Path=/app; Domain=example.com; Max-Age=60; Secure; SameSite=None"
        );
    }

    #[test]
    fn t13_a_cookie_cannot_be_broken_out_of() {
        for value in ["a;b", "a b", "a\r\nb", "a,b", "\"", "\u{e9}"] {
            assert!(Cookie::default().set(value).is_err(), "{value:?}");
        }
        let path = Cookie {
            path: Some("/; Domain=evil".into()),
            ..Cookie::default()
        };
        assert!(path.set("a").is_err());
        let name = Cookie {
            name: "a=b".into(),
            ..Cookie::default()
        };
        assert!(name.set("a").is_err());
    }

    #[test]
    fn cookies_are_found_whatever_surrounds_them() {
        let lines = [
            Header {
                name: b"cookie",
                value: b"; ;a; =x; b = 1 ;c=\"2\";c=3",
            },
            Header {
                name: b"Cookie",
                value: b"d=a=b;e=\"",
            },
        ];
        let cookies = Cookies::of(Headers::new(&lines));
        assert_eq!(cookies.get("a"), None);
        assert_eq!(cookies.get("b"), Some(&b"1"[..]));
        assert_eq!(cookies.get("c"), Some(&b"2"[..]));
        assert_eq!(cookies.get("d"), Some(&b"a=b"[..]));
        assert_eq!(cookies.get("e"), Some(&b"\""[..]));
        assert_eq!(cookies.iter().count(), 6);
    }
}
