//! The Node package: types, the tests on real sockets, and the tarball by itself.

use anyhow::Context;
use anyhow::Result;

use super::counts;
use super::report::Report;
use crate::node;
use crate::package;
use crate::process::Step;
use crate::workspace;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    node::build_binding()?;
    report.check(Step::new(
        "prettier --check",
        node::npm("bindings-node", &["run", "format"]),
    ))?;
    report.suite(
        Step::new("node --test", node::node_test("bindings-node/test")?),
        counts::node,
    )?;
    use_alone(report)
}

/// The tarball installs in an empty folder, and both module systems find the same names in it.
fn use_alone(report: &mut Report) -> Result<()> {
    let folder = workspace::target("npm/empty")?;
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    package::npm_tarball(&folder)?;
    let mut entries = std::fs::read_dir(&folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    let tarball = entries
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .context("npm left no tarball")?;
    std::fs::write(folder.join("package.json"), "{\"private\":true}\n")?;
    let mut install = node::npm(
        "target/npm/empty",
        &["install", "--ignore-scripts", "--no-audit", "--no-fund"],
    );
    install.arg(&tarball);
    report.check(Step::new(
        "install the npm package in an empty folder",
        install,
    ))?;
    let program = "const cjs = require('sansocket'); import('sansocket').then((esm) => {\
        for (const name of ['Server', 'Namespace', 'Socket']) if (typeof esm[name] !== 'function' || esm[name] !== cjs[name]) throw new Error(name);\
        if (typeof cjs !== 'function') throw new Error('not callable'); });";
    report.check(Step::new(
        "use the npm package in an empty folder",
        node::node("target/npm/empty", &["-e", program]),
    ))
}
