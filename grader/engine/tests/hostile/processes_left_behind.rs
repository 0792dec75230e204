//! Processes that outlive what started them.

use crate::grading::{fails_with, grade_file, hostile, seen};
use verdict::{Check, Kind, Verdict};

#[test]
fn a_child_is_found_and_killed() {
    assert!(seen(&fails_with("leaves_a_child", Kind::LeftBehind)).contains("still running"));
}

#[test]
fn a_child_in_a_session_of_its_own_is_found_and_killed() {
    fails_with("leaves_a_session", Kind::LeftBehind);
}

#[test]
fn an_orphan_is_found_and_killed() {
    fails_with("leaves_an_orphan", Kind::LeftBehind);
}

#[test]
fn an_orphan_that_shed_its_environment_is_found_and_killed() {
    fails_with("leaves_a_stranger", Kind::LeftBehind);
}

#[test]
fn what_outlives_an_exit_is_killed() {
    fails_with("leaves_a_stranger_and_exits", Kind::EarlyExit);
}

#[test]
fn what_outlives_a_workload_is_killed() {
    let report = grade_file(&hostile("leaves_a_stranger_and_exits"), Some(&[Check::Timing]));
    assert_eq!(report.verdict, Verdict::Rejected);
}
