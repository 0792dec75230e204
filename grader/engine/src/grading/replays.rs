//! The schedules that failed last, kept so that they can be shown again in full, and tried on the code as it has become: also when
//! it has been mended.

use crate::exercise::catalog::Exercise;
use crate::foreign;
use crate::home::workspace::Workspace;
use crate::submission::Source;
use crate::trouble::{Context, Trouble, make_folder, read, write};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use verdict::{Check, Finding, Outcome, Report};

/// The failing schedules of one grading.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replays {
    /// The root file of the submission at that time, to the byte.
    pub text: String,
    /// One finding per failing scenario, with its interleaving.
    pub findings: Vec<Finding>,
}

fn path(workspace: &Workspace, exercise: &Exercise) -> PathBuf {
    workspace.state.join("replays").join(format!("{}.json", exercise.folder))
}

/// Keeps what a grading of the learner's own file has shown, in the place of what an earlier one had.
///
/// # Errors
/// If it cannot be written.
pub fn keep(workspace: &Workspace, exercise: &Exercise, source: &Source, report: &Report) -> Result<(), Trouble> {
    let Some(check) = report.checks.iter().find(|check| check.check == Check::Schedules) else { return Ok(()) };
    let findings: Vec<Finding> =
        check.findings.iter().filter(|finding| finding.interleaving.is_some()).cloned().collect();
    let path = path(workspace, exercise);
    if findings.is_empty() {
        // What cannot be read any more is of use to nobody.
        if check.outcome == Outcome::Passed && kept(workspace, exercise).is_err() {
            std::fs::remove_file(&path).ours(format_args!("cannot remove {}", path.display()))?;
        }
        return Ok(());
    }
    let replays = Replays { text: read(&source.root)?, findings };
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    write(&path, &serde_json::to_string(&replays).ours("cannot write JSON")?)
}

/// What was kept last; `None` if there is nothing.
///
/// # Errors
/// If the file exists and cannot be read.
pub fn kept(workspace: &Workspace, exercise: &Exercise) -> Result<Option<Replays>, Trouble> {
    let path = path(workspace, exercise);
    if !path.exists() {
        return Ok(None);
    }
    let replays: Result<Replays, _> = serde_json::from_str(&read(&path)?);
    let mut replays = replays.usage(format_args!("{} is damaged; grade again to write it anew", path.display()))?;
    // The file lies where others can write. The text stays as it is: it is compared with the submission.
    replays.findings = foreign::shown(&replays.findings)?;
    Ok(Some(replays))
}
