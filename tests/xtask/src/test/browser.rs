//! The Django example in a real browser.

use std::process::Command;

use anyhow::Result;

use super::counts;
use super::report::Report;
use crate::demo::BROWSER_TESTS;
use crate::demo::Demo;
use crate::fixture;
use crate::fixture::Fixture;
use crate::fixture::Host;
use crate::node;
use crate::process;
use crate::process::Step;
use crate::workspace;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    if !has_chromium()? {
        report.skip(
            "the chat in a browser",
            "chromium is missing and cannot be installed",
        );
        return Ok(());
    }
    node::install(BROWSER_TESTS)?;
    Demo::Django.build()?;
    let (server, port) = fixture::start(Host::Python, Fixture::Chat, &[])?;
    let mut tests = node::node_test(BROWSER_TESTS)?;
    tests
        .env("CHAT_URL", format!("http://127.0.0.1:{port}"))
        .env("SCREENSHOTS", workspace::target("screenshots")?);
    report.suite(Step::new("the chat in a browser", tests), counts::node)?;
    report.stop(server);
    Ok(())
}

/// Debian's Chromium; the one program that is installed for the whole machine, and only by root.
fn has_chromium() -> Result<bool> {
    if process::exists("chromium") {
        return Ok(true);
    }
    if !process::exists("apt-get") || !nix::unistd::Uid::effective().is_root() {
        return Ok(false);
    }
    let apt = |label: &str, arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive");
        Step::new(label, command).run()
    };
    let installed = apt("apt-get update", &["update", "--quiet"])?.success
        && apt(
            "apt-get install chromium",
            &[
                "install",
                "--quiet",
                "--yes",
                "--no-install-recommends",
                "chromium",
            ],
        )?
        .success;
    Ok(installed && process::exists("chromium"))
}
