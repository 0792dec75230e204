//! Where everything is.

use crate::trouble::{Context, Trouble};
use std::path::{Path, PathBuf};

/// A clone: the three trees of exercises, and the grader's own folders.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The folder that holds `exercises`, `solutions`, `tests` and `curriculum.md`.
    pub root: PathBuf,
    /// The folder that holds the crates hidden tests are compiled with (`harness`, `probe`).
    pub grader: PathBuf,
    /// Where the grader may build.
    pub target: PathBuf,
    /// Where the learner's history is kept.
    pub state: PathBuf,
}

impl Workspace {
    /// Finds the workspace that `from` lies in.
    ///
    /// # Errors
    /// If `from` lies in none.
    pub fn find(from: &Path) -> Result<Workspace, Trouble> {
        let from = from.canonicalize().usage(format_args!("cannot find the folder {}", from.display()))?;
        let is_root =
            |folder: &&Path| ["curriculum.md", "exercises", "tests"].iter().all(|name| folder.join(name).exists());
        let root = from.ancestors().find(is_root).ok_or_else(|| {
            Trouble::Usage(format!(
                "{} is not inside a clone of this project: no folder above it holds exercises, tests and \
                 curriculum.md; change into your clone first",
                from.display()
            ))
        })?;
        Ok(Workspace::at(root))
    }

    /// The workspace with this root folder.
    pub fn at(root: &Path) -> Workspace {
        Workspace {
            root: root.to_owned(),
            // Past symbolic links: clones that share one `grader` share what is built for it.
            grader: root.join("grader").canonicalize().unwrap_or_else(|_| root.join("grader")),
            target: root.join("target/grader"),
            state: root.join(".grader"),
        }
    }

    /// A path as the user would write it: relative to the current folder, or to the workspace, where that is shorter.
    pub fn shown(&self, path: &Path) -> String {
        let here = std::env::current_dir().unwrap_or_default();
        let relative = path.strip_prefix(&here).or_else(|_| path.strip_prefix(&self.root)).unwrap_or(path);
        relative.display().to_string()
    }
}
