//! One crate to be graded: its root file, and whose it is.

use crate::exercise::catalog::Exercise;
use crate::exercise::starter;
use crate::home::workspace::Workspace;
use crate::trouble::{Context, Trouble, write};
use std::path::{Path, PathBuf};
use verdict::Origin;

/// A crate to be graded.
#[derive(Clone, Debug)]
pub struct Source {
    /// Whose it is.
    pub origin: Origin,
    /// The crate's root file, absolute.
    pub root: PathBuf,
    /// The file that a report names. For a patched variant that is the patch; else it is the root file.
    pub name: PathBuf,
}

impl Source {
    /// The learner's own.
    ///
    /// # Errors
    /// If the file is missing.
    pub fn learner(exercise: &Exercise) -> Result<Source, Trouble> {
        let root = exercise.starter.join("src/lib.rs");
        if std::fs::symlink_metadata(&root).is_err() {
            return Err(Trouble::Usage(format!(
                "{} is missing; `cargo grader reset {}` puts the starter back",
                root.display(),
                exercise.slug
            )));
        }
        Source::file(Origin::Learner, &root)
    }

    /// The reference.
    ///
    /// # Errors
    /// If the file is missing.
    pub fn reference(exercise: &Exercise) -> Result<Source, Trouble> {
        Source::file(Origin::Reference, &exercise.solution.join("src/lib.rs"))
    }

    /// The starter, as it was given to the learner.
    ///
    /// # Errors
    /// If there is none, or it cannot be written to a file.
    pub fn starter(workspace: &Workspace, exercise: &Exercise) -> Result<Source, Trouble> {
        let name = exercise.starter.join("src/lib.rs");
        let inside = Path::new("exercises").join(&exercise.folder);
        let root = written_out(workspace, &inside, &starter::text(exercise)?)?;
        Ok(Source { name, ..Source::file(Origin::Rejected, &root)? })
    }

    /// One file that is a crate's root.
    ///
    /// # Errors
    /// If the file is missing.
    pub fn file(origin: Origin, root: &Path) -> Result<Source, Trouble> {
        // The file itself is not followed if it is a link: who reads it says that it is one.
        let (folder, name) = (root.parent().unwrap_or(Path::new("")), root.file_name());
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let found = || format!("cannot find {}", root.display());
        let name = name.ok_or_else(|| Trouble::Usage(found()))?;
        std::fs::symlink_metadata(root).usage(found())?;
        let root = folder.canonicalize().usage(found())?.join(name);
        Ok(Source { origin, name: root.clone(), root })
    }
}

/// Writes a crate's only file to the folder in which the grader may build, unless it is there already, and returns its path.
pub(super) fn written_out(workspace: &Workspace, inside: &Path, text: &str) -> Result<PathBuf, Trouble> {
    // A folder of its own: files beside a crate's root belong to the crate.
    let folder = workspace.target.join("variants").join(inside);
    let root = folder.join("lib.rs");
    if std::fs::read_to_string(&root).ok().as_deref() != Some(text) {
        // Another grader may be compiling it: it sees the old text or the new one, whole.
        let beside = folder.join(format!("lib.rs.{}", std::process::id()));
        write(&beside, text)?;
        std::fs::rename(&beside, &root).ours(format_args!("cannot write {}", root.display()))?;
    }
    Ok(root)
}

/// A file of a submission as the user would write it, given how they would write its root; `None` for any other file.
pub(crate) fn shown(file: &Path, root: &Path, root_shown: &str) -> Option<String> {
    if file == root {
        return Some(root_shown.to_owned());
    }
    let inside = file.strip_prefix(root.parent()?).ok()?;
    Some(Path::new(root_shown).parent()?.join(inside).display().to_string())
}
