//! The Python package: the wheel by itself, form, types, and the tests on real sockets.

use anyhow::Result;

use super::counts;
use super::report::Report;
use crate::process::Step;
use crate::python;
use crate::python::Environment;
use crate::workspace;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let environment = Environment::ready()?;
    let check = |label: &str, arguments: &[&str]| {
        let mut command = environment.python(arguments);
        command.current_dir(workspace::path("bindings-python"));
        Step::new(label, command)
    };
    report.check(check("ruff check", &["-m", "ruff", "check", "."]))?;
    report.check(check(
        "ruff format --check",
        &["-m", "ruff", "format", "--check", "."],
    ))?;
    report.check(check(
        "mypy --strict",
        &["-m", "mypy", "--strict", "python/sansocket"],
    ))?;
    report.check(check(
        "stubtest",
        &["-m", "mypy.stubtest", "sansocket._core"],
    ))?;
    report.suite(
        check(
            "pytest",
            &["-m", "pytest", "-p", "no:cacheprovider", "tests"],
        ),
        counts::pytest,
    )?;
    import_alone(report, &environment)
}

/// The wheel has no dependency: it works in an environment that holds nothing else.
fn import_alone(report: &mut Report, environment: &Environment) -> Result<()> {
    let wheel = python::wheel(environment)?;
    let empty = Environment::fresh("wheel")?;
    empty.install_wheel(&wheel)?;
    let mut import = empty.python(&[
        "-c",
        "import sansocket; sansocket.ASGIApp(sansocket.AsyncServer(async_mode='asgi'))",
    ]);
    import.current_dir(workspace::target("wheel")?);
    report.check(Step::new("use the wheel in an empty environment", import))
}
