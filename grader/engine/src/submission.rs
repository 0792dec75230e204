//! What is graded: one root file, and whose it is. The learner's manifest, build script and `.cargo` are never used.

use crate::catalog::Exercise;
use crate::manifest::rust_files;
use crate::trouble::{Context, Trouble};
use std::path::{Path, PathBuf};
use verdict::Origin;

/// A crate to be graded.
#[derive(Clone, Debug)]
pub struct Source {
    /// Whose it is.
    pub origin: Origin,
    /// The crate's root file, absolute.
    pub root: PathBuf,
}

impl Source {
    /// The learner's own.
    ///
    /// # Errors
    /// If the file is missing.
    pub fn learner(exercise: &Exercise) -> Result<Source, Trouble> {
        let root = exercise.starter.join("src/lib.rs");
        if !root.is_file() {
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

    /// One file that is a crate's root.
    ///
    /// # Errors
    /// If the file is missing.
    pub fn file(origin: Origin, root: &Path) -> Result<Source, Trouble> {
        let root = root.canonicalize().usage(format_args!("cannot find {}", root.display()))?;
        Ok(Source { origin, root })
    }

    /// What the user named: a crate's folder, a folder of `.rs` files, or one `.rs` file.
    ///
    /// # Errors
    /// If there is no such file or folder, or it is not clear which file is the root.
    pub fn submitted(path: &Path) -> Result<Source, Trouble> {
        let wrong = |what: &str| Err(Trouble::Usage(format!("{}: {what}", path.display())));
        if path.is_file() {
            if path.extension().is_none_or(|ending| ending != "rs") {
                return wrong("a submission is a crate's folder, a folder of .rs files, or one .rs file");
            }
            return Source::file(Origin::Submitted, path);
        }
        if !path.is_dir() {
            return wrong("there is no such file or folder");
        }
        for root in ["src/lib.rs", "lib.rs"] {
            if path.join(root).is_file() {
                return Source::file(Origin::Submitted, &path.join(root));
            }
        }
        match rust_files(path)?.as_slice() {
            [one] => Source::file(Origin::Submitted, one),
            [] => wrong("there is no .rs file in this folder; the crate's root is src/lib.rs or lib.rs"),
            several => {
                let names = several.iter().filter_map(|file| file.file_name()?.to_str()).collect::<Vec<_>>().join(", ");
                wrong(&format!("there is no lib.rs, so it is not clear which of {names} is the crate's root"))
            }
        }
    }
}

/// A file of a submission as the user would write it, given how they would write its root; `None` for any other file.
pub(crate) fn shown(file: &Path, root: &Path, root_shown: &str) -> Option<String> {
    if file == root {
        return Some(root_shown.to_owned());
    }
    let inside = file.strip_prefix(root.parent()?).ok()?;
    Some(Path::new(root_shown).parent()?.join(inside).display().to_string())
}
