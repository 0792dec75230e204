//! Lays out a learner's workspace, and brings it up to date later: nothing that the learner has changed is touched.
//!
//! What was written is remembered by its hash in `.grader/laid_out.json`. A file that is still as it was written may be
//! replaced; any other is the learner's.

use crate::exercise::catalog;
use crate::exercise::config::Config;
use crate::exercise::starter;
use crate::home::library::Library;
use crate::home::workspace::{SETTINGS, is_clone, is_learners};
use crate::trouble::{Context, Trouble, make_folder, read, write};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

/// What laying out has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaidOut {
    /// Files that were not there.
    pub written: Vec<String>,
    /// Files that were still as an earlier grader had written them, and are replaced.
    pub updated: Vec<String>,
    /// Files that this grader would write differently, but that the learner has changed: they are as they were.
    pub kept: Vec<String>,
}

/// The memory of what was written.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Memory {
    /// The library it is from.
    version: String,
    /// The hash of each file, by its path.
    files: BTreeMap<String, String>,
}

const MEMORY: &str = ".grader/laid_out.json";

/// Lays out a workspace in `folder`, or brings the one that is there up to date.
///
/// # Errors
/// If `folder` holds something else, or cannot be written to.
pub fn lay_out(library: &Library, folder: &Path) -> Result<LaidOut, Trouble> {
    if is_clone(folder) {
        return Err(Trouble::Usage(format!(
            "{} is a clone of this project: everything works in it as it is; choose a new folder for a workspace",
            folder.display()
        )));
    }
    let is_empty = std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
    if !is_empty && !is_learners(folder) {
        return Err(Trouble::Usage(format!(
            "{} is not empty, and no workspace either; choose a new folder",
            folder.display()
        )));
    }
    make_folder(folder)?;
    let files = files(library)?;
    let memory_path = folder.join(MEMORY);
    let mut memory: Memory = std::fs::read_to_string(&memory_path)
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    let mut done = LaidOut::default();
    for (name, text) in files {
        let (path, hash) = (folder.join(&name), hash(text.as_bytes()));
        match std::fs::read(&path) {
            Ok(there) if there == text.as_bytes() => {}
            Ok(there) if memory.files.get(&name) == Some(&self::hash(&there)) => {
                write(&path, &text)?;
                done.updated.push(name.clone());
            }
            Ok(_) => {
                // What the learner has changed is reported once, when there is something newer.
                if memory.files.get(&name) != Some(&hash) {
                    done.kept.push(name.clone());
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                write(&path, &text)?;
                done.written.push(name.clone());
            }
            Err(error) => return Err(error).usage(format_args!("cannot read {}", path.display())),
        }
        memory.files.insert(name, hash);
    }
    memory.version.clone_from(&library.version);
    write(&memory_path, &serde_json::to_string_pretty(&memory).ours("cannot write JSON")?)?;
    Ok(done)
}

/// Whether a workspace was laid out from another library than this.
pub fn is_from_another(library: &Library, folder: &Path) -> bool {
    let memory = std::fs::read_to_string(folder.join(MEMORY)).ok();
    let memory: Option<Memory> = memory.and_then(|text| serde_json::from_str(&text).ok());
    memory.is_some_and(|memory| memory.version != library.version)
}

fn hash(bytes: &[u8]) -> String {
    // Fixed keys: the same in every process.
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// All files of a workspace, by their paths.
fn files(library: &Library) -> Result<Vec<(String, String)>, Trouble> {
    let from = |name: &str| read(&library.content.join(name));
    let mut files = vec![
        ("README.md".to_owned(), include_str!("layout/README.md").to_owned()),
        (SETTINGS.to_owned(), include_str!("layout/grader.toml").to_owned()),
        (".gitignore".to_owned(), "/target\n".to_owned()),
        ("rust-analyzer.toml".to_owned(), include_str!("layout/rust-analyzer.toml").to_owned()),
        (".vscode/settings.json".to_owned(), include_str!("layout/settings.json").to_owned()),
    ];
    for name in ["curriculum.md", "choosing.md"] {
        files.push((name.to_owned(), from(name)?));
    }
    let mut used = BTreeSet::new();
    for exercise in catalog::folders_in(&library.content)? {
        let name = format!("exercises/{exercise}/Cargo.toml");
        let text = from(&name)?;
        let table: toml::Table = toml::from_str(&text).ours(&name)?;
        used.extend(
            table.get("dependencies").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys).cloned(),
        );
        files.push((name, text));
        let name = format!("exercises/{exercise}/README.md");
        files.push((name.clone(), from(&name)?));
        let config = Config::read(&library.content.join("tests").join(&exercise).join("checks.toml"))?;
        let starter = starter::of(&library.content, &exercise, config.starter.as_deref())?;
        files.push((format!("exercises/{exercise}/src/lib.rs"), starter));
    }
    for (name, text) in &mut files {
        if name.ends_with(".md") {
            // The alias is a clone's; here the grader is called by its own name.
            *text = text.replace("cargo grader", "grader");
        }
    }
    files.push(("Cargo.toml".to_owned(), manifest(&from("Cargo.toml")?, &used)?));
    Ok(files)
}

/// The manifest of a workspace that has nothing but exercises, which use these dependencies.
fn manifest(ours: &str, used: &BTreeSet<String>) -> Result<String, Trouble> {
    let mut manifest: toml::Table = toml::from_str(ours).ours("the library's Cargo.toml")?;
    let workspace = manifest.get_mut("workspace").and_then(toml::Value::as_table_mut);
    let workspace = workspace.ok_or_else(|| Trouble::Ours("the library's Cargo.toml has no [workspace]".into()))?;
    workspace.insert("members".into(), vec!["exercises/*"].into());
    workspace.remove("default-members");
    if let Some(dependencies) = workspace.get_mut("dependencies").and_then(toml::Value::as_table_mut) {
        dependencies.retain(|name, _| used.contains(name));
    }
    Ok(format!("# Written by `grader init`.\n{}", toml::to_string(&manifest).ours("cannot write TOML")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn library() -> Library {
        Library::of_clone(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap()
    }

    const MINE: &str = "exercises/22_gather/src/lib.rs";
    const BRIEF: &str = "exercises/22_gather/README.md";

    #[test]
    fn a_workspace_has_every_exercise_and_no_hidden_test_or_reference() {
        let folder = tempfile::tempdir().unwrap();
        let done = lay_out(&library(), folder.path()).unwrap();
        assert!(done.updated.is_empty() && done.kept.is_empty());
        for exercise in catalog::folders_in(&library().content).unwrap() {
            assert!(folder.path().join("exercises").join(&exercise).join("src/lib.rs").is_file(), "{exercise}");
        }
        assert!(!folder.path().join("tests").exists() && !folder.path().join("solutions").exists());
        assert_eq!(lay_out(&library(), folder.path()).unwrap(), LaidOut::default());
    }

    #[test]
    fn what_the_learner_has_changed_is_never_touched() {
        let folder = tempfile::tempdir().unwrap();
        lay_out(&library(), folder.path()).unwrap();
        fs::write(folder.path().join(MINE), "mine").unwrap();
        fs::write(folder.path().join(BRIEF), "my notes").unwrap();
        assert_eq!(lay_out(&library(), folder.path()).unwrap(), LaidOut::default());
        // As if an older grader had laid it out: its memory has another hash of the brief.
        let memory = folder.path().join(MEMORY);
        let mut older: Memory = serde_json::from_str(&fs::read_to_string(&memory).unwrap()).unwrap();
        older.files.insert(BRIEF.into(), "older".into());
        older.files.insert(MINE.into(), "older".into());
        fs::write(&memory, serde_json::to_string(&older).unwrap()).unwrap();
        let done = lay_out(&library(), folder.path()).unwrap();
        assert_eq!(done, LaidOut { kept: vec![BRIEF.into(), MINE.into()], ..LaidOut::default() });
        assert_eq!(fs::read_to_string(folder.path().join(MINE)).unwrap(), "mine");
        assert_eq!(fs::read_to_string(folder.path().join(BRIEF)).unwrap(), "my notes");
    }

    #[test]
    fn what_is_as_an_older_grader_wrote_it_is_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        lay_out(&library(), folder.path()).unwrap();
        fs::write(folder.path().join(MINE), "an older starter").unwrap();
        let memory = folder.path().join(MEMORY);
        let mut older: Memory = serde_json::from_str(&fs::read_to_string(&memory).unwrap()).unwrap();
        older.files.insert(MINE.into(), hash(b"an older starter"));
        fs::write(&memory, serde_json::to_string(&older).unwrap()).unwrap();
        fs::remove_file(folder.path().join(BRIEF)).unwrap();
        let done = lay_out(&library(), folder.path()).unwrap();
        assert_eq!((done.updated, done.written), (vec![MINE.to_owned()], vec![BRIEF.to_owned()]));
        assert!(fs::read_to_string(folder.path().join(MINE)).unwrap().contains("todo!"));
    }

    #[test]
    fn a_folder_with_other_things_in_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.tex"), "").unwrap();
        let error = lay_out(&library(), folder.path()).unwrap_err().to_string();
        assert!(error.contains("is not empty"), "{error}");
        assert!(lay_out(&library(), &library().content).unwrap_err().to_string().contains("is a clone"));
    }
}
