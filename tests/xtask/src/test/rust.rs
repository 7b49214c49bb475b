//! The Rust crates: form, lints, tests, documentation, and the core without `std`.

use std::process::Command;

use anyhow::Result;

use super::counts;
use super::report::Report;
use crate::process;
use crate::process::Step;
use crate::rust::cargo;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    report.check(Step::new(
        "cargo fmt --check",
        cargo(&["fmt", "--all", "--check"]),
    ))?;
    let clippy = cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]);
    report.check(Step::new("cargo clippy", clippy))?;
    // The two bindings are libraries that only their host can load, so they are tested through it.
    report.suite(
        Step::new("cargo test", cargo(&["test", "--no-fail-fast"])),
        counts::cargo,
    )?;
    let mut documentation = cargo(&[
        "doc",
        "--no-deps",
        "--document-private-items",
        "--package",
        "sansocket",
    ]);
    documentation.env("RUSTDOCFLAGS", "-D warnings");
    report.check(Step::new("cargo doc", documentation))
}

/// `no_std` is a build, not an attribute: the core is compiled for a target that has no `std`.
pub(crate) fn run_no_std(report: &mut Report) -> Result<()> {
    if !has_target()? {
        let mut add = Command::new("rustup");
        add.args(["target", "add", BARE_TARGET]);
        if !Step::new("install the bare target", add)
            .run()
            .is_ok_and(|finished| finished.success)
        {
            report.skip(
                "the core without std",
                &format!("the target {BARE_TARGET} cannot be installed"),
            );
            return Ok(());
        }
    }
    let build = cargo(&[
        "build",
        "--package",
        "sansocket",
        "--no-default-features",
        "--target",
        BARE_TARGET,
    ]);
    report.check(Step::new("build the core without std", build))
}

/// The arrows of the design, alone.
pub(crate) fn run_layering(report: &mut Report) -> Result<()> {
    let test = cargo(&["test", "--package", "sansocket-tests", "--test", "layering"]);
    report.suite(Step::new("cargo test layering", test), counts::cargo)
}

fn has_target() -> Result<bool> {
    let mut list = Command::new("rustc");
    list.args(["--print", "target-libdir", "--target", BARE_TARGET]);
    Ok(std::path::Path::new(&process::capture(list)?).exists())
}

const BARE_TARGET: &str = "thumbv7em-none-eabi";
