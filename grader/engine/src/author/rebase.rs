//! Carries variants over to a reference that has changed: where nobody has changed the same lines, a three-way merge does it.

use crate::exercise::catalog::Exercise;
use crate::home::git::git;
use crate::home::workspace::Workspace;
use crate::submission::patch::Change;
use crate::submission::variant::{Variant, variants};
use crate::trouble::{Context, Trouble, read, write};
use diffy::{ConflictStyle, MergeOptions};
use verdict::Origin;

/// What became of one patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rebased {
    /// It fits as it is.
    Fits,
    /// It was carried over, and is written.
    Carried,
    /// It must be done by hand: why, with the conflict if there is one.
    ByHand(String),
}

/// Carries every patch of an exercise over to the files as they are now. `from` is the Git revision at which the patches fit.
///
/// # Errors
/// If a file cannot be read or written. What cannot be carried over is a result.
pub fn rebase(workspace: &Workspace, exercise: &Exercise, from: &str) -> Result<Vec<(Variant, Rebased)>, Trouble> {
    let mut all = variants(exercise, Origin::Accepted)?;
    all.extend(variants(exercise, Origin::Rejected)?);
    let mut results = Vec::new();
    for variant in all {
        if let Some(change) = &variant.change {
            let rebased = one(workspace, &variant, change, from)?;
            results.push((variant, rebased));
        }
    }
    Ok(results)
}

fn one(workspace: &Workspace, variant: &Variant, change: &Change, from: &str) -> Result<Rebased, Trouble> {
    let now = read(&workspace.content.join(&change.of))?;
    if change.apply(&now).is_ok() {
        return Ok(Rebased::Fits);
    }
    let Some(before) = at_revision(workspace, from, &change.of)? else {
        return Ok(Rebased::ByHand(format!("Git has no {} at {from}; --from names another revision", change.of)));
    };
    let theirs = match change.apply(&before) {
        Ok(theirs) => theirs,
        Err(misfit) => {
            return Ok(Rebased::ByHand(format!(
                "it does not fit {} at {from} either ({misfit}); --from names the revision at which it did",
                change.of
            )));
        }
    };
    let mut merging = MergeOptions::new();
    merging.set_conflict_style(ConflictStyle::Diff3);
    Ok(match merging.merge(&before, &now, &theirs) {
        Ok(merged) => match Change::between(&change.header, &change.of, &now, &merged) {
            Some(change) => {
                write(&variant.path, &change.to_string())?;
                Rebased::Carried
            }
            None => {
                Rebased::ByHand(format!("{} already is what it would make: remove it, or mend that file", change.of))
            }
        },
        Err(conflict) => Rebased::ByHand(format!("both changed the same lines:\n{}", conflicts(&conflict))),
    })
}

/// A file at a revision; `None` if it was not there.
fn at_revision(workspace: &Workspace, revision: &str, path: &str) -> Result<Option<String>, Trouble> {
    let shown = git(&workspace.content, &["show", &format!("{revision}:{path}")]);
    let shown = shown.usage("cannot run git, which has the older text")?;
    Ok(shown.ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// The parts of a merged text that are between conflict markers.
fn conflicts(merged: &str) -> String {
    let (mut text, mut inside) = (String::new(), false);
    for line in merged.lines() {
        inside |= line.starts_with("<<<<<<<");
        let shown = match line {
            "<<<<<<< ours" => "<<<<<<< the file as it is now",
            "||||||| original" => "||||||| before",
            ">>>>>>> theirs" => ">>>>>>> the variant",
            line => line,
        };
        if inside {
            text.push_str(&format!("    {shown}\n"));
        }
        inside &= !line.starts_with(">>>>>>>");
    }
    text
}
