//! A library that was unpacked and then written to, as an installed grader meets it: no verdict rests on what somebody else wrote.

use engine::exercise::catalog::Exercise;
use engine::grading::{Extent, Grader};
use engine::home::carried::Bundle;
use engine::home::library::Library;
use engine::home::workspace::Workspace;
use engine::submission::Source;
use engine::trouble::Trouble;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use verdict::{Check, Outcome};

const EXERCISE: &str = "12_latch";

/// The small exercise that the command line is tried with, as a bundle.
fn bundle() -> Bundle {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/tests/fixture");
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut manifest = String::new();
    let mut add = |path: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, bytes).unwrap();
        let hash: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        manifest.push_str(&format!("{hash}  {path}\n"));
    };
    add("Cargo.toml", b"[workspace]\n");
    for tree in ["exercises", "solutions", "tests"] {
        for entry in walkdir::WalkDir::new(fixture.join(tree)) {
            let entry = entry.unwrap();
            if entry.file_type().is_file() {
                let path = entry.path().strip_prefix(&fixture).unwrap().to_str().unwrap();
                add(path, &fs::read(entry.path()).unwrap());
            }
        }
    }
    let archive = archive.into_inner().unwrap().finish().unwrap();
    Bundle { archive: archive.leak(), manifest: manifest.leak(), version: "1" }
}

struct Installed {
    _folder: tempfile::TempDir,
    content: PathBuf,
    grader: Grader,
}

impl Installed {
    fn new() -> Installed {
        engine::run::confine::launcher::use_other(env!("CARGO_BIN_EXE_launcher").as_ref());
        let folder = tempfile::tempdir().unwrap();
        let library = Library::unpack(bundle(), &folder.path().join("home")).unwrap();
        let root = folder.path().join("workspace");
        fs::create_dir_all(root.join("exercises").join(EXERCISE).join("src")).unwrap();
        fs::write(root.join("exercises").join(EXERCISE).join("src/lib.rs"), "pub struct Latch;\n").unwrap();
        let workspace = Workspace::of_learner(&root, &library);
        Installed { content: library.content.clone(), grader: Grader::new(workspace).unwrap(), _folder: folder }
    }

    fn exercise(&self) -> Result<Exercise, Trouble> {
        Exercise::read(&self.grader.workspace, EXERCISE)
    }

    /// Whether the rules are kept, which takes no compiler.
    fn graded(&self) -> Result<Outcome, Trouble> {
        let exercise = self.exercise()?;
        let source = Source::learner(&exercise)?;
        let report = self.grader.grade(&exercise, &source, Extent::Checks(&[Check::SourceRules]), &|_| {})?;
        Ok(report.checks[0].outcome.clone())
    }

    fn replayed(&self) -> Result<(), Trouble> {
        let exercise = self.exercise()?;
        let source = Source::learner(&exercise)?;
        self.grader.replay(&exercise, &source, "opening_reaches_everybody", "0", &|_| {}).map(drop)
    }
}

#[track_caller]
fn names<T>(result: Result<T, Trouble>, words: &str) {
    match result {
        Err(Trouble::Ours(text)) => assert!(text.contains(words) && text.contains("run the command again"), "{text}"),
        Err(other) => panic!("not our fault: {other}"),
        Ok(_) => panic!("nothing was noticed"),
    }
}

#[test]
fn a_grading_refuses_hidden_tests_that_were_written_to_and_the_next_one_has_them_again() {
    let installed = Installed::new();
    assert_eq!(installed.graded().unwrap(), Outcome::Passed);
    let file = installed.content.join("tests/12_latch/behaviour.rs");
    let before = fs::read_to_string(&file).unwrap();
    fs::write(&file, before.replace("#[fact]", "")).unwrap();
    names(installed.graded(), "tests/12_latch/behaviour.rs was changed in ");
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    assert_eq!(installed.graded().unwrap(), Outcome::Passed);
}

#[test]
fn a_replay_refuses_too() {
    let installed = Installed::new();
    fs::remove_file(installed.content.join("tests/12_latch/schedules.rs")).unwrap();
    names(installed.replayed(), "tests/12_latch/schedules.rs is missing in ");
}

#[test]
fn settings_that_cannot_be_read_since_somebody_wrote_there_are_not_the_users_fault() {
    let installed = Installed::new();
    let file = installed.content.join("tests/12_latch/checks.toml");
    for text in [Some("points = nonsense"), None] {
        match text {
            Some(text) => fs::write(&file, text).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        names(installed.exercise(), "tests/12_latch/checks.toml ");
        assert!(installed.exercise().is_ok());
    }
}
