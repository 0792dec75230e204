//! `check`: exit codes, what is graded, the forms of the report.

use crate::replica::{Ran, Replica};
use crate::terminal;
use std::fs;

/// Enough to say whether something compiles, and no more.
const QUICK: &str = "--only=source_rules,build";

#[test]
fn a_right_solution_is_accepted_and_what_comes_next_is_said() {
    let replica = Replica::new();
    replica.solve();
    let ran = replica.run(&["check", "latch"]).code(0);
    ran.says(&["1.2 · A gate that opens once", "2 of 2 facts hold", "accepted · 85 of 85 points", "solution latch"]);
}

#[test]
fn without_a_name_the_next_exercise_is_graded() {
    let replica = Replica::new();
    replica.run(&["check", QUICK]).says(&["exercises/12_latch/src/lib.rs"]);
    replica.solve();
    replica.run(&["check"]).code(0);
    replica.run(&["check", QUICK]).says(&["exercises/13_latch_again/src/lib.rs"]);
}

#[test]
fn the_starter_is_rejected_and_says_what_is_missing() {
    let ran = Replica::new().run(&["check", "latch"]).code(1);
    let ran =
        ran.says(&["rejected", "exercises/12_latch/src/lib.rs:15", "open the latch", "stuck? cargo grader hint latch"]);
    // Also where it was explored: the way to a todo!() is no story.
    let ran = ran.says(&["✗ panic  schedules · opening_reaches_everybody"]);
    assert_eq!(ran.out.matches("next  replace this todo!() with code").count(), 4, "{}", ran.out);
    assert!(!ran.out.contains("here it goes wrong"), "{}", ran.out);
    assert!(!ran.out.contains("behaviour.rs"), "hidden code is named:\n{}", ran.out);
}

#[test]
fn a_syntax_error_is_shown_with_its_place() {
    let replica = Replica::new();
    replica.write("exercises/12_latch/src/lib.rs", "pub struct Latch;\n\nimpl Latch {\n    pub fn new( {}\n}\n");
    let ran = replica.run(&["check", "latch"]).code(4);
    ran.says(&["does not compile", "exercises/12_latch/src/lib.rs:4:", "unbuildable · 0 of"]);
    // Also when only a later check was asked for.
    for check in ["transcript", "timing"] {
        let ran = replica.run(&["check", "latch_again", "--only", check, "--submission", "exercises/12_latch"]).code(4);
        ran.says(&["exercises/12_latch/src/lib.rs:4:", "unbuildable · 0 of"]);
    }
}

#[test]
fn a_deadlock_is_told_with_where_each_thread_stands() {
    let replica = Replica::new();
    replica.submit("deadlock");
    let ran = replica.run(&["check", "latch", "--only", "behaviour"]).code(1);
    ran.says(&["✗ deadlock", "Who waits at a shut latch goes on when it opens", "waiter", "next  tell those who wait"]);
}

#[test]
fn a_submission_is_a_crate_a_folder_of_files_or_one_file() {
    let replica = Replica::with_a_real_exercise();
    let elsewhere = tempfile::tempdir().unwrap();
    let reference = replica.path("solutions/34_read_write_lock/src/lib.rs");
    let (folder, file) = (elsewhere.path().join("folder"), elsewhere.path().join("mine.rs"));
    fs::create_dir(&folder).unwrap();
    fs::copy(&reference, folder.join("lib.rs")).unwrap();
    fs::copy(&reference, &file).unwrap();
    let check = |submission: &str, only: &str| replica.run(&["check", "34", "--submission", submission, only]).code(0);
    check("solutions/34_read_write_lock", "--only=source_rules,compile_fail,behaviour,transcript")
        .says(&["3.4 · A read-write lock", "passed, as far as was asked"]);
    check(folder.to_str().unwrap(), QUICK).says(&[folder.join("lib.rs").to_str().unwrap()]);
    check(file.to_str().unwrap(), QUICK).says(&[file.to_str().unwrap()]);
    assert!(replica.history().is_empty(), "a submission from elsewhere is not the learner's own attempt");
}

#[test]
fn a_submission_that_is_none_is_refused_before_anything_is_built() {
    let replica = Replica::new();
    let refused = |path: &str, words: &[&str]| {
        replica.run(&["check", "latch", "--submission", path]).code(2).complains(words).in_one_line();
    };
    refused("nowhere", &["nowhere: there is no such file or folder"]);
    refused("curriculum.md", &["one .rs file"]);
    refused("tests/12_latch/snapshots", &["there is no .rs file in this folder"]);
    refused("tests/12_latch/rejected", &["not clear which of deadlock.rs, looks_too_early.rs, spins.rs"]);
    let ran = replica.run(&["check", "--all", "--submission", "solutions/12_latch"]).code(2);
    ran.complains(&["--submission is graded for one exercise"]);
}

#[test]
fn every_starter_of_the_workspace_copy_is_graded_with_all() {
    let replica = Replica::new();
    replica.solve();
    let ran = replica.run(&["check", "--all", "--only", "build,transcript"]).code(1);
    ran.says(&["12_latch", "13_latch_again", "1 of 2 accepted"]);
}

#[test]
fn an_unknown_exercise_is_answered_with_a_likely_one() {
    let replica = Replica::new();
    replica.run(&["check", "lacth_again"]).code(2).complains(&["did you mean 13_latch_again?"]).in_one_line();
}

#[test]
fn a_name_of_two_exercises_is_answered_with_both() {
    let replica = Replica::new();
    replica.run(&["check", "lat"]).code(2).complains(&["12_latch or 13_latch_again; say which"]).in_one_line();
}

#[test]
fn an_unknown_check_is_answered_with_all_there_are() {
    let replica = Replica::new();
    let ran = replica.run(&["check", "latch", "--only", "behavior"]).code(2);
    ran.complains(&["behavior", "source_rules, build, compile_fail, behaviour, schedules, transcript, timing"]);
    let ran = replica.run(&["check", "latch", "--only", "timing"]).code(2);
    ran.complains(&["12_latch has none of these checks; it has source_rules, build,"]).in_one_line();
}

#[test]
fn junit_has_a_case_per_item_and_a_failure_per_wrong_one() {
    let replica = Replica::new();
    replica.submit("deadlock");
    let ran = replica.run(&["check", "latch", "--format", "junit"]).code(1);
    let document = quick_junit::Report::deserialize_from_str(&ran.out).unwrap();
    let suite = |name: &str| document.test_suites.iter().find(|suite| suite.name.as_str() == name).unwrap();
    let behaviour = suite("12_latch.behaviour");
    assert_eq!((behaviour.tests, behaviour.failures), (2, 1));
    let failed = &behaviour.test_cases[1];
    assert_eq!(failed.name.as_str(), "a_waiter_goes_on_when_it_opens");
    let quick_junit::TestCaseStatus::NonSuccess { kind, ty, description, .. } = &failed.status else {
        panic!("not a failure: {failed:?}");
    };
    assert_eq!((*kind, ty.as_deref()), (quick_junit::NonSuccessKind::Failure, Some("DL")));
    assert!(description.as_deref().unwrap_or_default().contains("next: tell those who wait"), "{description:?}");
    assert_eq!(suite("12_latch.transcript").failures, 0);
}

#[test]
fn a_report_to_a_file_leaves_the_terminal_alone() {
    let replica = Replica::new();
    // Whatever has to be built is built, and said, before.
    replica.run(&["check", "latch", QUICK]);
    for format in ["terminal", "json", "junit"] {
        let ran = replica.run(&["--color=always", "check", "latch", QUICK, "--format", format, "--output", "report"]);
        let ran = ran.code(0);
        assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""), "{format}");
        let report = replica.read("report");
        assert!(report.contains("12_latch") && !report.contains('\x1b'), "{report}");
    }
    let ran = replica.run(&["check", "latch", QUICK, "--output", "no/such/folder"]).code(2);
    ran.complains(&["cannot write the report to no/such/folder"]).in_one_line();
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let replica = Replica::new();
    let check = |colour: &[&str]| Ran::of(&mut replica.grader(&[&["check", "latch", QUICK], colour].concat()));
    assert!(!check(&[]).out.contains('\x1b'));
    assert!(!check(&["--color=never"]).out.contains('\x1b'));
    assert!(check(&["--color=always"]).out.contains("\x1b[32m✓"));
    // On a terminal, NO_COLOR decides; asking for colour is stronger.
    assert!(!on_a_terminal(&replica, ("NO_COLOR", "1"), &[]).contains("\x1b[3"));
    assert!(on_a_terminal(&replica, ("NO_COLOR", ""), &[]).contains("\x1b[32m✓"));
    assert!(on_a_terminal(&replica, ("NO_COLOR", "1"), &["--color=always"]).contains("\x1b[32m✓"));
    assert!(!on_a_terminal(&replica, ("TERM", "dumb"), &[]).contains('\x1b'));
}

/// What a terminal shows.
fn on_a_terminal(replica: &Replica, (name, value): (&str, &str), colour: &[&str]) -> String {
    let mut grader = replica.grader(&[&["check", "latch", QUICK], colour].concat());
    terminal::shows(grader.env("TERM", "xterm").env(name, value))
}

#[test]
fn a_workload_that_never_ends_is_slow() {
    let replica = Replica::new();
    let spins = ["check", "latch_again", "--only=timing", "--submission", "tests/13_latch_again/rejected/spins.rs"];
    replica.run(&spins).code(1).says(&["✗ slow  timing · many_pass", "over 3 s for a round that takes the reference"]);
}
