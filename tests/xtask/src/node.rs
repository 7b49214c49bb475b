//! The Node side: locked npm packages below `target/npm/`, and the build of the binding.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use anyhow::Result;
use anyhow::bail;

use crate::process;
use crate::process::Step;
use crate::stamp::Stamp;
use crate::workspace;

/// How long one file of tests may take before it counts as hanging.
const FILE_LIMIT: Duration = Duration::from_secs(180);
const BINDING: &str = "bindings-node";
/// What the binding is made from.
const BINDING_INPUTS: &[&str] = &["Cargo.toml", "Cargo.lock", "core", BINDING];

/// Builds the Node binding where it stands.
pub(crate) fn build_binding() -> Result<()> {
    install(BINDING)?;
    let stamp = Stamp::new("node-binding", BINDING_INPUTS, "")?;
    if !stamp.is_current(&workspace::path("bindings-node/dist")) {
        Step::new("build the Node binding", npm(BINDING, &["run", "build"])).must_succeed()?;
        stamp.keep()?;
    }
    Ok(())
}

/// Makes the locked dependencies of a folder's package.json available to it: they are installed below `target/npm/`, and
/// `node_modules` in the folder is a link to them.
pub(crate) fn install(folder: &str) -> Result<()> {
    require_node()?;
    let manifest = format!("{folder}/package.json");
    let lock = format!("{folder}/package-lock.json");
    let stage = workspace::target(&format!("npm/{folder}"))?;
    let modules = stage.join("node_modules");
    let stamp = Stamp::new(
        &format!("npm-{}", folder.replace('/', "-")),
        &[&manifest, &lock],
        "",
    )?;
    if !stamp.is_current(&modules) {
        std::fs::create_dir_all(&stage)?;
        for file in [&manifest, &lock] {
            let name = Path::new(file).file_name().unwrap_or_default();
            std::fs::copy(workspace::path(file), stage.join(name))
                .with_context(|| format!("cannot copy {file}"))?;
        }
        // Nothing that we depend on needs an install script, so none may run.
        let mut command = npm(
            folder,
            &["ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        );
        command.current_dir(&stage);
        Step::new(format!("npm ci for {folder}"), command).must_succeed()?;
        // A package may have no dependencies at all.
        std::fs::create_dir_all(&modules)?;
        stamp.keep()?;
    }
    link(&modules, &workspace::path(folder).join("node_modules"))
}

/// `npm` in a folder, with its cache below `target/`.
pub(crate) fn npm(folder: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(workspace::path(folder));
    command
        .env("npm_config_cache", workspace::path("target/cache/npm"))
        .env("npm_config_update_notifier", "false");
    command
}

/// `node` in a folder.
pub(crate) fn node(folder: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("node");
    command.args(arguments).current_dir(workspace::path(folder));
    command
}

/// `node --test` over the files of a folder that end in `.test.mjs`, `.test.js` and the like, in the format that we count.
pub(crate) fn node_test(folder: &str) -> Result<Command> {
    let limit = format!("--test-timeout={}", FILE_LIMIT.as_millis());
    let mut command = node(folder, &["--test", "--test-reporter=spec", &limit]);
    let mut files = Vec::new();
    test_files(&workspace::path(folder), &mut files)?;
    if files.is_empty() {
        bail!("{folder} has no tests");
    }
    command.args(files);
    Ok(command)
}

fn test_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        entries.push(entry?.path());
    }
    entries.sort();
    for path in entries {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() && name != "node_modules" {
            test_files(&path, files)?;
        } else if [
            ".test.mjs",
            ".test.cjs",
            ".test.js",
            ".test.mts",
            ".test.ts",
        ]
        .iter()
        .any(|ending| name.ends_with(ending))
        {
            files.push(path);
        }
    }
    Ok(())
}

fn link(modules: &Path, place: &Path) -> Result<()> {
    if std::fs::read_link(place).is_ok_and(|to| to == modules) {
        return Ok(());
    }
    // What `npm install` by hand has left is replaced, as `npm ci` would replace it.
    match std::fs::symlink_metadata(place) {
        Ok(kind) if kind.is_dir() => std::fs::remove_dir_all(place)?,
        Ok(_) => std::fs::remove_file(place)?,
        Err(_) => {}
    }
    std::os::unix::fs::symlink(modules, place)
        .with_context(|| format!("cannot link {}", place.display()))
}

fn require_node() -> Result<()> {
    if !process::exists("node") || !process::exists("npm") {
        bail!("node and npm are missing: Node 20 or newer is needed");
    }
    let mut command = Command::new("node");
    command.args(["-p", "process.versions.node.split('.')[0]"]);
    let major: u32 = process::capture(command)?
        .parse()
        .context("node does not tell its version")?;
    if major < 20 {
        bail!("node has to be version 20 or newer, not {major}");
    }
    Ok(())
}
