//! What a server grants its clients: how often it asks whether they live, how much they may send.

use core::time::Duration;

use super::handshake::Transport;

/// The limits and intervals of Engine.IO sessions. Every one is finite, and none can be switched off.
///
/// Durations count in whole milliseconds, because the handshake announces them so; they are rounded
/// down, to at least 1 ms and at most about 49 days.
///
/// ```
/// use core::time::Duration;
/// use sansocket::engineio::Config;
///
/// let config = Config {
///     ping_interval: Duration::from_secs(10),
///     ..Config::default()
/// };
/// assert_eq!(config.max_payload_bytes, 1_000_000);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The time between two pings. Default: 25 s.
    pub ping_interval: Duration,
    /// How long a ping may stay unanswered. Default: 20 s.
    pub ping_timeout: Duration,
    /// How long an upgrade to WebSocket may take before it is given up. Default: 10 s.
    pub upgrade_timeout: Duration,
    /// The largest body of a POST, in bytes; announced to clients as `maxPayload`. Default: 1,000,000.
    pub max_payload_bytes: usize,
    /// The most packets in one POST. Default: 1,024.
    pub max_payload_packets: usize,
    /// What may wait for a client that does not read, in bytes; every packet counts 64 bytes more
    /// than its data. Default: 1 MiB.
    ///
    /// A session with more to keep is closed. One packet is always accepted when nothing waits.
    pub max_buffered_bytes: usize,
    /// The transports that clients may use. Default: both.
    pub transports: Transports,
    /// Whether a polling session may go over to WebSocket. Default: true.
    pub allow_upgrades: bool,
}

impl Config {
    /// Whether polling sessions are offered the upgrade to WebSocket.
    #[must_use]
    pub const fn offers_upgrade(&self) -> bool {
        self.allow_upgrades && self.transports.allows(Transport::WebSocket)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            upgrade_timeout: Duration::from_secs(10),
            max_payload_bytes: 1_000_000,
            max_payload_packets: 1_024,
            max_buffered_bytes: 1 << 20,
            transports: Transports::All,
            allow_upgrades: true,
        }
    }
}

/// Which transports a server offers: at least one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transports {
    /// HTTP long-polling and WebSocket.
    #[default]
    All,
    /// HTTP long-polling alone.
    Polling,
    /// WebSocket alone.
    WebSocket,
}

impl Transports {
    /// Whether `transport` is among them.
    #[must_use]
    pub const fn allows(self, transport: Transport) -> bool {
        matches!(
            (self, transport),
            (Self::All, _)
                | (Self::Polling, Transport::Polling)
                | (Self::WebSocket, Transport::WebSocket)
        )
    }
}

/// A duration as the handshake announces it and the session obeys it: one rounding for both.
pub(super) fn whole_milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis())
        .unwrap_or(u32::MAX)
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_at_least_a_millisecond_and_finite() {
        assert_eq!(whole_milliseconds(Duration::ZERO), 1);
        assert_eq!(whole_milliseconds(Duration::from_micros(2_999)), 2);
        assert_eq!(whole_milliseconds(Duration::MAX), u32::MAX);
    }

    #[test]
    fn an_upgrade_needs_websocket() {
        let mut config = Config::default();
        assert!(config.offers_upgrade());
        config.transports = Transports::Polling;
        assert!(!config.offers_upgrade());
        config.transports = Transports::WebSocket;
        assert!(config.offers_upgrade());
        config.allow_upgrades = false;
        assert!(!config.offers_upgrade());
    }
}
