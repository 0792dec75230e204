//! `author`: what is wrong with an exercise is found, whatever it is; a new one begins whole.

use crate::replica::{Ran, Replica};

const REFERENCE: &str = "solutions/12_latch/src/lib.rs";

/// Verifies the fixture after one change to it.
fn verified(change: impl FnOnce(&Replica)) -> Ran {
    let replica = Replica::new();
    // A spinning variant only costs time here.
    std::fs::remove_file(replica.path("tests/12_latch/rejected/spins.rs")).unwrap();
    change(&replica);
    replica.run(&["author", "verify", "latch"]).code(1)
}

/// A wrong version of the reference, that says who catches it.
fn rejected(replica: &Replica, caught_by: &str, from: &str, to: &str) {
    let text = replica.read(REFERENCE);
    assert!(text.contains(from), "{from}");
    let text = format!("//! caught-by: {caught_by}\n{}", text.replace(from, to));
    replica.write("tests/12_latch/rejected/other.rs", &text);
}

#[test]
fn an_exercise_that_promises_too_little_is_told_what_is_missing() {
    let ran = verified(|_| {});
    let ran = ran.says(&[
        "✗ 12_latch",
        "there are 0 accepted variants; at least 2 are needed",
        "there are 2 rejected variants; at least 6 are needed",
        "no rejected variant is caught by transcript",
    ]);
    // What is as it should be is not mentioned: the deadlock is caught by the fact it names.
    for silent in ["must be caught", "must be accepted", "starter", "caught by behaviour"] {
        assert!(!ran.out.contains(silent), "{silent}:\n{}", ran.out);
    }
}

#[test]
fn a_curriculum_that_says_something_else_is_a_problem() {
    let ran = verified(|replica| {
        let text = replica.read("curriculum.md");
        let text = text.replace("| Trains |", "| Trains | Minutes | Difficulty | Checks |");
        let row = "(exercises/12_latch/README.md) | waiting |";
        replica.write("curriculum.md", &text.replace(row, &format!("{row} 90 | 5 | 7 |")));
    });
    let ran = ran.says(&["minutes: curriculum.md says 90, it is 10", "difficulty: curriculum.md says 5, it is 1"]);
    assert!(!ran.out.contains("hidden checks: curriculum.md"), "that figure is right: {}", ran.out);
}

#[test]
fn a_snippet_that_prints_something_else_is_a_problem() {
    let ran = verified(|replica| replica.write("tests/12_latch/oracle.py", "print('a closed door')\n"));
    // Where there is no Python there is nobody to ask.
    if std::process::Command::new("python3").arg("--version").output().is_ok() {
        ran.says(&["oracle.py does not print the snapshot transcript", "a closed door"]);
    }
}

#[test]
fn a_variant_that_another_check_catches_is_a_problem() {
    let ran = verified(|replica| {
        rejected(replica, "behaviour — an_open_latch_lets_pass", "self.opened.notify_all();", "");
    });
    ran.says(&["rejected/other.rs must be caught by behaviour — an_open_latch_lets_pass, but what was found is"]);
}

#[test]
fn a_variant_that_nothing_catches_is_a_problem() {
    let ran = verified(|replica| rejected(replica, "source_rules — std::thread::sleep", "use std::", "use ::std::"));
    ran.says(&["rejected/other.rs must be caught by source_rules — std::thread::sleep, but what was found is nothing"]);
}

#[test]
fn a_variant_without_its_first_line_is_a_problem() {
    let ran = verified(|replica| rejected(replica, "nobody knows", "use std::", "use ::std::"));
    ran.says(&["rejected/other.rs: the first line must be `caught-by: CHECK — NAME`"]);
}

#[test]
fn an_accepted_variant_that_is_rejected_is_a_problem() {
    let ran = verified(|replica| {
        let text = replica.read(REFERENCE).replace("self.opened.notify_all();", "");
        std::fs::create_dir(replica.path("tests/12_latch/accepted")).unwrap();
        replica.write("tests/12_latch/accepted/forgets.rs", &text);
    });
    ran.says(&["accepted/forgets.rs must be accepted, but is rejected:", "behaviour — a_waiter_goes_on_when_it_opens"]);
}

#[test]
fn a_starter_that_is_accepted_or_differs_is_a_problem() {
    let ran = verified(|replica| {
        let text = replica.read(REFERENCE) + "\n/// More than the reference has.\npub fn more() {}\nfn idle() {}\n";
        replica.write("starters/12_latch.rs", &text);
    });
    ran.says(&[
        "src/lib.rs is the unmodified starter, and it is accepted",
        "exercises/12_latch/src/lib.rs is not the starter that checks.toml names",
        "the reference lacks the starter's `fn more()`",
        "the starter does not build without a warning",
    ]);
}

#[test]
fn a_brief_and_notes_with_holes_are_problems() {
    let ran = verified(|replica| {
        let brief = replica.read("exercises/12_latch/README.md").replace("## Rules", "## Advice");
        replica.write("exercises/12_latch/README.md", &brief);
        let notes = replica.read("solutions/12_latch/NOTES.md").replace("### Hint 3", "#### Hint 3");
        replica.write("solutions/12_latch/NOTES.md", &notes);
    });
    ran.says(&["the brief lacks the section \"## Rules\"", "the notes have 2 hints; three are needed"]);
}

#[test]
fn a_new_exercise_begins_whole_and_is_never_written_over() {
    let replica = Replica::new();
    let ran = replica.run(&["author", "new", "61_barrier"]).code(0);
    ran.says(&[
        "tests/61_barrier/behaviour.rs",
        "solutions/61_barrier/NOTES.md",
        "cargo grader author verify 61_barrier",
    ]);
    let reference = "solutions/61_barrier";
    let all_but_timing = "--only=source_rules,build,compile_fail,behaviour,schedules,transcript";
    replica.run(&["check", "barrier", "--submission", reference, all_but_timing]).code(0).says(&["1 of 1 facts hold"]);
    replica.run(&["check", "barrier", "--only=behaviour"]).code(1).says(&["not yet implemented: find the answer"]);

    let wrong = "tests/61_barrier/rejected/announced_too_early.rs";
    let ran = replica.run(&["check", "barrier", "--submission", wrong, "--only=schedules"]).code(1);
    ran.says(&["two_threads_ask_at_once"]);

    let mine = "// mine\n";
    replica.write("tests/61_barrier/behaviour.rs", mine);
    let refused = replica.run(&["author", "new", "61_barrier"]).code(2);
    refused.complains(&["exercises/61_barrier exists already; nothing was written"]).in_one_line();
    assert_eq!(replica.read("tests/61_barrier/behaviour.rs"), mine);
    replica.run(&["author", "new", "Barrier"]).code(2).complains(&["'Barrier' is no name for an exercise"]);
}
