//! What a grader carries inside: exercises, hidden tests, references, notes, and the crates that tests are compiled with.
//!
//! A grader that was built for release is one file; the first time it is needed, that part of it is unpacked below
//! [`home`], in a folder of its own for each version, together with what is built from it. A grader that was built in a
//! clone uses the clone.

use crate::trouble::{Context, Trouble, make_folder};
use flate2::read::GzDecoder;
use std::fs::{self, File};
use std::io::{self, Read};
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
    /// Files that were not as this grader carries them, and are again. Somebody has changed what gradings rest on.
    pub restored: Vec<PathBuf>,
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
            restored: Vec::new(),
            held: None,
            content,
        })
    }

    /// The library that is packed in `bundle`, unpacked below `home` if it is not there yet. `version` tells it from others.
    ///
    /// # Errors
    /// If `home` cannot be written to.
    pub fn unpack(bundle: &[u8], version: &str, home: &Path) -> Result<Library, Trouble> {
        let folder = home.join(version);
        make_folder(&folder)?;
        let trouble = format!(
            "cannot unpack the exercises' hidden tests into {} (GRADER_HOME names another folder)",
            folder.display()
        );
        let lock = File::create(folder.join("lock")).ours(&trouble)?;
        let content = folder.join("content");
        if !content.exists() {
            lock.lock().ours(&trouble)?;
            if !content.exists() {
                let beside = folder.join("content.part");
                let _ = fs::remove_dir_all(&beside);
                let unpacked = tar::Archive::new(GzDecoder::new(bundle)).unpack(&beside);
                if let Err(error) = unpacked.and_then(|()| fs::rename(&beside, &content)) {
                    let _ = fs::remove_dir_all(&beside);
                    return Err(error).ours(&trouble);
                }
            }
            lock.unlock().ours(&trouble)?;
        }
        let restored = restore(bundle, &content).ours(&trouble)?;
        lock.lock_shared().ours(&trouble)?;
        // Its date says when it was last used.
        let _ = lock.set_modified(SystemTime::now());
        forget_old_versions(home, version);
        let content = content.canonicalize().ours(&trouble)?;
        Ok(Library {
            target: folder.join("target"),
            version: version.to_owned(),
            restored,
            held: Some(Arc::new(lock)),
            content,
        })
    }
}

/// Compares what is unpacked with the bundle, byte by byte, and puts back what differs. The bundle is a part of the program: whoever can
/// change it can change the verdict as well.
fn restore(bundle: &[u8], content: &Path) -> io::Result<Vec<PathBuf>> {
    let mut restored = Vec::new();
    let mut archive = tar::Archive::new(GzDecoder::new(bundle));
    for entry in archive.entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path()?.into_owned();
        let mut text = Vec::new();
        entry.read_to_end(&mut text)?;
        let file = content.join(&path);
        let is_plain = fs::symlink_metadata(&file).is_ok_and(|kind| kind.is_file());
        if is_plain && fs::read(&file).is_ok_and(|found| found == text) {
            continue;
        }
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        // In one step: another grader may be reading it.
        let beside = file.with_extension(format!("part-{}", std::process::id()));
        fs::write(&beside, &text)?;
        fs::rename(&beside, &file)?;
        restored.push(path);
    }
    Ok(restored)
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
    use flate2::{Compression, write::GzEncoder};

    fn bundle(text: &str) -> Vec<u8> {
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, "curriculum.md", text.as_bytes()).unwrap();
        archive.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn each_version_has_a_folder_of_its_own_and_is_unpacked_once() {
        let home = tempfile::tempdir().unwrap();
        let one = Library::unpack(&bundle("one"), "1", home.path()).unwrap();
        let two = Library::unpack(&bundle("two"), "2", home.path()).unwrap();
        let text = |library: &Library| fs::read_to_string(library.content.join("curriculum.md")).unwrap();
        assert_eq!((text(&one), text(&two)), ("one".into(), "two".into()));
        let again = Library::unpack(&bundle("one"), "1", home.path()).unwrap();
        assert_eq!((text(&again), again.restored), ("one".into(), Vec::new()));
    }

    #[test]
    fn what_somebody_has_changed_is_put_back_and_named() {
        let home = tempfile::tempdir().unwrap();
        let library = Library::unpack(&bundle("one"), "1", home.path()).unwrap();
        let file = library.content.join("curriculum.md");
        let changes: [&dyn Fn(); 3] =
            [&|| fs::write(&file, "two").unwrap(), &|| fs::remove_file(&file).unwrap(), &|| {
                fs::rename(&file, file.with_extension("moved")).unwrap();
                std::os::unix::fs::symlink(file.with_extension("moved"), &file).unwrap();
            }];
        for change in changes {
            change();
            let again = Library::unpack(&bundle("one"), "1", home.path()).unwrap();
            assert_eq!(again.restored, [PathBuf::from("curriculum.md")]);
            assert_eq!(fs::read_to_string(&file).unwrap(), "one");
            assert!(fs::symlink_metadata(&file).unwrap().is_file());
        }
    }

    #[test]
    fn a_bundle_that_breaks_off_leaves_no_half_library() {
        let home = tempfile::tempdir().unwrap();
        let whole = bundle(&"long ".repeat(10_000));
        let error = Library::unpack(&whole[..whole.len() / 2], "1", home.path()).unwrap_err().to_string();
        assert!(error.contains("cannot unpack") && error.contains("GRADER_HOME"), "{error}");
        assert!(Library::unpack(&whole, "1", home.path()).is_ok());
    }

    #[test]
    fn a_version_that_is_forgotten_is_cleared_away_unless_it_is_in_use() {
        let home = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - FORGOTTEN - Duration::from_secs(60);
        let in_use = Library::unpack(&bundle("one"), "1", home.path()).unwrap();
        drop(Library::unpack(&bundle("two"), "2", home.path()).unwrap());
        for version in ["1", "2"] {
            File::options()
                .write(true)
                .open(home.path().join(version).join("lock"))
                .unwrap()
                .set_modified(old)
                .unwrap();
        }
        Library::unpack(&bundle("three"), "3", home.path()).unwrap();
        let left = |version: &str| home.path().join(version).join("content").exists();
        assert_eq!((left("1"), left("2"), left("3")), (true, false, true));
        drop(in_use);
    }
}
