//! What is published: the wheel and the npm tarball, built into `target/dist/`.

use anyhow::Result;

use crate::node;
use crate::process::Step;
use crate::python;
use crate::python::Environment;
use crate::workspace;

pub(crate) fn run() -> Result<()> {
    let folder = workspace::target("dist")?;
    std::fs::create_dir_all(&folder)?;
    let environment = Environment::ready()?;
    let wheel = python::wheel(&environment)?;
    std::fs::copy(&wheel, folder.join(wheel.file_name().unwrap_or_default()))?;
    node::build_binding()?;
    npm_tarball(&folder)?;
    for entry in std::fs::read_dir(&folder)? {
        println!("{}", workspace::shown(&entry?.path()));
    }
    Ok(())
}

/// Packs the built Node binding into a folder.
pub(crate) fn npm_tarball(folder: &std::path::Path) -> Result<()> {
    let mut command = node::npm(
        "bindings-node",
        &["pack", "--ignore-scripts", "--pack-destination"],
    );
    command.arg(folder);
    Step::new("pack the npm package", command).must_succeed()?;
    Ok(())
}
