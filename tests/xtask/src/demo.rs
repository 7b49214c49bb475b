//! The chat example, served by the host that the reader asks for.

use std::path::PathBuf;
use std::process::Command;
use std::str::FromStr;

use anyhow::Result;
use anyhow::bail;

use crate::node;
use crate::process;
use crate::process::Step;
use crate::python::Environment;
use crate::rust;
use crate::workspace;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demo {
    Django,
    Node,
    Rust,
}

impl Demo {
    /// Builds the example and becomes its server.
    pub(crate) fn serve(self, port: Option<u16>) -> Result<()> {
        let port = port.unwrap_or(8000);
        self.build()?;
        eprintln!("\n  The chat is at http://127.0.0.1:{port}/ (Ctrl-C ends it)\n");
        process::become_command(self.command(port)?)
    }

    pub(crate) fn build(self) -> Result<()> {
        match self {
            Self::Django => {
                // The page loads the stock client, which the browser tests have locked.
                node::install(BROWSER_TESTS)?;
                let environment = Environment::ready()?;
                for (label, command) in [
                    ("prepare the database", "migrate"),
                    ("create the demo users", "create_demo_users"),
                ] {
                    let mut manage = environment.python(&["manage.py", command]);
                    django(&mut manage)?;
                    Step::new(label, manage).must_succeed()?;
                }
            }
            Self::Node => node::build_binding()?,
            Self::Rust => {
                node::install(BROWSER_TESTS)?;
                let build = rust::cargo(&[
                    "build",
                    "--release",
                    "--package",
                    "sansocket",
                    "--example",
                    "chat",
                ]);
                Step::new("build the Rust example", build).must_succeed()?;
            }
        }
        Ok(())
    }

    /// The command of an example that is built.
    pub(crate) fn command(self, port: u16) -> Result<Command> {
        let port = port.to_string();
        Ok(match self {
            Self::Django => {
                let mut command = Environment::ready()?.program("uvicorn");
                command.args([
                    "--ws",
                    "sansocket.uvicorn:WebSocketProtocol",
                    "--port",
                    &port,
                    "django_chat.asgi:application",
                ]);
                django(&mut command)?;
                command
            }
            Self::Node => node::node(
                "bindings-node/examples/chat",
                &["index.js", "--port", &port],
            ),
            Self::Rust => {
                let mut command = Command::new(rust::release_program("examples/chat"));
                command
                    .args(["--port", &port])
                    .env("SOCKET_IO_CLIENT", client_bundles());
                command
            }
        })
    }
}

impl FromStr for Demo {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        Ok(match name {
            "django" => Self::Django,
            "node" => Self::Node,
            "rust" => Self::Rust,
            _ => bail!("`{name}` is not a demo: django, node or rust"),
        })
    }
}

/// Where the Django example is, and what it reads from its environment.
pub(crate) fn django(command: &mut Command) -> Result<()> {
    command
        .current_dir(workspace::path("bindings-python/examples/django_chat"))
        .env("DJANGO_DATABASE", workspace::target("demo/django.sqlite3")?)
        .env("SOCKET_IO_CLIENT", client_bundles());
    Ok(())
}

/// Where the stock client's bundles for browsers are, once the browser tests are installed.
fn client_bundles() -> PathBuf {
    workspace::path(BROWSER_TESTS).join("node_modules/socket.io-client/dist")
}

/// The tests of the Django example in a browser, whose locked packages hold the stock client.
pub(crate) const BROWSER_TESTS: &str = "tests/browser";
