//! Which program serves which fixture on which host; `tests/fixtures/README.md` says what each of them does.

use std::ffi::OsString;
use std::process::Command;
use std::str::FromStr;

use anyhow::Result;
use anyhow::bail;

use crate::demo;
use crate::demo::Demo;
use crate::node;
use crate::process::Server;
use crate::process::Step;
use crate::python::Environment;
use crate::rust;
use crate::workspace;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Rust,
    Python,
    Node,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fixture {
    Echo,
    Protocol,
    Interop,
    Bench,
    Chat,
}

impl Host {
    pub(crate) const ALL: [Self; 3] = [Self::Rust, Self::Python, Self::Node];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::Node => "node",
        }
    }

    /// What its fixture `chat` serves.
    fn demo(self) -> Demo {
        match self {
            Self::Rust => Demo::Rust,
            Self::Python => Demo::Django,
            Self::Node => Demo::Node,
        }
    }
}

impl Fixture {
    pub(crate) const ALL: [Self; 5] = [
        Self::Echo,
        Self::Protocol,
        Self::Interop,
        Self::Bench,
        Self::Chat,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Protocol => "protocol",
            Self::Interop => "interop",
            Self::Bench => "bench",
            Self::Chat => "chat",
        }
    }
}

impl FromStr for Host {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        let Some(host) = Self::ALL.into_iter().find(|host| host.name() == name) else {
            bail!("`{name}` is not a host: rust, python or node");
        };
        Ok(host)
    }
}

impl FromStr for Fixture {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        let Some(fixture) = Self::ALL.into_iter().find(|fixture| fixture.name() == name) else {
            bail!("`{name}` is not a fixture: echo, protocol, interop, bench or chat");
        };
        Ok(fixture)
    }
}

/// Builds what one fixture of a host needs.
pub(crate) fn build_for(host: Host, fixture: Fixture) -> Result<()> {
    match fixture {
        Fixture::Chat => host.demo().build(),
        _ => build(host),
    }
}

/// Builds what the other fixtures of a host run on.
pub(crate) fn build(host: Host) -> Result<()> {
    match host {
        Host::Rust => {
            let build = rust::cargo(&["build", "--release", "--package", FIXTURES]);
            Step::new("build the Rust fixtures", build).must_succeed()?;
        }
        Host::Python => drop(Environment::ready()?),
        Host::Node => node::build_binding()?,
    }
    Ok(())
}

/// The client that the Autobahn suite tests, when the Rust fixtures are built.
pub(crate) fn autobahn_client() -> [OsString; 2] {
    [
        rust::release_program(FIXTURES).into_os_string(),
        "autobahn-client".into(),
    ]
}

/// The command of a fixture whose host is built.
pub(crate) fn command(
    host: Host,
    fixture: Fixture,
    port: u16,
    options: &[String],
) -> Result<Command> {
    if fixture == Fixture::Chat && host != Host::Python {
        return host.demo().command(port);
    }
    let name = fixture.name();
    let mut command = match host {
        Host::Rust => {
            let mut command = Command::new(rust::release_program(FIXTURES));
            command.arg(name);
            command
        }
        Host::Python => {
            Environment::ready()?.python(&[&format!("tests/fixtures/python/{name}.py")])
        }
        Host::Node => node::node("", &[&format!("tests/fixtures/node/{name}.js")]),
    };
    if fixture == Fixture::Chat {
        demo::django(&mut command)?;
    }
    command
        .current_dir(workspace::root())
        .args(["--port", &port.to_string()])
        .args(options);
    Ok(command)
}

/// Starts a fixture on a free port.
pub(crate) fn start(host: Host, fixture: Fixture, options: &[&str]) -> Result<(Server, u16)> {
    let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
    let label = format!(
        "fixture {} {} {}",
        host.name(),
        fixture.name(),
        options.join(" ")
    );
    let listening = |line: &str| line.strip_prefix("LISTENING ")?.trim().parse().ok();
    Server::start(
        label.trim(),
        command(host, fixture, 0, &options)?,
        listening,
    )
}

/// The package of the Rust fixtures, and its one program.
const FIXTURES: &str = "sansocket-fixtures";
