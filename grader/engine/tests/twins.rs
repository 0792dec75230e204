//! The twin of a hidden test (`#[fact(negated)]`, `#[scenario(negated)]`) exposes made-up reports only if it is unmet whenever
//! it is run honestly. Here all twins are run against the reference; `cargo grader author verify` does so for accepted
//! variants, too.

use engine::exercise::catalog::Exercise;
use engine::exercise::manifest::Module;
use engine::grading::{Extent, Grader};
use engine::home::workspace::Workspace;
use engine::submission::Source;
use std::path::Path;
use verdict::{Check, Verdict};

/// Exercises in which submissions may write `unsafe`, and could so get at what the harness knows.
const UNSAFE: [&str; 3] = ["32_mutex", "34_read_write_lock", "43_shared_memory"];

fn workspace() -> Workspace {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the engine is a part of a clone");
    Workspace::at(root)
}

/// Grades the reference: a twin that is not unmet is an error, and so is a reference that is not accepted.
fn all_are_unmet(folder: &str) {
    engine::run::confine::launcher::use_other(env!("CARGO_BIN_EXE_launcher").as_ref());
    let grader = Grader { many: true, ..Grader::new(workspace()).expect("there is a compiler") };
    let exercise = Exercise::read(&grader.workspace, folder).expect("the exercise is in order");
    let facts = Module::Behaviour.tests(&exercise.tests).expect("the facts can be read");
    assert!(facts.iter().filter(|fact| fact.has("negated")).count() >= 3, "{folder} has hardly any twins");
    let mut checks = exercise.checks();
    checks.retain(|check| [Check::Behaviour, Check::Schedules].contains(check));
    let reference = Source::reference(&exercise).expect("there is a reference");
    let report = grader.grade(&exercise, &reference, Extent::Checks(&checks), &|_| {});
    let report = report.unwrap_or_else(|trouble| panic!("{folder}: {trouble}"));
    assert_eq!(report.verdict, Verdict::Accepted, "{report:#?}");
}

#[test]
fn twins_are_unmet_where_unsafe_is_allowed() {
    UNSAFE.into_iter().for_each(all_are_unmet);
}

#[test]
#[ignore = "takes minutes; `cargo grader author verify --all` does the same and more"]
fn twins_are_unmet_in_every_exercise() {
    let entries = std::fs::read_dir(workspace().root.join("solutions")).expect("there are solutions");
    let folders = entries.map(|entry| entry.expect("it can be listed").file_name().into_string().expect("it is text"));
    // Each failure has been told; the others are to be known as well.
    let failed: Vec<String> =
        folders.filter(|folder| std::panic::catch_unwind(|| all_are_unmet(folder)).is_err()).collect();
    assert_eq!(failed, Vec::<String>::new());
}
