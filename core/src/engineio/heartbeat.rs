//! The heartbeat: the server pings, the client answers in time or is gone.

use core::time::Duration;

use crate::Instant;

/// Pings fall on a grid that starts at the handshake, and so do their deadlines: a host that is late
/// with one ping is not late with the next, and gives no client more time than it was promised.
#[derive(Debug)]
pub(super) struct Heartbeat {
    /// When the next ping is due, or when the unanswered one was.
    due: Instant,
    awaits_pong: bool,
    interval_ms: u32,
    timeout_ms: u32,
}

/// What the time has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    /// Send a ping.
    Ping,
    /// §Heartbeat: without a pong in time the connection SHOULD count as closed.
    Dead,
}

impl Heartbeat {
    pub(super) fn start(now: Instant, interval_ms: u32, timeout_ms: u32) -> Self {
        Self {
            due: now + milliseconds(interval_ms),
            awaits_pong: false,
            interval_ms,
            timeout_ms,
        }
    }

    pub(super) fn advance(&mut self, now: Instant) -> Option<Beat> {
        // The deadline holds even when the host slept over the ping itself: the client, which
        // expects a ping within the same time, has given up as well.
        if now >= self.pong_deadline() {
            Some(Beat::Dead)
        } else if !self.awaits_pong && now >= self.due {
            self.awaits_pong = true;
            Some(Beat::Ping)
        } else {
            None
        }
    }

    /// A pong that nobody asked for changes nothing.
    pub(super) fn handle_pong(&mut self, now: Instant) {
        if !self.awaits_pong {
            return;
        }
        self.awaits_pong = false;
        // The next point of the grid after now: more than one interval may have passed when the
        // timeout is longer than the interval.
        let interval = u64::from(self.interval_ms) * 1_000;
        let late = now.as_micros().saturating_sub(self.due.as_micros());
        let passed = late - late % interval.max(1);
        self.due = self.due + Duration::from_micros(passed) + milliseconds(self.interval_ms);
    }

    /// When [`advance`](Self::advance) has something to say.
    pub(super) fn next(&self) -> Instant {
        if self.awaits_pong {
            self.pong_deadline()
        } else {
            self.due
        }
    }

    /// How long a client has to react to anything.
    pub(super) fn timeout(&self) -> Duration {
        milliseconds(self.timeout_ms)
    }

    fn pong_deadline(&self) -> Instant {
        self.due + milliseconds(self.timeout_ms)
    }
}

fn milliseconds(count: u32) -> Duration {
    Duration::from_millis(count.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn pings_stay_on_the_grid_however_late_the_host_is() {
        let mut heartbeat = Heartbeat::start(at(0), 300, 200);
        assert_eq!(heartbeat.advance(at(299)), None);
        assert_eq!(heartbeat.advance(at(390)), Some(Beat::Ping));
        assert_eq!(heartbeat.advance(at(391)), None);
        heartbeat.handle_pong(at(450));
        assert_eq!(heartbeat.next(), at(600));
        assert_eq!(heartbeat.advance(at(600)), Some(Beat::Ping));
        assert_eq!(heartbeat.next(), at(800));
    }

    #[test]
    fn the_deadline_counts_from_when_the_ping_was_due() {
        let mut heartbeat = Heartbeat::start(at(0), 300, 200);
        assert_eq!(heartbeat.advance(at(499)), Some(Beat::Ping));
        assert_eq!(heartbeat.advance(at(500)), Some(Beat::Dead));
    }

    #[test]
    fn no_ping_is_owed_while_one_is_unanswered() {
        let mut heartbeat = Heartbeat::start(at(0), 100, 1_000);
        assert_eq!(heartbeat.advance(at(100)), Some(Beat::Ping));
        assert_eq!(heartbeat.advance(at(350)), None);
        heartbeat.handle_pong(at(350));
        assert_eq!(heartbeat.next(), at(400));
        assert_eq!(heartbeat.advance(at(400)), Some(Beat::Ping));
    }

    #[test]
    fn a_pong_nobody_asked_for_changes_nothing() {
        let mut heartbeat = Heartbeat::start(at(0), 300, 200);
        for now in 0..300 {
            heartbeat.handle_pong(at(now));
        }
        assert_eq!(heartbeat.next(), at(300));
    }
}
