//! The commands, one file each.

pub(crate) mod author;
pub(crate) mod check;
pub(crate) mod doctor;
pub(crate) mod hint;
pub(crate) mod init;
pub(crate) mod list;
pub(crate) mod overview;
pub(crate) mod replay;
pub(crate) mod reset;
pub(crate) mod solution;

use crate::bundle;
use crate::screen::Screen;
use engine::catalog::{self, Exercise};
use engine::curriculum;
use engine::history::History;
use engine::layout;
use engine::trouble::Trouble;
use engine::workspace::Workspace;
use verdict::{Attempt, Entry, Progress};

/// What most commands begin with.
pub(crate) struct Desk {
    pub(crate) workspace: Workspace,
    /// Folder names of all exercises, in the order of the curriculum.
    pub(crate) folders: Vec<String>,
    pub(crate) history: History,
    pub(crate) entries: Vec<Entry>,
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
            engine::history::Past::default()
        });
        if past.unreadable > 0 {
            screen.remark(&format!(
                "note: {} of the lines in {} cannot be read and {} left out; nothing else is lost",
                past.unreadable,
                workspace.shown(history.path()),
                if past.unreadable == 1 { "is" } else { "are" }
            ));
        }
        Ok(Desk { workspace, folders, history, entries: past.entries })
    }

    /// The exercise that `name` means.
    pub(crate) fn exercise(&self, name: &str) -> Result<Exercise, Trouble> {
        Exercise::read(&self.workspace, catalog::find(&self.folders, name)?)
    }

    /// How far an exercise has come.
    pub(crate) fn progress(&self, folder: &str) -> Progress {
        Progress::of(folder, &self.entries)
    }

    /// The first exercise of the curriculum that is not accepted yet.
    pub(crate) fn next(&self) -> Option<&str> {
        self.folders.iter().find(|folder| !self.progress(folder).accepted).map(String::as_str)
    }

    /// Records what the learner did. If it cannot be recorded, says so, and the work goes on.
    pub(crate) fn record(&self, screen: &Screen, folder: &str, what: Attempt) {
        if let Err(trouble) = self.history.append(folder, what) {
            screen.remark(&format!("note: {trouble}; your work is not affected, but this is not in your history"));
        }
    }
}
