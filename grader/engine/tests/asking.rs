//! Hidden tests run in a process that has no `/proc`: the grader tells them what they ask (`fixtures/asking`).

use engine::exercise::catalog::Exercise;
use engine::grading::{Extent, Grader};
use engine::home::workspace::Workspace;
use engine::run::confine::{Tier, launcher};
use engine::submission::Source;
use std::path::Path;
use std::sync::LazyLock;
use verdict::{Finding, Kind, Origin, Report, Verdict};

/// One for all tests: what the hidden tests need is built once.
static GRADER: LazyLock<Grader> = LazyLock::new(|| {
    launcher::use_other(env!("CARGO_BIN_EXE_launcher").as_ref());
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("asking");
    let mut workspace = Workspace::at(&manifest.join("tests/fixtures/asking"));
    workspace.grader = manifest.parent().expect("the engine is a part of the grader").to_owned();
    (workspace.state, workspace.target) = (target.join("state"), target.clone());
    // The kits are those of the clone: they are the same, and take long to build.
    let kits = workspace.grader.parent().expect("the grader is a part of a clone").join("target/grader/kits");
    std::fs::create_dir_all(&kits).expect("the clone can be built in");
    std::fs::create_dir_all(&target).expect("the tests can be built in");
    // An earlier run may have made it.
    let _ = std::os::unix::fs::symlink(kits, target.join("kits"));
    Grader { jobs: 2, ..Grader::new(workspace).expect("there is a compiler") }
});

/// The report on the reference, or on the submission that fails in every way; `None` on a machine that does not hide `/proc`.
fn report(hostile: bool) -> Option<Report> {
    if GRADER.confinement.tier > Tier::B {
        eprintln!("not tested: on this machine programs cannot have a root of their own");
        return None;
    }
    let exercise = Exercise::read(&GRADER.workspace, "01_asking").expect("the exercise is in order");
    let source = match hostile {
        true => Source::file(Origin::Submitted, &GRADER.workspace.root.join("hostile/fails.rs")),
        false => Source::reference(&exercise),
    };
    let source = source.expect("the file is there");
    Some(GRADER.grade(&exercise, &source, Extent::All, &|_| {}).expect("it can be graded"))
}

fn findings(report: &Report) -> Vec<&Finding> {
    report.checks.iter().flat_map(|check| &check.findings).collect()
}

#[test]
fn what_a_test_asks_about_its_process_is_answered() {
    let Some(report) = report(false) else { return };
    assert_eq!(report.verdict, Verdict::Accepted, "{:#?}", findings(&report));
}

#[test]
fn an_overflow_of_the_stack_is_recognised_and_schedules_have_names_and_places() {
    let Some(report) = report(true) else { return };
    let all = findings(&report);
    let first = all.iter().find(|finding| finding.subject == "first_answers").expect("it overflows its stack");
    assert_eq!(first.kind, Kind::Signal, "{first:#?}");
    assert!(first.detail.as_deref().is_some_and(|words| words.contains("overflowed its stack")), "{first:#?}");
    let deadlock = all.iter().find(|finding| finding.kind == Kind::Deadlock).expect("it waits for itself");
    let picture = deadlock.interleaving.as_ref().expect("a deadlock has a picture");
    let calls = picture.steps.iter().filter_map(|step| step.call.as_ref());
    assert!(calls.clone().count() > 0 && calls.clone().all(|call| call.function == "work"), "{picture:#?}");
    let deeper = 7..=11;
    let explored = all.iter().filter(|finding| finding.kind == Kind::Signal);
    let places: Vec<_> = explored.filter_map(|finding| finding.location.as_ref()).collect();
    assert!(places.iter().any(|place| deeper.contains(&place.line)), "{all:#?}");
}
