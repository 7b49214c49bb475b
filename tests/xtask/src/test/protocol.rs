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
    for (host, options) in SERVERS {
        if let Err(error) = run_server(report, *host, options) {
            report.fail(host.name(), &format!("{error:#}"));
        }
    }
    Ok(())
}

fn run_server(report: &mut Report, host: Host, options: &[&str]) -> Result<()> {
    fixture::build(host)?;
    let (server, port) = fixture::start(host, Fixture::Protocol, options)?;
    let mut tests = node::node_test(FOLDER)?;
    tests.env("SERVER_URL", format!("http://127.0.0.1:{port}"));
    let label = format!("protocol with {} {}", host.name(), options.join(" "));
    report.suite(Step::new(label.trim(), tests), counts::node)?;
    report.stop(server);
    Ok(())
}

/// The hosts; Python both with our protocol class, which hands over bytes, and with uvicorn's own, which hands over messages.
const SERVERS: &[(Host, &[&str])] = &[
    (Host::Rust, &[]),
    (Host::Python, &[]),
    (Host::Python, &["--ws-class", "default"]),
    (Host::Node, &[]),
];
const FOLDER: &str = "tests/protocol";
