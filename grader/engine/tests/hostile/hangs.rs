//! Deadlocks, which are proved, and loops and sleeps, which meet the time limit.

use crate::grading::{WORK, check, fails_with, grade_file, grade_within, hostile, outcomes, seen};
use verdict::{Check, Kind, Outcome, Report, Verdict};

/// A deadlock is proved, not waited for: half the time limit is never needed.
fn deadlocks(name: &str, threads: &[&str]) {
    let finding = fails_with(name, Kind::Deadlock);
    for thread in threads {
        let standing = finding.threads.iter().find(|standing| standing.thread == *thread);
        let standing = standing.unwrap_or_else(|| panic!("thread '{thread}' is not listed: {finding:#?}"));
        assert!(standing.doing.starts_with("blocked for ever (lock"), "{finding:#?}");
    }
    let millis: u64 = seen(&finding).split(' ').find_map(|word| word.parse().ok()).expect("it says when");
    assert!(millis < 30_000, "{}", seen(&finding));
}

#[test]
fn locks_taken_crosswise_are_a_proved_deadlock() {
    deadlocks("crosses_its_locks", &["lefty", "righty", "the test itself"]);
}

#[test]
fn a_wait_that_nobody_ends_is_a_proved_deadlock() {
    deadlocks("waits_for_nobody", &["the test itself"]);
    deadlocks("parks", &["the test itself"]);
    deadlocks("keeps_its_sender", &["the test itself"]);
}

#[test]
fn a_deadlock_in_a_workload_does_not_hang_the_grader() {
    let report = grade_file(&hostile("parks"), Some(&[Check::Timing]));
    assert_eq!(report.verdict, Verdict::Rejected, "{report:#?}");
}

/// Two facts run into the limit.
fn two_time_limits(name: &str, thread: &str, doing: &str, jobs: usize) -> Report {
    let report = grade_within(2, name, jobs);
    assert_eq!(report.verdict, Verdict::Rejected);
    let behaviour = check(&report, Check::Behaviour);
    for finding in &behaviour.findings {
        assert_eq!(finding.kind, Kind::TimeLimit, "{report:#?}");
        // The kernel keeps fifteen bytes of a thread's name.
        let standing = finding.threads.iter().find(|standing| standing.thread.starts_with(thread));
        assert_eq!(standing.map(|standing| standing.doing.as_str()), Some(doing), "{finding:#?}");
    }
    report
}

#[test]
fn an_endless_loop_meets_the_time_limit_and_spares_the_facts_before_it() {
    // What comes after the second is not tried, or, where it was begun before, not counted.
    for jobs in [1, 2] {
        let report = two_time_limits("spins", "spinner", "is running", jobs);
        let outcomes = outcomes(&report);
        assert_eq!(outcomes["rest_answers"], &Outcome::Passed);
        assert_eq!(WORK.map(|fact| outcomes[fact]), [&Outcome::Failed, &Outcome::Failed]);
        assert!(matches!(outcomes["rest_answers_at_last"], Outcome::NotRun(_)), "{report:#?}");
        // One of four facts holds.
        let score = check(&report, Check::Behaviour).score;
        assert_eq!((score.points, score.of), (15, 60));
    }
}

#[test]
fn an_endless_sleep_meets_the_time_limit() {
    two_time_limits("sleeps", "the test itself", "sleeps", 2);
}
