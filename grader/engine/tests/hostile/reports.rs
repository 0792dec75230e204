//! What a report promises: the same one every time, nothing accepted that was not run, the same results as `cargo test`.

use crate::grading::{GRADER, grade, grade_file, hostile, lab};
use engine::run::processes;
use engine::submission::Source;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use verdict::{Check, CheckReport, Outcome, Report, Verdict};

/// A report without what may differ from one time to the next.
fn timeless(mut report: Report) -> Report {
    report.millis = 0;
    for check in &mut report.checks {
        check.millis = 0;
        check.items.iter_mut().for_each(|item| item.millis = 0);
        for finding in &mut check.findings {
            let words = finding.seen.take().map(|seen| {
                let words = seen.split(' ').map(|word| if word.parse::<u64>().is_ok() { "N" } else { word });
                words.collect::<Vec<_>>().join(" ")
            });
            finding.seen = words;
        }
    }
    report
}

#[test]
fn the_same_submission_gets_the_same_report_twice() {
    let quick = [Check::SourceRules, Check::Build, Check::CompileFail, Check::Behaviour, Check::Transcript];
    for name in ["swallows_a_panic", "crosses_its_locks", "leaves_a_child"] {
        let once = || timeless(grade_file(&hostile(name), Some(&quick)));
        assert_eq!(once(), once(), "{name}");
    }
}

#[test]
fn what_was_not_run_is_never_accepted() {
    let mut report = grade("looks_around");
    assert_eq!(Verdict::of(&report.checks), Verdict::Accepted);
    for outcome in [Outcome::NotRun("because".into()), Outcome::Inconclusive] {
        let behaviour = report.checks.iter().position(|each| each.check == Check::Behaviour).unwrap();
        let mut items = report.checks[behaviour].items.clone();
        items[0].outcome = outcome;
        let evidence = report.checks[behaviour].evidence.clone();
        report.checks[behaviour] = CheckReport::from_items(Check::Behaviour, 60, evidence, items, Vec::new(), 0);
        assert_eq!(Verdict::of(&report.checks), Verdict::Inconclusive);
    }
}

/// What `cargo test` says of each hidden test, in a copy of the lab with this file as its reference.
fn by_cargo(reference: &Path) -> BTreeMap<String, bool> {
    let lab = &GRADER.workspace.root;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for entry in walkdir::WalkDir::new(lab) {
        let entry = entry.unwrap();
        let copy = folder.path().join(entry.path().strip_prefix(lab).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(&copy).unwrap();
        } else {
            std::fs::copy(entry.path(), &copy).unwrap();
        }
    }
    std::fs::copy(reference, folder.path().join("solutions/01_lab/src/lib.rs")).unwrap();
    std::fs::copy(GRADER.workspace.grader.join("../Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    let manifest = folder.path().join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let harness = GRADER.workspace.grader.join("harness").display().to_string();
    std::fs::write(&manifest, text.replace("../../../../harness", &harness)).unwrap();
    let mut command = std::process::Command::new(&GRADER.toolchain.cargo);
    command
        .args(["test", "--offline", "--no-fail-fast", "-p", "tests-lab", "--test", "behaviour", "--test", "transcript"])
        .arg("--target-dir")
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("lab-by-cargo"))
        .current_dir(folder.path())
        .env("RUSTC", &GRADER.toolchain.rustc)
        .env("INSTA_UPDATE", "no")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // Started as all processes of the grader: one that it does not know of, it takes for a stray.
    let mut cargo = processes::spawn(&mut command).unwrap();
    let (mut stdout, mut stderr) = (cargo.child.stdout.take().unwrap(), cargo.child.stderr.take().unwrap());
    let words = std::thread::spawn(move || {
        let mut words = String::new();
        stderr.read_to_string(&mut words).unwrap();
        words
    });
    let mut text = String::new();
    stdout.read_to_string(&mut text).unwrap();
    let (_, words) = (cargo.wait().unwrap(), words.join().unwrap());
    let results = text.lines().filter_map(|line| {
        let (name, result) = line.strip_prefix("test ")?.split_once(" ... ")?;
        Some((name.to_owned(), result == "ok"))
    });
    let results: BTreeMap<String, bool> = results.collect();
    assert_eq!(results.len(), 5, "{text}{words}");
    results
}

#[test]
fn cargo_test_and_the_grader_agree_on_every_hidden_test() {
    let exercise = lab(60);
    let wrong = exercise.tests.join("rejected/off_by_one.rs");
    for (path, holding) in [(Source::reference(&exercise).unwrap().root, 5), (wrong, 2)] {
        let report = grade_file(&path, Some(&[Check::Behaviour, Check::Transcript]));
        let items = report.checks.iter().flat_map(|each| &each.items);
        let graded: BTreeMap<String, bool> =
            items.map(|item| (item.name.clone(), item.outcome == Outcome::Passed)).collect();
        assert_eq!(graded.values().filter(|holds| **holds).count(), holding, "{report:#?}");
        assert_eq!(graded, by_cargo(&path), "{}", path.display());
    }
}
