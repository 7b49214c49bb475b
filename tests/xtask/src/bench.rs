//! The benchmarks: the core beside its peers, in one process (`tests/bench`).

use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use anyhow::Context;
use anyhow::Result;
use anyhow::bail;

use crate::process::Step;
use crate::rust;

/// Runs the named benchmarks, or all; `json` is the file that gets the numbers instead of the terminal.
pub(crate) fn run(names: &[String], json: Option<&Path>) -> Result<()> {
    let build = rust::cargo(&["build", "--release", "--package", BENCHMARKS]);
    Step::new("build the benchmarks", build).must_succeed()?;
    let mut command = Command::new(rust::release_program(BENCHMARKS));
    command.args(names).stdin(Stdio::null());
    let status = match json {
        None => command.status()?,
        Some(file) => {
            let output = std::fs::File::create(file)
                .with_context(|| format!("cannot write {}", file.display()))?;
            command.arg("--json").stdout(output).status()?
        }
    };
    if !status.success() {
        bail!("the benchmarks failed ({status})");
    }
    Ok(())
}

/// The package of the benchmarks, and its one program.
const BENCHMARKS: &str = "sansocket-bench";
