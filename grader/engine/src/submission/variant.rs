//! Variants: solutions that are kept to check the checks. A rejected one is wrong in one way and says which check must notice; an
//! accepted one is right and has another design than the reference.
//!
//! A variant is a patch (`NAME.patch`, see [`super::patch`]) to the reference or to an accepted variant, or, where its design is
//! its own, a whole file (`NAME.rs`). What a patch makes is written below `target/grader/variants`, so that there is a file to
//! compile, to open, and to point at.

use super::Source;
use super::patch::Change;
use super::source::written_out;
use crate::exercise::catalog::Exercise;
use crate::exercise::manifest::files_ending;
use crate::home::workspace::Workspace;
use crate::trouble::{Context, Trouble, read};
use std::path::{Path, PathBuf};
use verdict::{Check, Origin};

/// The ending of a patch.
pub const PATCH: &str = "patch";

/// One variant.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Whether it must be accepted or rejected.
    pub origin: Origin,
    /// Its name, `last_reader_wakes_nobody`.
    pub name: String,
    /// The file in the repository.
    pub path: PathBuf,
    /// The lines at its head, without comment signs: for a rejected one what must catch it, and what is wrong.
    pub header: Vec<String>,
    /// The change that it is; `None` if it is a whole file.
    pub change: Option<Change>,
}

impl Variant {
    /// Reads one file.
    ///
    /// # Errors
    /// If it cannot be read, or is no patch.
    pub fn read(origin: Origin, path: &Path) -> Result<Variant, Trouble> {
        let text = read(path)?;
        let change = match path.extension().is_some_and(|ending| ending == PATCH) {
            true => Some(Change::parse(&text).usage(path.display())?),
            false => None,
        };
        let header = match &change {
            Some(change) => change.header.lines().map(str::to_owned).collect(),
            None => text.lines().map_while(|line| Some(line.strip_prefix("//!")?.trim().to_owned())).collect(),
        };
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Variant { origin, name, path: path.to_owned(), header, change })
    }

    /// What must catch it: `caught-by: CHECK — NAME` in the first line of a rejected variant.
    pub fn caught_by(&self) -> Option<(Check, &str)> {
        let rest = self.header.first()?.strip_prefix("caught-by:")?;
        let (check, subject) = rest.split_once('—').or_else(|| rest.split_once(" - "))?;
        Some((check.trim().parse().ok()?, subject.trim()))
    }

    /// `rejected/last_reader_wakes_nobody`, as authors name it.
    pub fn shown(&self) -> String {
        format!("{}/{}", folder_of(self.origin), self.name)
    }

    /// The whole source.
    ///
    /// # Errors
    /// If the file it changes cannot be read, or is not the one that the patch was made for.
    pub fn text(&self, workspace: &Workspace) -> Result<String, Trouble> {
        let Some(change) = &self.change else { return read(&self.path) };
        if !is_base(&change.of) {
            return Err(Trouble::Usage(format!(
                "{} is for {}, which is neither a reference nor an accepted variant",
                workspace.shown(&self.path),
                change.of
            )));
        }
        let base = workspace.content.join(&change.of);
        change.apply(&read(&base)?).map_err(|misfit| {
            Trouble::Usage(format!(
                "{} does not fit {} any more: {misfit}. `cargo grader author rebase` carries patches over to a changed file",
                workspace.shown(&self.path),
                change.of
            ))
        })
    }

    /// Something to grade: for a patch, what it makes is written to a file.
    ///
    /// # Errors
    /// As [`Variant::text`], or if it cannot be written.
    pub fn source(&self, workspace: &Workspace) -> Result<Source, Trouble> {
        if self.change.is_none() {
            return Source::file(self.origin, &self.path);
        }
        let text = self.text(workspace)?;
        let inside = self.path.strip_prefix(&workspace.content).unwrap_or(&self.path).with_extension("");
        let root = written_out(workspace, inside.strip_prefix("/").unwrap_or(&inside), &text)?;
        Ok(Source { name: self.path.clone(), ..Source::file(self.origin, &root)? })
    }
}

/// Whether a variant may be a change of this file, relative to the root.
fn is_base(path: &str) -> bool {
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["solutions", exercise, "src", "lib.rs"] => *exercise != "..",
        ["tests", exercise, "accepted", file] => *exercise != ".." && file.ends_with(".rs"),
        _ => false,
    }
}

/// The variants of one kind, sorted by name.
///
/// # Errors
/// If one of them cannot be read.
pub fn variants(exercise: &Exercise, origin: Origin) -> Result<Vec<Variant>, Trouble> {
    let files = files_ending(&exercise.tests.join(folder_of(origin)), &["rs", PATCH])?;
    files.iter().map(|path| Variant::read(origin, path)).collect()
}

/// Finds a variant by `rejected/NAME`, `accepted/NAME`, a path to its file, or its name alone if only one kind has it.
///
/// # Errors
/// If there is none, or a variant cannot be read.
pub fn find(exercise: &Exercise, name: &str) -> Result<Variant, Trouble> {
    let path = Path::new(name);
    let stem = path.file_stem().unwrap_or_default();
    let folder = path.parent().and_then(Path::file_name);
    let mut all = variants(exercise, Origin::Accepted)?;
    all.extend(variants(exercise, Origin::Rejected)?);
    let fits =
        |each: &&Variant| each.name.as_str() == stem && folder.is_none_or(|folder| folder == folder_of(each.origin));
    match all.iter().filter(fits).collect::<Vec<_>>().as_slice() {
        [one] => Ok((*one).clone()),
        [] => {
            let close = all.iter().map(|each| (strsim::jaro_winkler(&each.name, &stem.to_string_lossy()), each));
            let best = close.filter(|(likeness, _)| *likeness > 0.7).max_by(|a, b| a.0.total_cmp(&b.0));
            let advice = best.map_or(String::new(), |(_, each)| format!("; did you mean {}?", each.shown()));
            Err(Trouble::Usage(format!("{} has no variant '{name}'{advice}", exercise.folder)))
        }
        _ => Err(Trouble::Usage(format!("'{name}' is accepted and rejected; say accepted/{name} or rejected/{name}"))),
    }
}

/// The folder of variants of one kind.
pub const fn folder_of(origin: Origin) -> &'static str {
    match origin {
        Origin::Accepted => "accepted",
        _ => "rejected",
    }
}
