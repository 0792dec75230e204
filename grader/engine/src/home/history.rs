//! What the learner did, one JSON object a line, only ever appended to.
//!
//! Two graders may write at once (each line is written under a lock, in one piece). A line torn by a crash or a full disk
//! is skipped by readers and closed by the next writer. Nothing here ever rewrites or removes a line.

use crate::home::workspace::Workspace;
use crate::trouble::{Context, Trouble, make_folder};
use chrono::{DateTime, FixedOffset};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::Duration;
use verdict::{Attempt, Entry};

/// The file of one workspace.
#[derive(Clone, Debug)]
pub struct History {
    path: PathBuf,
}

/// What the file holds.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// The entries, oldest first.
    pub entries: Vec<Entry>,
    /// How many lines could not be read.
    pub unreadable: usize,
}

/// Somebody who does nothing for so long has gone away.
const LONGEST_PAUSE: chrono::TimeDelta = chrono::TimeDelta::minutes(30);

impl Past {
    /// The time between what was done with an exercise and what was done next with it, pauses left out: a lower bound of the
    /// time that was spent, since what came before the first grading is seen only in `watch`.
    pub fn time_spent(&self, exercise: &str) -> Duration {
        let own = self.entries.iter().filter(|entry| entry.exercise == exercise);
        let times: Vec<DateTime<FixedOffset>> =
            own.filter_map(|entry| DateTime::parse_from_rfc3339(&entry.at).ok()).collect();
        let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
        let all =
            gaps.filter(|gap| *gap > chrono::TimeDelta::zero() && *gap <= LONGEST_PAUSE).sum::<chrono::TimeDelta>();
        all.to_std().unwrap_or_default()
    }
}

impl History {
    /// The history of a workspace. Touches nothing.
    pub fn of(workspace: &Workspace) -> History {
        History { path: workspace.state.join("attempts.jsonl") }
    }

    /// Where it is kept.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Appends one entry, dated now.
    ///
    /// # Errors
    /// If it cannot be written; what was there before is as it was.
    pub fn append(&self, exercise: &str, what: Attempt) -> Result<(), Trouble> {
        let trouble = format!("cannot record this in {}", self.path.display());
        if let Some(folder) = self.path.parent() {
            make_folder(folder)?;
        }
        let at = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let entry = Entry { at, exercise: exercise.to_owned(), what };
        let mut line = serde_json::to_string(&entry).ours(&trouble)?;
        line.push('\n');
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&self.path).ours(&trouble)?;
        file.lock().ours(&trouble)?;
        if ends_torn(&mut file).ours(&trouble)? {
            line.insert(0, '\n');
        }
        file.write_all(line.as_bytes()).ours(&trouble)
    }

    /// Reads everything that can be read.
    ///
    /// # Errors
    /// If the file exists and cannot be opened.
    pub fn read(&self) -> Result<Past, Trouble> {
        let bytes = match std::fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Past::default()),
            Err(error) => return Err(error).ours(format_args!("cannot read {}", self.path.display())),
        };
        let mut past = Past::default();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(entry) => past.entries.push(entry),
                Err(_) => past.unreadable += 1,
            }
        }
        Ok(past)
    }
}

fn ends_torn(file: &mut File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last[0] != b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> (tempfile::TempDir, History) {
        let folder = tempfile::tempdir().unwrap();
        let history = History::of(&Workspace::at(folder.path()));
        (folder, history)
    }

    #[test]
    fn a_torn_last_line_costs_itself_only() {
        let (_folder, history) = history();
        history.append("11_gil", Attempt::GaveUp).unwrap();
        history.append("11_gil", Attempt::Hint { number: 1 }).unwrap();
        let whole = std::fs::read(history.path()).unwrap();
        std::fs::write(history.path(), &whole[..whole.len() - 9]).unwrap();
        history.append("11_gil", Attempt::Reset).unwrap();
        let past = history.read().unwrap();
        assert_eq!(past.unreadable, 1);
        let what: Vec<_> = past.entries.into_iter().map(|entry| entry.what).collect();
        assert_eq!(what, [Attempt::GaveUp, Attempt::Reset]);
    }

    #[test]
    fn pauses_are_no_time_spent() {
        let entry = |at: &str, exercise: &str| Entry { at: at.into(), exercise: exercise.into(), what: Attempt::Reset };
        let past = Past {
            entries: vec![
                entry("2026-01-01T10:00:00Z", "11_gil"),
                entry("2026-01-01T10:20:00Z", "11_gil"),
                entry("2026-01-01T10:21:00Z", "22_gather"),
                entry("2026-01-01T12:00:00Z", "11_gil"),
                entry("not a time", "11_gil"),
                entry("2026-01-01T12:05:00Z", "11_gil"),
            ],
            unreadable: 0,
        };
        assert_eq!(past.time_spent("11_gil"), Duration::from_secs(25 * 60));
        assert_eq!(past.time_spent("22_gather"), Duration::ZERO);
    }

    #[test]
    fn two_writers_at_once_lose_nothing() {
        let (_folder, history) = history();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let history = &history;
                scope.spawn(move || {
                    for number in 0..50 {
                        history.append(&format!("1{writer}_x"), Attempt::Hint { number }).unwrap();
                    }
                });
            }
        });
        let past = history.read().unwrap();
        assert_eq!((past.entries.len(), past.unreadable), (200, 0));
    }

    #[test]
    fn bytes_that_are_no_text_are_skipped() {
        let (_folder, history) = history();
        history.append("11_gil", Attempt::GaveUp).unwrap();
        let mut bytes = std::fs::read(history.path()).unwrap();
        bytes.extend([0xff, 0xfe, b'\n', b'{', b'\n']);
        std::fs::write(history.path(), bytes).unwrap();
        let past = history.read().unwrap();
        assert_eq!((past.entries.len(), past.unreadable), (1, 2));
    }
}
