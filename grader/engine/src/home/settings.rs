//! `grader.toml`: what a user may set for one workspace.

use crate::home::workspace::{SETTINGS, Workspace};
use crate::trouble::{Context, Trouble, read};
use serde::Deserialize;

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The editor that `watch` opens; without it `$VISUAL`, then `$EDITOR`.
    pub editor: Option<String>,
    /// Whether `watch` looks for changes instead of waiting to be told of them.
    pub poll: bool,
}

impl Settings {
    /// The settings of a workspace; those that hold without a file if there is none.
    ///
    /// # Errors
    /// If the file is broken; says where and how.
    pub fn of(workspace: &Workspace) -> Result<Settings, Trouble> {
        let path = workspace.root.join(SETTINGS);
        if !path.exists() {
            return Ok(Settings::default());
        }
        toml::from_str(&read(&path)?).usage(workspace.shown(&path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_init_writes_can_be_read_also_with_its_comments_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(folder.path());
        assert_eq!(Settings::of(&workspace).unwrap(), Settings::default());
        let text = include_str!("../setup/layout/grader.toml");
        std::fs::write(folder.path().join(SETTINGS), text).unwrap();
        assert_eq!(Settings::of(&workspace).unwrap(), Settings::default());
        let set = text.replace("# editor", "editor").replace("# poll", "poll");
        std::fs::write(folder.path().join(SETTINGS), set).unwrap();
        assert_eq!(Settings::of(&workspace).unwrap(), Settings { editor: Some("vim".into()), poll: true });
    }

    #[test]
    fn a_setting_that_does_not_exist_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(SETTINGS), "poll = true\ncolour = 1\n").unwrap();
        let error = Settings::of(&Workspace::at(folder.path())).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("colour"), "{error}");
    }
}
