//! Names of namespaces. On the wire a comma ends a name and there is no escape, so none may contain
//! one (protocol v5, "Packet encoding"); a `?` starts a query.

use alloc::borrow::Cow;

use super::config::Config;
use crate::UsageError;

/// The name as packets carry it: `""` is `/`, and a missing leading slash is added.
///
/// # Errors
/// [`UsageError::Invalid`] when the name contains a comma, a `?` or a control character, and
/// [`UsageError::Limit`] when it is longer than [`Config::max_namespace_length`].
///
/// ```
/// use sansocket::socketio::{Config, normalize};
///
/// assert_eq!(normalize("admin", &Config::default())?, "/admin");
/// assert_eq!(normalize("", &Config::default())?, "/");
/// # Ok::<(), sansocket::UsageError>(())
/// ```
pub fn normalize<'a>(name: &'a str, config: &Config) -> Result<Cow<'a, str>, UsageError> {
    if name.contains([',', '?']) || has_control_characters(name) {
        return Err(UsageError::Invalid(
            "the name of a namespace contains no comma, question mark or control character",
        ));
    }
    let name = if name.starts_with('/') {
        Cow::Borrowed(name)
    } else {
        let mut with_slash = alloc::string::String::with_capacity(name.len() + 1);
        with_slash.push('/');
        with_slash.push_str(name);
        Cow::Owned(with_slash)
    };
    if name.len() > config.max_namespace_length {
        return Err(UsageError::Limit("max_namespace_length"));
    }
    Ok(name)
}

/// A control character would be echoed in replies, where 0x1e separates the packets of a poll.
pub(super) fn has_control_characters(name: &str) -> bool {
    name.bytes().any(|byte| byte.is_ascii_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gets_its_slash_and_keeps_the_one_it_has() {
        let config = Config::default();
        for (name, expected) in [
            ("", "/"),
            ("/", "/"),
            ("a", "/a"),
            ("/a/b", "/a/b"),
            ("é", "/é"),
        ] {
            assert_eq!(normalize(name, &config).unwrap(), expected);
        }
    }

    #[test]
    fn what_the_wire_cannot_carry_is_refused() {
        let config = Config::default();
        for name in ["a,b", "/a?b", "a\u{1e}b", "a\n", "\u{7f}"] {
            assert!(
                matches!(normalize(name, &config), Err(UsageError::Invalid(_))),
                "{name:?}"
            );
        }
    }

    #[test]
    fn the_limit_counts_the_slash() {
        let config = Config::default();
        let longest = "n".repeat(config.max_namespace_length - 1);
        assert!(normalize(&longest, &config).is_ok());
        assert_eq!(
            normalize(&(longest + "n"), &config),
            Err(UsageError::Limit("max_namespace_length"))
        );
    }
}
