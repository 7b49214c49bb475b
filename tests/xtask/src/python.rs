//! The Python side: virtual environments below `target/venv/`, and the wheel that goes into them.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;
use anyhow::Result;
use anyhow::bail;

use crate::process;
use crate::process::Step;
use crate::stamp::Stamp;
use crate::workspace;

/// What the wheel is made from.
const WHEEL_INPUTS: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "core",
    "bindings-python/Cargo.toml",
    "bindings-python/README.md",
    "bindings-python/pyproject.toml",
    "bindings-python/python",
    "bindings-python/src",
];
/// What builds the wheel.
const MATURIN: &str = "maturin>=1.9.4,<2";
/// The extras of the wheel that the tests, the fixtures and the demo need.
const EXTRAS: &str = "[dev,django,uvicorn]";

/// A virtual environment.
pub(crate) struct Environment(PathBuf);

impl Environment {
    /// The environment of the tests, fixtures and demo: the wheel of the present sources, and what its extras name.
    pub(crate) fn ready() -> Result<Self> {
        require_python()?;
        let environment = Self::with_maturin()?;
        let wheel = wheel(&environment)?;
        let installed = Stamp::new("wheel-installed", WHEEL_INPUTS, &environment.version()?)?;
        if !installed.is_current(&environment.0.join("bin/uvicorn")) {
            environment.install_wheel(&wheel)?;
            let mut extras = environment.python(&["-m", "pip", "install"]);
            extras.arg(format!("{}{EXTRAS}", wheel.display()));
            Step::new("install what the Python tests need", extras).must_succeed()?;
            installed.keep()?;
        }
        Ok(environment)
    }

    /// An environment that holds what a file of requirements has locked.
    pub(crate) fn locked(name: &str, requirements: &str) -> Result<Self> {
        require_python()?;
        let environment = Self(workspace::target(&format!("venv/{name}"))?);
        let version = process::capture(python3(&["-V"]))?;
        let stamp = Stamp::new(&format!("venv-{name}"), &[requirements], &version)?;
        if !stamp.is_current(&environment.0) {
            Self::fresh(name)?;
            let install =
                environment.python(&["-m", "pip", "install", "--requirement", requirements]);
            Step::new(format!("install {requirements}"), install).must_succeed()?;
            stamp.keep()?;
        }
        Ok(environment)
    }

    /// A new environment that holds nothing but pip.
    pub(crate) fn fresh(name: &str) -> Result<Self> {
        let path = workspace::target(&format!("venv/{name}"))?;
        let mut command = Command::new("python3");
        command.args(["-m", "venv", "--clear"]).arg(&path);
        Step::new(format!("create the virtual environment {name}"), command).must_succeed()?;
        Ok(Self(path))
    }

    /// The interpreter, with every cache below `target/`.
    pub(crate) fn python(&self, arguments: &[&str]) -> Command {
        let mut command = self.program("python");
        command.args(arguments);
        command
    }

    /// A program that the environment has installed.
    pub(crate) fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.0.join("bin").join(name));
        let cache = workspace::path("target/cache");
        command
            .current_dir(workspace::root())
            .env_remove("PYTHONPATH")
            .env("VIRTUAL_ENV", &self.0)
            .env("PIP_CACHE_DIR", cache.join("pip"))
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
            .env("PYTHONPYCACHEPREFIX", cache.join("pycache"))
            .env("MYPY_CACHE_DIR", cache.join("mypy"))
            .env("RUFF_CACHE_DIR", cache.join("ruff"));
        command
    }

    /// Puts the wheel in the place of an older one; its dependencies are not looked for.
    pub(crate) fn install_wheel(&self, wheel: &Path) -> Result<()> {
        let mut command = self.python(&[
            "-m",
            "pip",
            "install",
            "--force-reinstall",
            "--no-deps",
            "--no-index",
        ]);
        command.arg(wheel);
        Step::new("install the wheel", command).must_succeed()?;
        Ok(())
    }

    fn with_maturin() -> Result<Self> {
        let path = workspace::target("venv/python")?;
        let environment = Self(path.clone());
        let stamp = Stamp::new("maturin", &[], &process::capture(python3(&["-V"]))?)?;
        if stamp.is_current(&path) {
            return Ok(environment);
        }
        let environment = Self::fresh("python")?;
        let install = environment.python(&["-m", "pip", "install", MATURIN]);
        Step::new("install maturin", install).must_succeed()?;
        stamp.keep()?;
        Ok(environment)
    }

    fn version(&self) -> Result<String> {
        process::capture(self.python(&["-V"]))
    }
}

/// The wheel of the present sources.
pub(crate) fn wheel(environment: &Environment) -> Result<PathBuf> {
    let folder = workspace::target("wheel")?;
    let stamp = Stamp::new("wheel", WHEEL_INPUTS, "")?;
    if !stamp.is_current(&folder) {
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        let mut command = environment.program("maturin");
        command
            .args([
                "build",
                "--release",
                "--manifest-path",
                "bindings-python/Cargo.toml",
                "--out",
            ])
            .arg(&folder);
        Step::new("build the wheel", command).must_succeed()?;
        stamp.keep()?;
    }
    let mut wheels = std::fs::read_dir(&folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    wheels
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .context("maturin left no wheel")
}

fn require_python() -> Result<()> {
    if !process::exists("python3") {
        bail!("python3 is missing: Python 3.11 or newer is needed");
    }
    let check = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
    if process::capture(python3(&["-c", check])).is_err() {
        bail!(
            "python3 has to be Python 3.11 or newer, with the venv module (Debian: apt-get install python3-venv)"
        );
    }
    Ok(())
}

fn python3(arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.args(arguments);
    command
}
