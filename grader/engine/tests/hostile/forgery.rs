//! Attempts to write what only the harness may write, and to look at what is the grader's own.

use crate::grading::{check, fails_with, grade, grade_file, hostile, seen};
use verdict::{Check, Kind, Outcome, Verdict};

#[test]
fn garbage_on_the_harness_descriptor_is_a_forgery() {
    fails_with("writes_garbage", Kind::Forgery);
}

#[test]
fn a_record_with_a_guessed_nonce_is_a_forgery() {
    fails_with("guesses_the_nonce", Kind::Forgery);
}

#[test]
fn without_its_descriptor_a_fact_does_not_hold() {
    fails_with("closes_everything", Kind::EarlyExit);
}

#[test]
fn nothing_of_the_graders_environment_is_there() {
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "there is something to find");
    // In facts, in transcripts and in workloads alike: nothing tells them apart either.
    let report = grade_file(&hostile("looks_around"), Some(&[Check::Behaviour, Check::Transcript, Check::Timing]));
    assert_eq!(report.verdict, Verdict::Accepted, "{report:#?}");
}

#[test]
fn a_later_round_of_a_workload_must_come_to_the_right_answer_too() {
    let report = grade_file(&hostile("tires_of_work"), Some(&[Check::Timing]));
    let finding = &check(&report, Check::Timing).findings[0];
    assert_eq!(finding.kind, Kind::WrongAnswer, "{report:#?}");
    assert!(seen(finding).contains("iterations, but"), "{finding:#?}");
}

#[test]
fn who_reports_every_test_as_holding_is_told_by_the_twins() {
    let report = grade("forges_every_report");
    assert_eq!(report.verdict, Verdict::Rejected, "{report:#?}");
    let behaviour = check(&report, Check::Behaviour);
    assert_eq!((behaviour.outcome.clone(), behaviour.score.points), (Outcome::Failed, 0), "{report:#?}");
    let [finding] = &behaviour.findings[..] else { panic!("{report:#?}") };
    assert!(
        finding.kind == Kind::Forgery && seen(finding).contains("nothing that this program reports"),
        "{finding:#?}"
    );
}
