//! Whether what an installed grader has unpacked is still what it carries.
//!
//! What is unpacked lies where the user may write, and so may every program that the user runs. A hidden test that lost its facts
//! would let everything pass. The grader therefore knows the SHA-256 of every file, from when it was built, and looks before it
//! grades. In a clone there is nothing to hold files against: who writes exercises changes them there, and Git knows what.

use crate::trouble::{Context, Trouble};
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// What a grader carries inside, as its build script has packed it.
#[derive(Clone, Copy, Debug)]
pub struct Bundle {
    /// The files: a tar archive, compressed with gzip.
    pub archive: &'static [u8],
    /// A line for each file, as `sha256sum` writes it: the hash, two spaces, the path.
    pub manifest: &'static str,
    /// What tells it from the bundles of other graders.
    pub version: &'static str,
}

/// A bundle, and where it is unpacked.
#[derive(Debug)]
pub(crate) struct Carried {
    bundle: Bundle,
    /// Holds `content`, `target` and locks.
    folder: PathBuf,
    /// The hash of each file, by its path below `content`.
    files: BTreeMap<&'static str, [u8; 32]>,
}

/// One file that is not as it was unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Its path below `content`.
    pub(crate) file: String,
    /// What is wrong with it.
    pub(crate) how: &'static str,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.file, self.how)
    }
}

impl Carried {
    /// What `bundle` holds, which is or will be unpacked in `folder`.
    ///
    /// # Errors
    /// If the bundle's list of files is none: our fault.
    pub(crate) fn new(bundle: Bundle, folder: &Path) -> Result<Carried, Trouble> {
        let line = |line: &'static str| {
            let (hash, path) = line.split_once("  ")?;
            Some((path, bytes_of(hash)?))
        };
        let files: Option<BTreeMap<_, _>> = bundle.manifest.lines().map(line).collect();
        let files = files.ok_or_else(|| {
            Trouble::Ours("the list of files inside this grader cannot be read; it has to be built again".into())
        })?;
        Ok(Carried { bundle, folder: folder.to_owned(), files })
    }

    /// How many files there are.
    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    fn content(&self) -> PathBuf {
        self.folder.join("content")
    }

    /// Unpacks everything, if it is not there.
    pub(crate) fn unpack(&self) -> Result<(), Trouble> {
        if self.content().exists() {
            return Ok(());
        }
        let trouble = self.cannot_unpack();
        let _one_at_a_time = self.lock().ours(&trouble)?;
        // Another grader may have done it.
        match self.content().exists() {
            true => Ok(()),
            false => self.unpacked().and_then(|new| fs::rename(new, self.content())).ours(&trouble),
        }
    }

    /// Insists that everything that a grading of `exercise` rests on is as it was unpacked. If it is not, unpacks everything anew.
    ///
    /// # Errors
    /// Ours, with the file that differs: what was read of it until now may be wrong, so the command has to be run again.
    pub(crate) fn insist(&self, exercise: &str) -> Result<(), Trouble> {
        let Some(difference) = self.difference(Some(exercise)) else { return Ok(()) };
        let content = self.content();
        let end = match self.unpack_anew() {
            Ok(()) => "everything has been unpacked anew, so run the command again".to_owned(),
            Err(error) => format!(
                "it cannot be unpacked anew ({error}), so remove the folder {} and run the command again",
                self.folder.display()
            ),
        };
        Err(Trouble::Ours(format!(
            "{difference} in {}, where this grader has unpacked its hidden tests; nothing was graded, since the verdict could be \
             wrong; {end} (some program has written there)",
            content.display()
        )))
    }

    /// The first file that is not as it was unpacked: among those that gradings of `exercise` rest on, or of all.
    pub(crate) fn difference(&self, exercise: Option<&str>) -> Option<Difference> {
        let content = self.content();
        let counts = |path: &str| {
            let mut parts = path.split('/');
            let (tree, name) = (parts.next().unwrap_or_default(), parts.next());
            let of_an_exercise = matches!(tree, "tests" | "solutions" | "exercises" | "starters");
            // Cargo.toml, Cargo.lock and the crates that hidden tests are compiled with are for all.
            exercise.is_none_or(|wanted| {
                !of_an_exercise || name.is_some_and(|name| name.strip_suffix(".rs").unwrap_or(name) == wanted)
            })
        };
        let found = |file: &str, how| Some(Difference { file: file.to_owned(), how });
        for (path, hash) in self.files.iter().filter(|(path, _)| counts(path)) {
            let place = content.join(path);
            match fs::symlink_metadata(&place) {
                Err(_) => return found(path, "is missing"),
                Ok(metadata) if !metadata.is_file() => return found(path, "is no regular file any more"),
                Ok(_) => {}
            }
            match fs::read(&place) {
                Ok(bytes) if Sha256::digest(&bytes)[..] == hash[..] => {}
                Ok(_) => return found(path, "was changed"),
                Err(_) => return found(path, "cannot be read"),
            }
        }
        // Cargo and the compiler would take a file that nobody has named: a build script, a module's other place.
        let path_of = |entry: &walkdir::DirEntry| {
            entry.path().strip_prefix(&content).unwrap_or(entry.path()).to_string_lossy().into_owned()
        };
        let entries = walkdir::WalkDir::new(&content).into_iter();
        let entries = entries.filter_entry(|entry| entry.depth() < 2 || counts(&path_of(entry))).flatten();
        let paths = entries.filter(|entry| !entry.file_type().is_dir()).map(|entry| path_of(&entry));
        let stray = paths.into_iter().find(|path| !self.files.contains_key(path.as_str()))?;
        found(&stray, "does not belong there")
    }

    /// Puts everything in its place again, and takes away what was built from what was there.
    fn unpack_anew(&self) -> std::io::Result<()> {
        let _one_at_a_time = self.lock()?;
        let (new, content, old) = (self.unpacked()?, self.content(), self.folder.join("content.changed"));
        let _ = fs::remove_dir_all(&old);
        match fs::rename(&content, &old) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => fs::rename(new, content)?,
        }
        for built in ["kits", "references", "incremental"] {
            // Cargo goes by dates, and those of the files are the same as before.
            let _ = fs::remove_dir_all(self.folder.join("target").join(built));
        }
        let _ = fs::remove_dir_all(old);
        Ok(())
    }

    /// Everything, unpacked in a folder of its own.
    fn unpacked(&self) -> std::io::Result<PathBuf> {
        let part = self.folder.join("content.part");
        let _ = fs::remove_dir_all(&part);
        let unpacked = tar::Archive::new(GzDecoder::new(self.bundle.archive)).unpack(&part);
        if unpacked.is_err() {
            let _ = fs::remove_dir_all(&part);
        }
        unpacked.map(|()| part)
    }

    /// Held by whoever unpacks. The library's own lock is held by all who use it, so nobody would ever get it alone.
    fn lock(&self) -> std::io::Result<File> {
        let lock = File::create(self.folder.join("unpacking"))?;
        lock.lock()?;
        Ok(lock)
    }

    fn cannot_unpack(&self) -> String {
        format!(
            "cannot unpack the exercises' hidden tests into {} (GRADER_HOME names another folder)",
            self.folder.display()
        )
    }
}

/// The bytes that 64 hexadecimal digits stand for.
fn bytes_of(hash: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hash.len() != 64 {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hash.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
pub(crate) mod tests;
