//! The one clock of the module: the core has none.

use std::sync::OnceLock;
use std::time::Instant as SystemInstant;

use sansocket::Instant;

/// The time since the first call of this function.
pub(crate) fn now() -> Instant {
    static START: OnceLock<SystemInstant> = OnceLock::new();
    let since_start = START.get_or_init(SystemInstant::now).elapsed();
    Instant::from_micros(u64::try_from(since_start.as_micros()).unwrap_or(u64::MAX))
}
