//! A submission that ends its process, or lets it be ended, before the facts have been told.

use crate::grading::{check, detail, fails_with, grade_file, hostile, seen};
use verdict::{Check, Kind, Outcome, Verdict};

#[test]
fn an_exit_code_of_zero_proves_nothing() {
    assert!(seen(&fails_with("exits", Kind::EarlyExit)).contains("exit code 0"));
}

#[test]
fn a_printed_result_proves_nothing() {
    fails_with("prints_a_result", Kind::EarlyExit);
}

#[test]
fn an_exit_fails_the_transcript_and_the_timing_too() {
    for each in [Check::Transcript, Check::Timing] {
        let report = grade_file(&hostile("exits"), Some(&[each]));
        assert_eq!(report.verdict, Verdict::Rejected);
        assert_eq!(check(&report, each).outcome, Outcome::Failed, "{report:#?}");
        assert_eq!(check(&report, each).findings[0].kind, Kind::EarlyExit, "{report:#?}");
    }
}

#[test]
fn what_does_the_wrong_thing_is_not_timed() {
    let report = grade_file(&hostile("exits"), Some(&[Check::Transcript, Check::Timing]));
    assert_eq!(check(&report, Check::Transcript).outcome, Outcome::Failed, "{report:#?}");
    let timing = check(&report, Check::Timing);
    assert!(matches!(timing.outcome, Outcome::NotRun(_)) && timing.score.points == 0, "{report:#?}");
}

#[test]
fn an_abort_is_a_signal() {
    assert!(seen(&fails_with("aborts", Kind::Signal)).contains("SIGABRT"));
}

#[test]
fn an_overflow_of_the_stack_is_a_signal_with_last_words() {
    assert!(detail(&fails_with("overflows_its_stack", Kind::Signal)).contains("overflowed its stack"));
}

#[test]
fn a_submission_that_kills_its_group_kills_only_itself() {
    assert!(seen(&fails_with("kills_its_group", Kind::Signal)).contains("SIGKILL"));
}
