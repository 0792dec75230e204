//! What can go wrong on our side of the desk. A learner's faults are findings, never one of these.

use std::fmt;
use std::path::Path;

/// Why no verdict could be given.
#[derive(Debug)]
pub enum Trouble {
    /// The user asked for something that does not exist, or a file that steers the grader is broken.
    Usage(String),
    /// Something failed that should not have: the disk, the compiler's installation, the grader itself.
    Ours(String),
    /// The user interrupted.
    Interrupted,
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Usage(text) | Trouble::Ours(text) => formatter.write_str(text),
            Trouble::Interrupted => formatter.write_str("interrupted"),
        }
    }
}

impl std::error::Error for Trouble {}

/// Adds to an error what was being tried, and makes it a [`Trouble`].
pub(crate) trait Context<T> {
    /// It is the user's to mend.
    fn usage(self, what: impl fmt::Display) -> Result<T, Trouble>;
    /// It is ours, or the machine's.
    fn ours(self, what: impl fmt::Display) -> Result<T, Trouble>;
}

impl<T, E: fmt::Display> Context<T> for Result<T, E> {
    fn usage(self, what: impl fmt::Display) -> Result<T, Trouble> {
        self.map_err(|error| Trouble::Usage(format!("{what}: {error}")))
    }

    fn ours(self, what: impl fmt::Display) -> Result<T, Trouble> {
        self.map_err(|error| Trouble::Ours(format!("{what}: {error}")))
    }
}

/// Reads a text file that belongs to the grader's own tree.
pub(crate) fn read(path: &Path) -> Result<String, Trouble> {
    std::fs::read_to_string(path).usage(format_args!("cannot read {}", path.display()))
}

/// Writes a file of the grader's own working folders, making the folder if need be.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Trouble> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    std::fs::write(path, text).ours(format_args!("cannot write {}", path.display()))
}

/// Makes a folder and those above it.
pub(crate) fn make_folder(folder: &Path) -> Result<(), Trouble> {
    std::fs::create_dir_all(folder).ours(format_args!("cannot make the folder {}", folder.display()))
}
