//! Stamps: a set-up step runs again only when what it was made from has changed.

use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use anyhow::Result;

use crate::workspace;

/// Names of folders and files that are made, not written, wherever they are.
const MADE: &[&str] = &[
    "target",
    "node_modules",
    "__pycache__",
    "dist",
    "native",
    "artifacts",
    "corpus",
    "db.sqlite3",
];

/// The content of a set of files and folders, as one number, and the file that remembers it.
pub(crate) struct Stamp {
    file: PathBuf,
    digest: String,
}

impl Stamp {
    /// `inputs` are paths of the repository; a folder stands for everything below it. `extra` is whatever else the result
    /// depends on, such as the version of a tool.
    pub(crate) fn new(name: &str, inputs: &[&str], extra: &str) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        extra.hash(&mut hasher);
        for input in inputs {
            digest(&workspace::path(input), &mut hasher)?;
        }
        let file = workspace::target(&format!("xtask/stamps/{name}"))?;
        Ok(Self {
            file,
            digest: format!("{:016x}", hasher.finish()),
        })
    }

    /// Was the step done with exactly these inputs, and is what it made still there?
    pub(crate) fn is_current(&self, product: &Path) -> bool {
        product.exists()
            && std::fs::read_to_string(&self.file).is_ok_and(|known| known == self.digest)
    }

    /// The step has succeeded.
    pub(crate) fn keep(&self) -> Result<()> {
        std::fs::write(&self.file, &self.digest)
            .with_context(|| format!("cannot write {}", self.file.display()))
    }
}

fn digest(path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    path.hash(hasher);
    let Ok(kind) = std::fs::symlink_metadata(path) else {
        // A file that is not there is an input too: its arrival changes the digest.
        return Ok(());
    };
    if kind.is_dir() {
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(path)? {
            entries.push(entry?.path());
        }
        entries.sort();
        for entry in entries {
            let name = entry
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if !MADE.contains(&name.as_str()) && !name.starts_with('.') && !name.ends_with(".so") {
                digest(&entry, hasher)?;
            }
        }
    } else if kind.is_file() {
        std::fs::read(path)?.hash(hasher);
    }
    Ok(())
}
