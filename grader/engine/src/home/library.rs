//! What a grader carries inside: exercises, hidden tests, references, notes, and the crates that tests are compiled with.
//!
//! A grader that was built for release is one file; the first time it is needed, that part of it is unpacked below
//! [`home`], in a folder of its own for each version, together with what is built from it. A grader that was built in a
//! clone uses the clone.

use crate::home::carried::{Bundle, Carried};
use crate::trouble::{Context, Trouble, make_folder};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A version that nobody has used for so long is cleared away.
const FORGOTTEN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Exercises, hidden tests and references, unpacked.
#[derive(Clone, Debug)]
pub struct Library {
    /// The folder that holds `exercises`, `solutions`, `tests`, `grader` and `curriculum.md`.
    pub content: PathBuf,
    /// Where what is built from it belongs.
    pub target: PathBuf,
    /// What tells one version from another.
    pub version: String,
    /// What it was unpacked from; `None` in a clone.
    pub(crate) carried: Option<Arc<Carried>>,
    pub(crate) held: Option<Arc<File>>,
}

impl Library {
    /// The library that a clone is.
    ///
    /// # Errors
    /// If there is none any more.
    pub fn of_clone(root: &Path) -> Result<Library, Trouble> {
        let content = root.canonicalize().ours(format_args!(
            "this grader was built in {}, which is gone; install it with `cargo install --path grader/cli`",
            root.display()
        ))?;
        Ok(Library {
            target: content.join("target/grader"),
            version: "clone".into(),
            carried: None,
            held: None,
            content,
        })
    }

    /// The library that is packed in `bundle`, unpacked below `home` if it is not there yet.
    ///
    /// # Errors
    /// If `home` cannot be written to.
    pub fn unpack(bundle: Bundle, home: &Path) -> Result<Library, Trouble> {
        let folder = home.join(bundle.version);
        make_folder(&folder)?;
        let trouble = format!("cannot use the folder {} (GRADER_HOME names another one)", folder.display());
        let lock = File::create(folder.join("lock")).ours(&trouble)?;
        // Whoever holds it uses the library, and nobody clears it away.
        lock.lock_shared().ours(&trouble)?;
        let carried = Carried::new(bundle, &folder)?;
        carried.unpack()?;
        // Its date says when it was last used.
        let _ = lock.set_modified(SystemTime::now());
        forget_old_versions(home, bundle.version);
        Ok(Library {
            content: folder.join("content").canonicalize().ours(&trouble)?,
            target: folder.join("target"),
            version: bundle.version.to_owned(),
            carried: Some(Arc::new(carried)),
            held: Some(Arc::new(lock)),
        })
    }
}

/// Where libraries are unpacked and built: `GRADER_HOME`, or `grader` in the user's folder for caches.
///
/// # Errors
/// If there is no such folder, since neither `GRADER_HOME` nor `HOME` is set.
pub fn home() -> Result<PathBuf, Trouble> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = || set("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let home = set("GRADER_HOME")
        .or_else(|| Some(cache().or_else(|| Some(std::env::home_dir()?.join(".cache")))?.join("grader")))
        .ok_or_else(|| Trouble::Ours("neither HOME nor GRADER_HOME is set: there is nowhere to build".into()))?;
    std::path::absolute(&home).ours(format_args!("cannot find the folder {}", home.display()))
}

/// Removes versions that nobody uses and nobody has used for long.
fn forget_old_versions(home: &Path, own: &str) {
    let Ok(entries) = fs::read_dir(home) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name() != *own) {
        let Ok(lock) = File::open(entry.path().join("lock")) else { continue };
        let used = lock.metadata().and_then(|metadata| metadata.modified());
        let forgotten = used.is_ok_and(|used| used.elapsed().is_ok_and(|since| since > FORGOTTEN));
        if forgotten && lock.try_lock().is_ok() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::carried::tests::bundle;

    #[test]
    fn each_version_has_a_folder_of_its_own_and_is_unpacked_once() {
        let home = tempfile::tempdir().unwrap();
        let one = Library::unpack(bundle("1", &[("curriculum.md", "one")]), home.path()).unwrap();
        let two = Library::unpack(bundle("2", &[("curriculum.md", "two")]), home.path()).unwrap();
        let text = |library: &Library| fs::read_to_string(library.content.join("curriculum.md")).unwrap();
        assert_eq!((text(&one), text(&two)), ("one".into(), "two".into()));
        let not_looked_at = Bundle { archive: b"not looked at", manifest: "", version: "1" };
        assert_eq!(text(&Library::unpack(not_looked_at, home.path()).unwrap()), "one");
    }

    #[test]
    fn a_bundle_that_breaks_off_leaves_no_half_library() {
        let home = tempfile::tempdir().unwrap();
        let whole = bundle("1", &[("curriculum.md", &"long ".repeat(10_000))]);
        let half = Bundle { archive: &whole.archive[..whole.archive.len() / 2], ..whole };
        let error = Library::unpack(half, home.path()).unwrap_err().to_string();
        assert!(error.contains("cannot unpack") && error.contains("GRADER_HOME"), "{error}");
        assert!(Library::unpack(whole, home.path()).is_ok());
    }

    #[test]
    fn a_version_that_is_forgotten_is_cleared_away_unless_it_is_in_use() {
        let home = tempfile::tempdir().unwrap();
        let unpacked = |version| Library::unpack(bundle(version, &[("curriculum.md", version)]), home.path()).unwrap();
        let old = SystemTime::now() - FORGOTTEN - Duration::from_secs(60);
        let in_use = unpacked("1");
        drop(unpacked("2"));
        for version in ["1", "2"] {
            File::options()
                .write(true)
                .open(home.path().join(version).join("lock"))
                .unwrap()
                .set_modified(old)
                .unwrap();
        }
        unpacked("3");
        let left = |version: &str| home.path().join(version).join("content").exists();
        assert_eq!((left("1"), left("2"), left("3")), (true, false, true));
        drop(in_use);
    }
}
