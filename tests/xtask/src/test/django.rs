//! The Django example's own tests.

use anyhow::Result;

use super::counts;
use super::report::Report;
use crate::demo;
use crate::process::Step;
use crate::python::Environment;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let environment = Environment::ready()?;
    let manage = |arguments: &[&str]| {
        let mut command = environment.python(&["manage.py"]);
        command.args(arguments);
        demo::django(&mut command).map(|()| command)
    };
    report.suite(
        Step::new("manage.py test", manage(&["test"])?),
        counts::django,
    )?;
    report.check(Step::new("manage.py check", manage(&["check"])?))?;
    report.check(Step::new(
        "manage.py makemigrations --check",
        manage(&["makemigrations", "--check", "--dry-run"])?,
    ))
}
