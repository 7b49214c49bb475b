//! The limits and times of a connection.

use core::time::Duration;

/// Limits are numbers: "unlimited" cannot be said.
///
/// ```
/// use sansocket::websocket::Config;
///
/// let config = Config { max_message_bytes: 64 * 1024, ..Config::default() };
/// assert_eq!(config.max_fragments, 16_384);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The longest message that is accepted, in bytes, over all its fragments. A longer one ends
    /// the connection with 1009, as soon as its length is declared. Default: 1 MiB.
    pub max_message_bytes: usize,
    /// The most frames that one message may be cut into, empty ones included. Default: 16,384.
    pub max_fragments: u32,
    /// How long the peer has to answer our close frame. Default: 10 seconds.
    pub close_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_message_bytes: 1024 * 1024,
            max_fragments: 16_384,
            close_timeout: Duration::from_secs(10),
        }
    }
}
