//! The entries of a compiled set of hidden tests: their numbers are replaced by secret ones.
//!
//! What the compiler leaves in the binary can be computed from a test's name, which anybody can read who has the sources. After
//! this, a process that is told a number learns nothing from it. See [`probe::entries`].

use crate::run::{chance, processes};
use crate::trouble::{Context, Trouble};
use object::{Object, ObjectSection};
use probe::entries;
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::hash::{DefaultHasher, Hasher};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// From the number of a test to the one that its process is told.
#[derive(Clone, Copy, Debug)]
pub struct Secret(Option<[u8; 16]>);

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// If there are no random numbers.
    pub fn new() -> Result<Secret, Trouble> {
        chance::bytes().map(|bytes| Secret(Some(bytes)))
    }

    /// None: the numbers stay as the compiler has made them. For code of ours, from which there is nothing to hide.
    pub const NONE: Secret = Secret(None);

    /// The number that stands in the binary, of a test's path.
    pub fn number(self, path: &str) -> u64 {
        self.of(entries::number(path))
    }

    fn of(self, number: u64) -> u64 {
        let Some(key) = self.0 else { return number };
        let mut hasher = DefaultHasher::new();
        hasher.write(&key);
        hasher.write_u64(number);
        hasher.finish()
    }
}

/// Replaces the numbers of all tests in a binary. Returns those that stand there now.
///
/// # Errors
/// If the file is no program with hidden tests.
pub fn seal(binary: &Path, secret: Secret) -> Result<BTreeSet<u64>, Trouble> {
    let wrong =
        |what: &str| Trouble::Ours(format!("{}: {what}; delete target/grader and grade again", binary.display()));
    let bytes = std::fs::read(binary).ours(format_args!("cannot read {}", binary.display()))?;
    let program = object::File::parse(&*bytes).map_err(|error| wrong(&error.to_string()))?;
    let section = program.section_by_name(entries::SECTION).and_then(|section| section.file_range());
    let (start, length) = section.ok_or_else(|| wrong("the compiled hidden tests have no list of tests"))?;
    let _quiet = processes::none_starts();
    let file = OpenOptions::new().write(true).open(binary).ours(format_args!("cannot write {}", binary.display()))?;
    let word = |at: u64| bytes.get(at as usize..)?.first_chunk().copied().map(u64::from_le_bytes);
    let mut numbers = BTreeSet::new();
    for at in (start..start + length).step_by(entries::SIZE) {
        let (Some(number), Some(kind)) = (word(at), word(at + 8)) else {
            return Err(wrong("the list of compiled hidden tests is cut off"));
        };
        if kind == entries::TEST {
            let sealed = secret.of(number);
            file.write_all_at(&sealed.to_le_bytes(), at).ours(format_args!("cannot write {}", binary.display()))?;
            if !numbers.insert(sealed) {
                return Err(wrong("two hidden tests have the same number: give one of them another name"));
            }
        }
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_number_says_nothing_about_the_path() {
        let (one, two) = (Secret::new().unwrap(), Secret::new().unwrap());
        assert_eq!(one.number("behaviour::it_holds"), one.number("behaviour::it_holds"));
        assert_ne!(one.number("behaviour::it_holds"), two.number("behaviour::it_holds"));
        assert_ne!(one.number("behaviour::it_holds"), one.number("behaviour::it_ends"));
        assert_eq!(Secret::NONE.number("behaviour::it_holds"), entries::number("behaviour::it_holds"));
    }

    #[test]
    fn what_has_no_hidden_tests_is_our_trouble() {
        let program = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(seal(program.path(), Secret::NONE), Err(Trouble::Ours(_))));
        std::fs::copy("/proc/self/exe", program.path()).unwrap();
        let error = seal(program.path(), Secret::NONE).unwrap_err().to_string();
        assert!(error.contains("no list of tests"), "{error}");
    }
}
