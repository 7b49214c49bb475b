//! Where things are: the sources, and everything that a command builds, below `target/`.

use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use anyhow::Result;

/// The repository.
pub(crate) fn root() -> &'static Path {
    // This crate is `tests/xtask`, so the workspace is two folders up.
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap_or(Path::new("."))
}

/// A path of the repository, written with slashes.
pub(crate) fn path(relative: &str) -> PathBuf {
    root().join(relative)
}

/// A path below `target/`; the folders above it exist afterwards.
pub(crate) fn target(relative: &str) -> Result<PathBuf> {
    let path = root().join("target").join(relative);
    let parent = path.parent().unwrap_or(&path);
    std::fs::create_dir_all(parent)
        .with_context(|| format!("cannot create {}", parent.display()))?;
    Ok(path)
}

/// How a path is shown to people: relative to the repository.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}
