//! What an author asks to be verified: exercises, single variants, or what differs from a Git revision.

use super::verify::Asked;
use crate::exercise::catalog::{self, Exercise};
use crate::home::git::git;
use crate::home::workspace::Workspace;
use crate::submission::variant;
use crate::trouble::{Context, Trouble};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What differs from a revision.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    /// Exercises of which more than variants differs: all of each is verified.
    whole: BTreeSet<String>,
    /// Variants that differ, by exercise.
    variants: BTreeMap<String, BTreeSet<String>>,
    /// Files of the grader that differ: they can change every verdict.
    pub grader: Vec<String>,
}

/// What these names mean: exercises, and variants (`rejected/NAME`, or a path to their file) of the exercise named before them.
///
/// # Errors
/// If a name means nothing, or more than one thing.
pub fn named(workspace: &Workspace, folders: &[String], names: &[String]) -> Result<Vec<Asked>, Trouble> {
    let mut asked: Vec<Asked> = Vec::new();
    let read = |folder: &str| Exercise::read(workspace, catalog::find(folders, folder)?);
    for name in names {
        if let Some((folder, name)) = of_path(Path::new(name)) {
            let exercise = read(&folder)?;
            let variants = Some(vec![variant::find(&exercise, &name)?]);
            asked.push(Asked { exercise, variants });
        } else if name.starts_with("rejected/") || name.starts_with("accepted/") {
            let Some(last) = asked.last_mut() else {
                return Err(Trouble::Usage(format!("'{name}' is a variant; name its exercise before it")));
            };
            let found = variant::find(&last.exercise, name)?;
            last.variants.get_or_insert_default().push(found);
        } else {
            asked.push(Asked { exercise: read(name)?, variants: None });
        }
    }
    Ok(asked)
}

/// What differs from a revision, in the working tree as it is.
///
/// # Errors
/// If Git does not know the revision.
pub fn changed(workspace: &Workspace, revision: &str) -> Result<Changed, Trouble> {
    let mut changed = Changed::default();
    let tracked = ask_git(workspace, &["diff", "--name-only", "--relative", revision, "--"])?;
    let new = ask_git(workspace, &["ls-files", "--others", "--exclude-standard"])?;
    for path in tracked.lines().chain(new.lines()) {
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["tests", folder, "rejected" | "accepted", _] => {
                if let Some((_, name)) = of_path(Path::new(path)) {
                    changed.variants.entry((*folder).to_owned()).or_default().insert(name);
                }
            }
            ["tests" | "solutions" | "exercises", folder, ..] => {
                changed.whole.insert((*folder).to_owned());
            }
            ["grader", ..] | ["Cargo.toml" | "Cargo.lock"] => changed.grader.push(path.to_owned()),
            _ => {}
        }
    }
    Ok(changed)
}

impl Changed {
    /// As something to verify. A variant that is gone is nothing to verify, a base that differs brings the patches that change it.
    ///
    /// # Errors
    /// If an exercise or a variant cannot be read.
    pub fn asked(&self, workspace: &Workspace, folders: &[String]) -> Result<Vec<Asked>, Trouble> {
        let mut asked = Vec::new();
        for folder in folders {
            let names = self.variants.get(folder);
            if self.whole.contains(folder) {
                asked.push(Asked { exercise: Exercise::read(workspace, folder)?, variants: None });
            } else if let Some(names) = names {
                let exercise = Exercise::read(workspace, folder)?;
                let mut all = variant::variants(&exercise, verdict::Origin::Accepted)?;
                all.extend(variant::variants(&exercise, verdict::Origin::Rejected)?);
                let bases: BTreeSet<String> = names.iter().map(|name| format!("tests/{folder}/{name}.rs")).collect();
                all.retain(|each| {
                    let on = each.change.as_ref().is_some_and(|change| bases.contains(&change.of));
                    on || names.contains(&each.shown())
                });
                if !all.is_empty() {
                    asked.push(Asked { exercise, variants: Some(all) });
                }
            }
        }
        Ok(asked)
    }
}

fn ask_git(workspace: &Workspace, arguments: &[&str]) -> Result<String, Trouble> {
    let bytes = git(&workspace.root, arguments)
        .usage("cannot run git")?
        .map_err(|complaint| Trouble::Usage(format!("git {}: {complaint}", arguments.join(" "))))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The variant whose file this is, if it is one: `tests/NN_slug/rejected/NAME.patch`.
fn of_path(path: &Path) -> Option<(String, String)> {
    let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
    let at = parts.iter().rposition(|part| *part == "tests")?;
    match parts.get(at + 1..)? {
        [exercise, folder @ ("rejected" | "accepted"), file] => {
            let name = file.strip_suffix(".rs").or_else(|| file.strip_suffix(".patch"))?;
            Some(((*exercise).to_owned(), format!("{folder}/{name}")))
        }
        _ => None,
    }
}
