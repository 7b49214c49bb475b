//! The specifications, point by point, against the `protocol` fixture of every host.

use anyhow::Result;

use super::counts;
use super::report::Report;
use crate::fixture;
use crate::fixture::Fixture;
use crate::fixture::Host;
use crate::node;
use crate::process::Step;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    node::install(FOLDER)?;
    for host in Host::ALL {
        if let Err(error) = run_host(report, host) {
            report.fail(host.name(), &format!("{error:#}"));
        }
    }
    Ok(())
}

fn run_host(report: &mut Report, host: Host) -> Result<()> {
    fixture::build(host)?;
    let (server, port) = fixture::start(host, Fixture::Protocol, &[])?;
    let mut tests = node::node_test(FOLDER)?;
    tests.env("SERVER_URL", format!("http://127.0.0.1:{port}"));
    report.suite(
        Step::new(format!("protocol with {}", host.name()), tests),
        counts::node,
    )?;
    report.stop(server);
    Ok(())
}

const FOLDER: &str = "tests/protocol";
