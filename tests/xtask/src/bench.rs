//! The benchmarks, by name.

use std::path::PathBuf;

use anyhow::Result;
use anyhow::bail;

/// Runs the named benchmarks, or all; `json` is the file that gets the numbers.
pub(crate) fn run(_names: &[String], _json: Option<PathBuf>) -> Result<()> {
    bail!("there are no benchmarks yet")
}
