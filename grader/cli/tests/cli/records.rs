//! The history: what survives, and what never matters to a verdict.

use crate::replica::{Ran, Replica};
use std::fs;

const HISTORY: &str = ".grader/attempts.jsonl";

#[test]
fn a_torn_last_line_is_mentioned_once_and_costs_itself_only() {
    let replica = Replica::new();
    replica.run(&["hint", "latch"]).code(0);
    replica.run(&["hint", "latch"]).code(0);
    let text = replica.read(HISTORY);
    let torn = &text[..text.len() - 12];
    replica.write(HISTORY, torn);
    let ran = replica.run(&[]).code(0);
    ran.complains(&["note: 1 of the lines in .grader/attempts.jsonl cannot be read and is left out"]).in_one_line();
    // The first hint is remembered, the second is read again; nothing that was in the file is lost.
    replica.run(&["hint", "latch"]).code(0).says(&["Hint 2 of 3"]);
    assert!(replica.read(HISTORY).starts_with(&format!("{torn}\n")));
    replica.run(&["hint", "latch"]).code(0).says(&["Hint 3 of 3"]);
}

#[test]
fn a_history_that_cannot_be_kept_changes_no_verdict() {
    let replica = Replica::new();
    replica.write(".grader", "a file where a folder should be");
    replica.solve();
    let ran = replica.run(&["check", "latch"]).code(0).says(&["accepted · 85 of 85"]);
    ran.complains(&["this is not in your history"]);
    replica.submit("deadlock");
    replica.run(&["check", "latch", "--only=behaviour"]).code(1).complains(&["this is not in your history"]);
    replica.run(&[]).code(0).says(&["next: 1.2"]);
    replica.run(&["hint", "latch"]).code(0).says(&["Hint 1 of 3"]);
    // Without a place for the backup, the learner's file stays.
    let mine = replica.read("exercises/12_latch/src/lib.rs");
    let refused = replica.run(&["reset", "latch", "--yes"]).code(70);
    refused.complains(&["cannot keep a copy", "nothing was changed"]);
    assert_eq!(replica.read("exercises/12_latch/src/lib.rs"), mine);
    assert_eq!(replica.read(".grader"), "a file where a folder should be");
}

#[test]
fn a_history_that_cannot_be_read_is_mentioned_and_the_work_goes_on() {
    let replica = Replica::new();
    fs::create_dir_all(replica.path(HISTORY)).unwrap();
    let ran = replica.run(&[]).code(0).says(&["next: 1.2"]);
    ran.complains(&["cannot read", "going on without your history"]).in_one_line();
}

#[test]
fn two_graders_at_once_are_both_right_and_both_recorded() {
    let (one, other) = (Replica::new(), Replica::new());
    // Both graders of one replica, and at the same time one of another that shares the folder to build in.
    one.solve();
    other.submit("deadlock");
    let right = [one.start(&["check", "latch"]), one.start(&["check", "latch"])];
    let wrong = other.start(&["check", "latch"]);
    for child in right {
        Ran::end_of(child).code(0).says(&["accepted · 85 of 85"]);
    }
    Ran::end_of(wrong).code(1).says(&["deadlock"]);
    let verdicts: Vec<_> = one.history().iter().map(|entry| entry["what"]["verdict"].clone()).collect();
    assert_eq!(verdicts, ["accepted", "accepted"]);
    assert_eq!(other.history().len(), 1);
}

#[test]
fn only_what_was_asked_for_in_full_accepts_an_exercise() {
    let replica = Replica::new();
    replica.solve();
    replica.run(&["check", "latch", "--only=source_rules"]).code(0).says(&["passed, as far as was asked"]);
    replica.run(&["list"]).says(&["… 12_latch"]);
    replica.run(&["solution", "latch"]).code(2);
}
