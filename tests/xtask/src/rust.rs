//! Cargo, as a step.

use std::path::PathBuf;
use std::process::Command;

use crate::workspace;

/// `cargo` with these arguments, at the root of the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    // The variables that `cargo run` has set for us describe this crate and must not leak into another build.
    let mut command = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_")
            || text.starts_with("CARGO_MANIFEST_")
            || text == "CARGO_PRIMARY_PACKAGE"
        {
            command.env_remove(&name);
        }
    }
    command
        .args(arguments)
        .current_dir(workspace::root())
        .env("CARGO_TERM_COLOR", "never");
    command
}

/// A program that `cargo build --release` has made.
pub(crate) fn release_program(name: &str) -> PathBuf {
    workspace::path("target/release").join(name)
}
