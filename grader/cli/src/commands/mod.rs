//! The commands, one file each.

pub(crate) mod author;
pub(crate) mod check;
pub(crate) mod doctor;
pub(crate) mod hint;
pub(crate) mod init;
pub(crate) mod list;
pub(crate) mod overview;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod reset;
pub(crate) mod solution;

use crate::bundle;
use crate::screen::Screen;
use engine::exercise::catalog::{self, Exercise};
use engine::exercise::curriculum;
use engine::home::history::{History, Past};
use engine::home::settings::Settings;
use engine::home::workspace::Workspace;
use engine::setup::layout;
use engine::trouble::Trouble;
use verdict::{Attempt, Progress};

/// What most commands begin with.
pub(crate) struct Desk {
    pub(crate) workspace: Workspace,
    /// Folder names of all exercises, in the order of the curriculum.
    pub(crate) folders: Vec<String>,
    pub(crate) history: History,
    pub(crate) past: Past,
    pub(crate) settings: Settings,
}

impl Desk {
    /// Looks around, from the current folder.
    pub(crate) fn open(screen: &Screen) -> Result<Desk, Trouble> {
        let here =
            std::env::current_dir().map_err(|error| Trouble::Usage(format!("there is no current folder: {error}")))?;
        let workspace = Workspace::find(&here, bundle::library)?;
        if workspace.is_learners() && layout::is_from_another(&bundle::library()?, &workspace.root) {
            screen.remark("note: this workspace was laid out by another version of the grader; `grader init` with its folder brings it up to date (what you have changed stays)");
        }
        let folders = curriculum::in_order(&workspace, catalog::folders(&workspace)?)?;
        let history = History::of(&workspace);
        // A history that cannot be read must not keep anybody from working.
        let past = history.read().unwrap_or_else(|trouble| {
            screen.remark(&format!("note: {trouble}; going on without your history"));
            Past::default()
        });
        if past.unreadable > 0 {
            screen.remark(&format!(
                "note: {} of the lines in {} cannot be read and {} left out; nothing else is lost",
                past.unreadable,
                workspace.shown(history.path()),
                if past.unreadable == 1 { "is" } else { "are" }
            ));
        }
        let settings = Settings::of(&workspace)?;
        Ok(Desk { workspace, folders, history, past, settings })
    }

    /// The exercise that `name` means.
    pub(crate) fn exercise(&self, name: &str) -> Result<Exercise, Trouble> {
        Exercise::read(&self.workspace, catalog::find(&self.folders, name)?)
    }

    /// How far an exercise has come.
    pub(crate) fn progress(&self, folder: &str) -> Progress {
        Progress::of(folder, &self.past.entries)
    }

    /// What failed in the last grading of an exercise, by name.
    pub(crate) fn failed_last(&self, folder: &str) -> Vec<String> {
        let own = self.past.entries.iter().rev().filter(|entry| entry.exercise == folder);
        let last = own.filter_map(|entry| match &entry.what {
            Attempt::Check { items, .. } => Some(items.clone()),
            _ => None,
        });
        last.into_iter().next().unwrap_or_default()
    }

    /// The first exercise of the curriculum that is not accepted yet.
    pub(crate) fn next(&self) -> Option<&str> {
        self.folders.iter().find(|folder| !self.progress(folder).accepted).map(String::as_str)
    }

    /// Records what the learner did, while the terminal is ours: what cannot be recorded is not said.
    pub(crate) fn record_quietly(&self, folder: &str, what: Attempt) {
        let _ = self.history.append(folder, what);
    }

    /// Records what the learner did. If it cannot be recorded, says so, and the work goes on.
    pub(crate) fn record(&self, screen: &Screen, folder: &str, what: Attempt) {
        if let Err(trouble) = self.history.append(folder, what) {
            screen.remark(&format!("note: {trouble}; your work is not affected, but this is not in your history"));
        }
    }
}
