//! The exercises there are, and how one is named.

use crate::exercise::config::Config;
use crate::home::workspace::Workspace;
use crate::trouble::{Context, Trouble};
use std::path::{Path, PathBuf};
use verdict::Check;

/// One exercise.
#[derive(Clone, Debug)]
pub struct Exercise {
    /// The folder's name, `34_read_write_lock`.
    pub folder: String,
    /// The folder's name without its number, `read_write_lock`; also the package.
    pub slug: String,
    /// What its `checks.toml` says.
    pub config: Config,
    /// The folder that holds the references and hidden tests of all exercises.
    pub content: PathBuf,
    /// Its folder in `exercises`.
    pub starter: PathBuf,
    /// Its folder in `solutions`.
    pub solution: PathBuf,
    /// Its folder in `tests`.
    pub tests: PathBuf,
}

impl Exercise {
    /// Reads one exercise by its folder name.
    ///
    /// # Errors
    /// If a folder is missing or `checks.toml` is broken.
    pub fn read(workspace: &Workspace, folder: &str) -> Result<Exercise, Trouble> {
        let slug = slug_of(folder).ok_or_else(|| {
            Trouble::Usage(format!("'{folder}' is no name for an exercise: two digits, '_', and a name in snake case"))
        })?;
        let tests = workspace.content.join("tests").join(folder);
        let config = Config::read(&tests.join("checks.toml")).or_else(|trouble| {
            // What nobody but another program has written is not the user's to mend.
            workspace.insist_on_content(folder)?;
            Err(trouble)
        })?;
        Ok(Exercise {
            slug: slug.to_owned(),
            config,
            content: workspace.content.clone(),
            starter: workspace.root.join("exercises").join(folder),
            solution: workspace.content.join("solutions").join(folder),
            tests,
            folder: folder.to_owned(),
        })
    }

    /// The checks this exercise has, in order.
    pub fn checks(&self) -> Vec<Check> {
        let has = |check: &Check| *check == Check::Build || self.config.points.contains_key(check);
        Check::ALL.into_iter().filter(has).collect()
    }

    /// The points of one check.
    pub fn points(&self, check: Check) -> u32 {
        self.config.points.get(&check).copied().unwrap_or(0)
    }

    /// The learner's brief.
    pub fn brief(&self) -> PathBuf {
        self.starter.join("README.md")
    }

    /// Hints, reasons and questions.
    pub fn notes(&self) -> PathBuf {
        self.solution.join("NOTES.md")
    }
}

/// `34_read_write_lock` → `read_write_lock`, if it is a name for an exercise.
pub(crate) fn slug_of(folder: &str) -> Option<&str> {
    let (number, slug) = folder.split_once('_')?;
    let digits = number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit());
    let snake = slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    (digits && snake && !slug.is_empty()).then_some(slug)
}

/// The folder names of all exercises, sorted. Cheap: reads no file.
///
/// # Errors
/// If the folder `exercises` cannot be read.
pub fn folders(workspace: &Workspace) -> Result<Vec<String>, Trouble> {
    let mut names = folders_in(&workspace.root)?;
    if workspace.is_learners() {
        // An exercise that this grader does not know (any more) cannot be graded.
        names.retain(|name| workspace.content.join("tests").join(name).is_dir());
    }
    Ok(names)
}

/// The names of the folders of exercises below a root folder, sorted.
pub(crate) fn folders_in(root: &Path) -> Result<Vec<String>, Trouble> {
    let folder = root.join("exercises");
    let mut names = Vec::new();
    for entry in walkdir::WalkDir::new(&folder).min_depth(1).max_depth(1).sort_by_file_name() {
        let entry = entry.usage(format_args!("cannot read the folder {}", folder.display()))?;
        if let Some(name) = entry.file_name().to_str().filter(|name| slug_of(name).is_some()) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// All exercises, sorted by folder name.
///
/// # Errors
/// If one of them is broken.
pub fn all(workspace: &Workspace) -> Result<Vec<Exercise>, Trouble> {
    folders(workspace)?.iter().map(|folder| Exercise::read(workspace, folder)).collect()
}

/// Finds the folder that `name` means: `read_write_lock`, `34_read_write_lock`, `34`, `3.4`, a path to the folder, or the
/// beginning of a name, if it begins only one.
///
/// # Errors
/// If it means none, or more than one.
pub fn find<'a>(folders: &'a [String], name: &str) -> Result<&'a str, Trouble> {
    // A path that a shell completed: the last part that names something.
    let name = name.trim_end_matches('/');
    let name = name.rsplit('/').find(|part| !part.is_empty() && *part != "src" && *part != "lib.rs").unwrap_or(name);
    let plain = name.replace('-', "_").to_lowercase();
    let number = plain.replacen('.', "", 1);
    let parts = |folder: &'a String| folder.split_once('_').map(|(number, slug)| (folder.as_str(), number, slug));
    let all: Vec<(&str, &str, &str)> = folders.iter().filter_map(parts).collect();
    if let Some((folder, ..)) = all.iter().find(|(folder, _, slug)| *folder == plain || *slug == plain) {
        return Ok(folder);
    }
    let begins = |(folder, of, slug): &&(&str, &str, &str)| {
        *of == number || !plain.is_empty() && (folder.starts_with(&plain) || slug.starts_with(&plain))
    };
    match all.iter().filter(begins).map(|(folder, ..)| *folder).collect::<Vec<_>>().as_slice() {
        [one] => Ok(one),
        [] => {
            let close = |(folder, _, slug): &(&'a str, &str, &str)| {
                let part = plain.len() > 2 && slug.contains(&plain);
                let likeness = strsim::jaro_winkler(slug, &plain).max(strsim::jaro_winkler(folder, &plain));
                let likeness = if part { 1.0 } else { likeness };
                (likeness > 0.7).then_some((likeness, *folder))
            };
            let best = all.iter().filter_map(close).max_by(|a, b| a.0.total_cmp(&b.0));
            let advice = match best {
                Some((_, folder)) => format!("did you mean {folder}?"),
                None => format!("the exercises are {}", folders.join(", ")),
            };
            Err(Trouble::Usage(format!("there is no exercise '{name}'; {advice}")))
        }
        several => Err(Trouble::Usage(format!("'{name}' could be {}; say which", several.join(" or ")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders() -> Vec<String> {
        ["11_gil", "22_gather", "33_blocking_queue", "33_thread_local", "34_read_write_lock"].map(String::from).to_vec()
    }

    #[test]
    fn every_way_of_naming_an_exercise_finds_it() {
        for name in [
            "read_write_lock",
            "34_read_write_lock",
            "34",
            "3.4",
            "read-write-lock",
            "read",
            "34_r",
            "exercises/34_read_write_lock",
            "exercises/34_read_write_lock/",
            "exercises/34_read_write_lock/src/lib.rs",
        ] {
            assert_eq!(find(&folders(), name).unwrap(), "34_read_write_lock", "{name}");
        }
    }

    #[test]
    fn a_name_of_two_exercises_lists_both() {
        let message = find(&folders(), "3.3").unwrap_err().to_string();
        assert!(message.contains("33_blocking_queue or 33_thread_local"), "{message}");
    }

    #[test]
    fn a_misspelt_name_is_answered_with_the_right_one() {
        let message = find(&folders(), "read_wirte_lock").unwrap_err().to_string();
        assert!(message.contains("did you mean 34_read_write_lock?"), "{message}");
        let message = find(&folders(), "lock").unwrap_err().to_string();
        assert!(message.contains("did you mean 34_read_write_lock?"), "{message}");
        let message = find(&folders(), "").unwrap_err().to_string();
        assert!(message.contains("the exercises are 11_gil"), "{message}");
    }
}
