//! The fuzz targets, replaying their committed seeds with the stable compiler.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;
use anyhow::Result;

use super::report::Report;
use crate::process::Step;
use crate::rust::cargo;
use crate::workspace;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let seeds = workspace::path("fuzz/seeds");
    if !workspace::path("fuzz/Cargo.toml").exists() {
        report.skip("the fuzz targets", "there are none yet");
        return Ok(());
    }
    let build = workspace::target("fuzz")?;
    let mut command = cargo(&["build", "--manifest-path", "fuzz/Cargo.toml"]);
    command
        .env("CARGO_TARGET_DIR", &build)
        .env("RUSTFLAGS", "--cfg fuzzing");
    Step::new("build the fuzz targets", command).must_succeed()?;
    for target in entries(&workspace::path("fuzz/fuzz_targets"))? {
        let name = target
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let inputs = entries(&seeds.join(&name))
            .with_context(|| format!("the fuzz target {name} has no seeds"))?;
        let mut replay = Command::new(build.join("debug").join(&name));
        replay.args(inputs);
        report.check(Step::new(format!("fuzz target {name}"), replay))?;
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        entries.push(entry?.path());
    }
    entries.sort();
    Ok(entries)
}
