//! Where everything is: in a clone of this project, or in a learner's own workspace (`grader init`), whose hidden tests and
//! references lie in a [`Library`].

use crate::home::carried::Carried;
use crate::home::library::Library;
use crate::trouble::{Context, Trouble};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file that marks a learner's workspace, and holds its settings.
pub const SETTINGS: &str = "grader.toml";

/// The folders a grader works with.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The folder that holds `exercises`.
    pub root: PathBuf,
    /// The folder that holds `solutions`, `tests` and `curriculum.md`: the root of a clone, or a library.
    pub content: PathBuf,
    /// The folder that holds the crates hidden tests are compiled with (`harness`, `probe`).
    pub grader: PathBuf,
    /// Where the grader may build.
    pub target: PathBuf,
    /// Where the learner's history is kept.
    pub state: PathBuf,
    /// What the library was unpacked from; `None` in a clone.
    pub(crate) carried: Option<Arc<Carried>>,
    /// Held while the library is in use, so that nobody clears it away.
    pub(crate) _held: Option<Arc<File>>,
}

impl Workspace {
    /// Finds the workspace that `from` lies in. `library` is asked for only where that is a learner's.
    ///
    /// # Errors
    /// If `from` lies in none, or the library cannot be had.
    pub fn find(from: &Path, library: impl FnOnce() -> Result<Library, Trouble>) -> Result<Workspace, Trouble> {
        let from = from.canonicalize().usage(format_args!("cannot find the folder {}", from.display()))?;
        match from.ancestors().find(|folder| is_clone(folder) || is_learners(folder)) {
            Some(root) if is_clone(root) => Ok(Workspace::at(root)),
            Some(root) => Ok(Workspace::of_learner(root, &library()?)),
            None => Err(Trouble::Usage(format!(
                "{} is not inside a workspace; `grader init DIR` lays one out, and if you have one, change into it first (no \
                 folder above this one holds exercises and {SETTINGS}, or exercises, tests and curriculum.md as a clone does)",
                from.display()
            ))),
        }
    }

    /// The clone with this root folder.
    pub fn at(root: &Path) -> Workspace {
        Workspace {
            root: root.to_owned(),
            content: root.to_owned(),
            // Past symbolic links: clones that share one `grader` share what is built for it.
            grader: root.join("grader").canonicalize().unwrap_or_else(|_| root.join("grader")),
            target: root.join("target/grader"),
            state: root.join(".grader"),
            carried: None,
            _held: None,
        }
    }

    /// The learner's workspace with this root folder.
    pub fn of_learner(root: &Path, library: &Library) -> Workspace {
        Workspace {
            root: root.to_owned(),
            content: library.content.clone(),
            grader: library.content.join("grader"),
            target: library.target.clone(),
            state: root.join(".grader"),
            carried: library.carried.clone(),
            _held: library.held.clone(),
        }
    }

    /// Insists that what a grading of this exercise rests on is as it was unpacked. In a clone, whatever is there counts.
    ///
    /// # Errors
    /// Ours, if something differs; it has then been unpacked anew.
    pub(crate) fn insist_on_content(&self, exercise: &str) -> Result<(), Trouble> {
        self.carried.as_ref().map_or(Ok(()), |carried| carried.insist(exercise))
    }

    /// Whether this is a learner's workspace, without hidden tests and references in it.
    pub fn is_learners(&self) -> bool {
        self.root != self.content
    }

    /// A path as the user would write it: relative to the current folder, or to the workspace, where that is shorter.
    pub fn shown(&self, path: &Path) -> String {
        let here = std::env::current_dir().unwrap_or_default();
        let relative = path.strip_prefix(&here).or_else(|_| path.strip_prefix(&self.root)).unwrap_or(path);
        relative.display().to_string()
    }
}

pub(crate) fn is_clone(folder: &Path) -> bool {
    ["curriculum.md", "exercises", "tests"].iter().all(|name| folder.join(name).exists())
}

pub(crate) fn is_learners(folder: &Path) -> bool {
    folder.join(SETTINGS).is_file() && folder.join("exercises").is_dir()
}
