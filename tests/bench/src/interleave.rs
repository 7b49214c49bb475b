//! Ours and the peer's runs in turn, so that a noisy machine disturbs both alike.

use std::fmt;
use std::time::Duration;
use std::time::Instant;

/// One row of results.
pub(crate) struct Figure {
    name: String,
    peer: &'static str,
    /// Nanoseconds of one operation, ours: the median of the rounds.
    nanos: f64,
    /// The peer's time over ours: above 1, we are faster.
    ratio: f64,
}

/// Measures `ours` against `theirs`; each call does `operations` operations.
pub(crate) fn compare(
    name: impl Into<String>,
    peer: &'static str,
    operations: u32,
    mut ours: impl FnMut(),
    mut theirs: impl FnMut(),
) -> Figure {
    for _ in 0..WARM_UP {
        ours();
        theirs();
    }
    let mut times = Vec::with_capacity(ROUNDS);
    let mut ratios = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let mine = time(&mut ours);
        let other = time(&mut theirs);
        times.push(mine.as_secs_f64() * 1e9 / f64::from(operations));
        ratios.push(other.as_secs_f64() / mine.as_secs_f64());
    }
    Figure {
        name: name.into(),
        peer,
        nanos: median(times),
        ratio: median(ratios),
    }
}

impl Figure {
    pub(crate) fn json(&self) -> String {
        format!(
            r#"{{"name":"{}","peer":"{}","nanoseconds":{:.1},"ratio":{:.2}}}"#,
            self.name, self.peer, self.nanos, self.ratio
        )
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<44} {:>10.1} ns  {:>6.2}x {}",
            self.name, self.nanos, self.ratio, self.peer
        )
    }
}

fn time(run: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

const WARM_UP: usize = 3;
const ROUNDS: usize = 31;
