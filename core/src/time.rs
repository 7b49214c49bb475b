//! Time as an argument: the core has no clock, the host says what time it is.

use alloc::collections::BinaryHeap;
use core::cmp::Reverse;
use core::ops::Add;
use core::time::Duration;

/// A moment, in microseconds since an epoch that the caller chooses.
///
/// Any monotonic clock will do: microseconds since the process started, or since a simulation
/// began. The machines clamp time that runs backwards, so a coarse or jumpy clock is harmless.
///
/// ```
/// use core::time::Duration;
/// use sansocket::Instant;
///
/// let start = Instant::from_micros(1_000);
/// let later = start + Duration::from_millis(25);
/// assert_eq!(later.as_micros(), 26_000);
/// assert_eq!(later.saturating_duration_since(start), Duration::from_millis(25));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The caller's epoch.
    pub const ZERO: Self = Self(0);

    /// The moment `micros` microseconds after the epoch.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// The moment `millis` milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The time that passed since `earlier`, or zero when `earlier` is later.
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// Saturates at the end of time instead of overflowing.
    fn add(self, rhs: Duration) -> Self {
        let micros = u64::try_from(rhs.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(micros))
    }
}

/// The next deadlines of many keys, cheapest first.
///
/// An entry is a hint: whoever pops it asks the owner for its real deadline and arms it again when
/// that lies in the future. Moving a deadline back therefore costs nothing, and a heartbeat that is
/// answered in time never touches the heap.
#[derive(Debug)]
pub(crate) struct Deadlines<K: Ord> {
    heap: BinaryHeap<Reverse<(Instant, K)>>,
}

impl<K: Ord + Copy> Deadlines<K> {
    pub(crate) const fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
        }
    }

    pub(crate) fn arm(&mut self, at: Instant, key: K) {
        self.heap.push(Reverse((at, key)));
    }

    /// The next entry whose time has come.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<K> {
        let Reverse((at, _)) = self.heap.peek()?;
        if *at > now {
            return None;
        }
        self.heap.pop().map(|Reverse((_, key))| key)
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adding_saturates_at_the_end_of_time() {
        let end = Instant::from_micros(u64::MAX);
        assert_eq!(end + Duration::from_secs(1), end);
        assert_eq!(Instant::ZERO + Duration::MAX, end);
    }

    #[test]
    fn a_later_moment_is_no_negative_duration() {
        let early = Instant::from_millis(1);
        let late = Instant::from_millis(5);
        assert_eq!(early.saturating_duration_since(late), Duration::ZERO);
    }

    #[test]
    fn deadlines_come_out_in_order_and_only_when_due() {
        let mut deadlines = Deadlines::new();
        deadlines.arm(Instant::from_millis(30), 'c');
        deadlines.arm(Instant::from_millis(10), 'a');
        deadlines.arm(Instant::from_millis(20), 'b');
        assert_eq!(deadlines.next(), Some(Instant::from_millis(10)));
        assert_eq!(deadlines.pop_due(Instant::from_millis(9)), None);
        assert_eq!(deadlines.pop_due(Instant::from_millis(20)), Some('a'));
        assert_eq!(deadlines.pop_due(Instant::from_millis(20)), Some('b'));
        assert_eq!(deadlines.pop_due(Instant::from_millis(20)), None);
    }
}
