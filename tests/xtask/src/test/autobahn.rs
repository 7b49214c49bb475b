//! The Autobahn suite: the `echo` fixture of every host is the server, and a Rust program the client.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::counts;
use super::report::Report;
use crate::fixture;
use crate::fixture::Fixture;
use crate::fixture::Host;
use crate::process::Step;
use crate::python::Environment;

/// The cases that a minute is enough for, which are nearly all kinds of them.
pub(crate) fn run(report: &mut Report) -> Result<()> {
    run_selection(report, &[])
}

/// All 517 cases.
pub(crate) fn run_all(report: &mut Report) -> Result<()> {
    run_selection(report, &["--all"])
}

fn run_selection(report: &mut Report, selection: &[&str]) -> Result<()> {
    let environment = Environment::locked("autobahn", REQUIREMENTS)?;
    let suite = || {
        // Old code on a new Python: the warnings are about lines that are not ours.
        let mut command = environment.python(&["-W", "ignore", PROGRAM]);
        command.args(selection);
        command
    };
    for host in Host::ALL {
        if let Err(error) = test_server(report, host, suite()) {
            report.fail(host.name(), &format!("{error:#}"));
        }
    }
    test_client(report, suite())
}

fn test_server(report: &mut Report, host: Host, mut suite: Command) -> Result<()> {
    fixture::build(host)?;
    let (server, port) = fixture::start(host, Fixture::Echo, &[])?;
    suite.args(["server", &port.to_string()]);
    let label = format!("autobahn with the {} server", host.name());
    report.suite(Step::new(label, suite).within(LIMIT), counts::autobahn)?;
    report.stop(server);
    Ok(())
}

fn test_client(report: &mut Report, mut suite: Command) -> Result<()> {
    fixture::build(Host::Rust)?;
    suite.arg("client").args(fixture::autobahn_client());
    let step = Step::new("autobahn with the rust client", suite);
    report.suite(step.within(LIMIT), counts::autobahn)
}

const PROGRAM: &str = "tests/autobahn/run.py";
const REQUIREMENTS: &str = "tests/autobahn/requirements.txt";

/// All cases take a quarter of an hour when nobody else needs the processor.
const LIMIT: Duration = Duration::from_secs(60 * 60);
