//! Notices that an exercise was saved: told by the system where it tells, and by looking where it does not.

use super::Message;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant, SystemTime};

/// How often we look for ourselves while the system tells of changes, to find out if it does.
const NOW_AND_THEN: Duration = Duration::from_secs(1);

/// How often we look where the system does not tell.
const OFTEN: Duration = Duration::from_millis(250);

/// Watches the folder of one exercise.
pub(crate) struct Files {
    folder: PathBuf,
    watcher: Option<RecommendedWatcher>,
    /// The dates and sizes at the last look.
    seen: Vec<Stamp>,
    looked: Instant,
    /// When the system last told of a change.
    told: Option<Instant>,
    /// A change was seen at this time of which the system has not told.
    missed: Option<Instant>,
}

/// What shows that a file has changed without reading it.
type Stamp = (PathBuf, Option<SystemTime>, u64);

impl Files {
    /// Begins to watch. With `poll`, the system is not asked to tell.
    pub(crate) fn watch(folder: &Path, poll: bool, to: &Sender<Message>) -> Files {
        let seen = stamps(folder);
        let mut files =
            Files { folder: folder.to_owned(), watcher: None, seen, looked: Instant::now(), told: None, missed: None };
        if !poll {
            let to = to.clone();
            let told = move |event: notify::Result<notify::Event>| {
                // Reading a file is no change, and we read it.
                if event.is_ok_and(|event| !event.kind.is_access()) {
                    let _ = to.send(Message::Touched);
                }
            };
            files.watcher = notify::recommended_watcher(told).ok();
            let watched = files.watcher.as_mut().map(|watcher| watcher.watch(folder, RecursiveMode::Recursive));
            if watched.is_none_or(|watched| watched.is_err()) {
                files.watcher = None;
            }
        }
        files
    }

    /// Whether changes are found by looking only.
    pub(crate) fn polls(&self) -> bool {
        self.watcher.is_none()
    }

    /// The system has told of a change.
    pub(crate) fn told(&mut self) {
        self.told = Some(Instant::now());
        self.missed = None;
        self.seen = stamps(&self.folder);
    }

    /// Looks for changes if it is time to. A change that was seen, and of which the system has not told a second later, means
    /// that it will not tell of others either.
    pub(crate) fn look(&mut self) -> bool {
        let every = if self.polls() { OFTEN } else { NOW_AND_THEN };
        if self.looked.elapsed() < every {
            return false;
        }
        self.looked = Instant::now();
        if self.missed.is_some_and(|at| self.told.is_none_or(|told| told < at)) {
            self.watcher = None;
        }
        let now = stamps(&self.folder);
        if now == self.seen {
            return false;
        }
        self.seen = now;
        self.missed.get_or_insert_with(Instant::now);
        true
    }
}

/// A number that changes with the text of any of the exercise's files.
pub(crate) fn fingerprint(folder: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (path, ..) in stamps(folder) {
        path.hash(&mut hasher);
        std::fs::read(&path).ok().hash(&mut hasher);
    }
    hasher.finish()
}

fn stamps(folder: &Path) -> Vec<Stamp> {
    let files = walkdir::WalkDir::new(folder.join("src")).sort_by_file_name().into_iter().flatten();
    let sources = files.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "rs"));
    sources
        .map(|entry| {
            let data = entry.metadata().ok();
            let changed = data.as_ref().and_then(|data| data.modified().ok());
            (entry.into_path(), changed, data.map_or(0, |data| data.len()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::sync::mpsc;

    fn exercise() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        let file = folder.path().join("src/lib.rs");
        fs::write(&file, "one").unwrap();
        (folder, file)
    }

    #[test]
    fn the_system_tells_of_a_save_also_by_rename() {
        let (folder, file) = exercise();
        let (to, from) = mpsc::channel();
        let mut files = Files::watch(folder.path(), false, &to);
        let before = fingerprint(folder.path());
        fs::write(file.with_extension("rs~"), "two").unwrap();
        fs::rename(file.with_extension("rs~"), &file).unwrap();
        assert!(matches!(from.recv_timeout(Duration::from_secs(20)), Ok(Message::Touched)));
        files.told();
        assert_ne!(fingerprint(folder.path()), before);
        assert!(!files.polls());
    }

    #[test]
    fn where_nothing_is_told_changes_are_found_by_looking() {
        let (folder, file) = exercise();
        let (to, from) = mpsc::channel();
        let mut files = Files::watch(folder.path(), true, &to);
        assert!(files.polls());
        fs::write(&file, "two, and longer").unwrap();
        while !files.look() {
            std::thread::yield_now();
        }
        assert!(!files.look(), "the same change is found once");
        assert!(from.try_recv().is_err());
    }

    #[test]
    fn a_change_of_which_the_system_does_not_tell_ends_the_waiting_for_it() {
        let (folder, file) = exercise();
        let (to, _from) = mpsc::channel();
        let mut files = Files::watch(folder.path(), false, &to);
        // What the watcher says is not passed on: as on a network drive.
        fs::write(&file, "two, and longer").unwrap();
        while !files.look() {
            std::thread::yield_now();
        }
        assert!(!files.polls(), "it may yet tell");
        while !files.polls() {
            files.look();
            std::thread::yield_now();
        }
    }
}
