//! The form in which an author edits a variant: its header as comments, a line that ends it, and below it the whole source.

use crate::exercise::catalog::Exercise;
use crate::home::workspace::Workspace;
use crate::submission::patch::Change;
use crate::submission::variant::{self, PATCH};
use crate::trouble::{Context, Trouble, read, write};
use std::path::PathBuf;
use verdict::Origin;

/// A variant with more changed lines than this has a design of its own, and is kept as a whole file.
pub const MOST_CHANGED: usize = 80;

/// Ends the header.
const BELOW: &str = "//! ---- above: the header of the variant; below: its whole source ----";

/// A variant that is being edited.
#[derive(Clone, Debug)]
pub struct Edited {
    origin: Origin,
    name: String,
    /// Its file without an ending.
    stem: PathBuf,
    /// The file it is a change of, relative to the root.
    of: String,
    /// What is edited.
    pub text: String,
}

/// What came of an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// As a patch, with so many changed lines.
    Patch(PathBuf, usize),
    /// As a whole file, since so many lines are changed.
    File(PathBuf, usize),
}

impl Edited {
    /// Begins to edit a variant that exists. `of` names another file for it to be a change of.
    ///
    /// # Errors
    /// If there is no such variant, or its patch does not fit.
    pub fn existing(
        workspace: &Workspace,
        exercise: &Exercise,
        name: &str,
        of: Option<&str>,
    ) -> Result<Edited, Trouble> {
        let variant = variant::find(exercise, name)?;
        let of = match (of, &variant.change) {
            (Some(of), _) => base(exercise, Some(of))?,
            (None, Some(change)) => change.of.clone(),
            (None, None) => base(exercise, None)?,
        };
        let whole = variant.text(workspace)?;
        let source = match &variant.change {
            Some(_) => whole,
            None => without_header(&whole),
        };
        Ok(Edited {
            origin: variant.origin,
            name: variant.name,
            stem: variant.path.with_extension(""),
            of,
            text: laid_out(&variant.header, &source),
        })
    }

    /// Begins a new variant: `rejected/NAME`, `accepted/NAME`, or a name alone for a rejected one.
    ///
    /// # Errors
    /// If the name is taken, or is none; if `of` is no file.
    pub fn new(workspace: &Workspace, exercise: &Exercise, name: &str, of: Option<&str>) -> Result<Edited, Trouble> {
        let (folder, name) = name.split_once('/').unwrap_or(("rejected", name));
        let origin = match folder {
            "rejected" => Origin::Rejected,
            "accepted" => Origin::Accepted,
            _ => return Err(Trouble::Usage(format!("'{folder}/{name}': a variant is rejected/NAME or accepted/NAME"))),
        };
        let snake = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if name.is_empty() || !name.bytes().all(snake) {
            return Err(Trouble::Usage(format!("'{name}' is no name for a variant: write it in snake case")));
        }
        let stem = exercise.tests.join(folder).join(name);
        if let Some(taken) = [PATCH, "rs"].map(|ending| stem.with_extension(ending)).iter().find(|path| path.exists()) {
            return Err(Trouble::Usage(format!("{} exists; leave --new out to edit it", workspace.shown(taken))));
        }
        let of = base(exercise, of)?;
        let source = read(&workspace.content.join(&of))?;
        let header = match origin {
            Origin::Accepted => vec!["How it differs from the reference.".to_owned()],
            _ => vec!["caught-by: behaviour — name_of_the_fact".to_owned(), "What is wrong with it.".to_owned()],
        };
        Ok(Edited { origin, name: name.to_owned(), stem, of, text: laid_out(&header, &source) })
    }

    /// Where it may be edited.
    pub fn place(&self, workspace: &Workspace) -> PathBuf {
        workspace.target.join("variants/edited").join(variant::folder_of(self.origin)).join(format!("{}.rs", self.name))
    }

    /// Writes the edited text back: as a patch, or as a whole file if that is what it has become.
    ///
    /// # Errors
    /// If the header is gone or nothing is changed; if the file cannot be written.
    pub fn save(&self, workspace: &Workspace, text: &str) -> Result<Saved, Trouble> {
        let Some((header, source)) = text.split_once(BELOW) else {
            return Err(Trouble::Usage(format!("the line `{BELOW}` is gone; it must end the header")));
        };
        let lines = header.lines().map(|line| line.trim_start_matches("//!").trim());
        let header = lines.collect::<Vec<_>>().join("\n");
        let source = source.trim_start_matches('\n');
        let before = read(&workspace.content.join(&self.of))?;
        let Some(change) = Change::between(&header, &self.of, &before, source) else {
            return Err(Trouble::Usage(format!("it is the same as {}: change something", self.of)));
        };
        let (patch, file) = (self.stem.with_extension(PATCH), self.stem.with_extension("rs"));
        let (saved, old, text) = match change.size() {
            size @ ..=MOST_CHANGED => (Saved::Patch(patch.clone(), size), file, change.to_string()),
            size => {
                let head: String = header.trim().lines().map(|line| format!("//! {line}\n")).collect();
                (Saved::File(file, size), patch, format!("{head}\n{}", without_header(source)))
            }
        };
        let (Saved::Patch(path, _) | Saved::File(path, _)) = &saved;
        write(path, &text)?;
        if old.exists() {
            std::fs::remove_file(&old).ours(format_args!("cannot remove {}", old.display()))?;
        }
        Ok(saved)
    }
}

/// The file that a variant is a change of: the reference, or an accepted variant that is a whole file.
fn base(exercise: &Exercise, of: Option<&str>) -> Result<String, Trouble> {
    let Some(of) = of else { return Ok(format!("solutions/{}/src/lib.rs", exercise.folder)) };
    let name = of.trim_start_matches("accepted/").trim_end_matches(".rs");
    let path = format!("tests/{}/accepted/{name}.rs", exercise.folder);
    match exercise.content.join(&path).is_file() {
        true => Ok(path),
        false => {
            Err(Trouble::Usage(format!("there is no {path}; --of takes an accepted variant that is a whole file")))
        }
    }
}

fn laid_out(header: &[String], source: &str) -> String {
    let lines: String = header.iter().map(|line| format!("//! {line}\n")).collect();
    format!("{lines}{BELOW}\n\n{source}")
}

/// A whole file without the `//!` lines that begin it.
fn without_header(text: &str) -> String {
    let lines: Vec<&str> = text.lines().skip_while(|line| line.starts_with("//!") || line.is_empty()).collect();
    lines.join("\n") + "\n"
}
