//! The starter of an exercise: what a learner begins with, and what `reset` puts back.
//!
//! In a clone it stands in one place only, `exercises/NN_slug/src/lib.rs`, which the learner edits. The text that was given out is
//! in Git, under the name that `checks.toml` keeps (`starter = "…"`, the file's blob id): there it stays whatever the
//! learner changes or commits. An installed grader carries the starters as files, in `starters`.

use super::catalog::Exercise;
use crate::home::git::git;
use crate::trouble::{Trouble, read};
use std::path::Path;

/// The folder of the starters that an installed grader carries.
pub const CARRIED: &str = "starters";

/// The starter of an exercise.
///
/// # Errors
/// If Git does not have it: what to do is in the message.
pub fn text(exercise: &Exercise) -> Result<String, Trouble> {
    of(&exercise.content, &exercise.folder, exercise.config.starter.as_deref())
}

/// Why the file that the learner edits is not the starter, if so: for authors, who may have changed it on purpose.
///
/// # Errors
/// As [`text`].
pub fn difference(exercise: &Exercise) -> Result<Option<String>, Trouble> {
    let wanted = text(exercise)?;
    let file = format!("exercises/{}/src/lib.rs", exercise.folder);
    let is = std::fs::read_to_string(exercise.starter.join("src/lib.rs")).is_ok_and(|own| own == wanted);
    Ok((!is).then(|| {
        format!(
            "{file} is not the starter that checks.toml names: `cargo grader reset {}` puts that back; {}",
            exercise.slug,
            advice(&exercise.content, &file)
        )
    }))
}

/// The starter, by the folder of the exercise and the id that its `checks.toml` has.
pub(crate) fn of(content: &Path, folder: &str, id: Option<&str>) -> Result<String, Trouble> {
    let carried = content.join(CARRIED).join(format!("{folder}.rs"));
    if carried.is_file() {
        return read(&carried);
    }
    let file = format!("exercises/{folder}/src/lib.rs");
    let settings = format!("tests/{folder}/checks.toml");
    let Some(id) = id else {
        return Err(Trouble::Usage(format!(
            "{settings} does not say which file is the starter; {}",
            advice(content, &file)
        )));
    };
    match git(content, &["cat-file", "blob", id]) {
        Ok(Ok(bytes)) => {
            String::from_utf8(bytes).map_err(|_| Trouble::Usage(format!("{settings} names a starter that is not text")))
        }
        Ok(Err(_)) => Err(Trouble::Usage(format!(
            "Git does not have the starter {id} that {settings} names; {}",
            advice(content, &file)
        ))),
        Err(error) => Err(Trouble::Usage(format!("cannot run git, which keeps the starter of {folder}: {error}"))),
    }
}

/// What an author does to make the file that is there the starter.
fn advice(content: &Path, file: &str) -> String {
    // Also writes it: from then on Git has it.
    match git(content, &["hash-object", "-w", file]) {
        Ok(Ok(id)) => format!(
            "if it is meant to be the starter as it is now, write `starter = \"{}\"` into checks.toml",
            String::from_utf8_lossy(&id).trim()
        ),
        _ => "starters are kept by Git, and this is no clone".to_owned(),
    }
}
