//! The user's editor: `editor` in `grader.toml`, else `$VISUAL`, else `$EDITOR`.

use engine::home::settings::Settings;
use std::path::Path;
use std::process::Command;

/// What to say where none is set.
pub(crate) const NONE: &str = "no editor is set: $VISUAL, $EDITOR, or editor = \"…\" in grader.toml";

/// The editor's command as the user has set it, if any.
pub(crate) fn of(settings: &Settings) -> Option<String> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    settings.editor.clone().or_else(|| set("VISUAL")).or_else(|| set("EDITOR"))
}

/// The command that opens a file, started in `folder`.
pub(crate) fn command(editor: &str, file: &Path, folder: &Path) -> Command {
    // An editor may come with arguments: a shell takes them apart, as for git.
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(file).current_dir(folder);
    command
}
