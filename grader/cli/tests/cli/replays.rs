//! A schedule that breaks a submission: shown, kept, replayed.

use crate::replica::Replica;

/// What differs from run to run.
fn without_times(text: &str) -> String {
    text.lines().filter(|line| !line.contains(" points · ")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_failing_schedule_is_shown_and_is_the_same_every_time() {
    let replica = Replica::new();
    replica.submit("looks_too_early");
    let first = replica.run(&["check", "latch", "--only", "schedules"]).code(1).says(&[
        "✗ lost wakeup  schedules · opening_reaches_everybody",
        "it has missed its wakeup",
        "open()",
        "wait opened",
        "✗ waits for ever",
        "every step: cargo grader replay latch",
    ]);
    let second = replica.run(&["check", "latch", "--only", "schedules"]).code(1);
    assert_eq!(without_times(&first.out), without_times(&second.out));
}

#[test]
fn replay_shows_every_step_and_follows_the_file() {
    let replica = Replica::new();
    replica.run(&["replay", "latch"]).code(0).says(&["No schedule is known that breaks your latch."]);
    replica.submit("looks_too_early");
    replica.run(&["check", "latch"]).code(1);
    let told = replica.run(&["replay", "latch"]).code(1).says(&["spawn first", "lock open", "notify all opened"]);
    assert!(!told.out.contains("has changed"), "{}", told.out);
    replica.run(&["replay", "latch", "opening"]).code(1);
    replica
        .run(&["replay", "latch", "nothing_of_the_kind"])
        .code(2)
        .complains(&["those that failed: opening_reaches_everybody"]);
    // Edited, and still wrong; then broken; then right.
    let path = "exercises/12_latch/src/lib.rs";
    let text = replica.read(path);
    replica.write(path, &format!("{text}\n// edited\n"));
    replica.run(&["replay", "latch"]).code(1).says(&["has changed since", "still fails: lost wakeup", "spawn first"]);
    replica.write(path, "pub struct Latch {");
    replica.run(&["replay", "latch"]).code(1).says(&["does not compile as it is now", "spawn first"]);
    replica.solve();
    replica.run(&["replay", "latch"]).code(0).says(&["has changed since", "it now comes out well", "spawn first"]);
    replica.run(&["check", "latch"]).code(0).says(&[
        "1 of 1 scenarios hold in ",
        "among them every one",
        "most 2 preemptions (",
    ]);
    // What broke it once is worth another look when it is mended.
    replica.run(&["replay", "latch"]).code(0).says(&["has changed since", "it now comes out well", "spawn first"]);
}

#[test]
fn a_damaged_recording_is_one_line_and_harms_nothing() {
    let replica = Replica::new();
    std::fs::create_dir_all(replica.path(".grader/replays")).unwrap();
    replica.write(".grader/replays/12_latch.json", "{");
    replica.run(&["replay", "latch"]).code(2).complains(&["is damaged; grade again to write it anew"]).in_one_line();
    replica.solve();
    replica.run(&["check", "latch"]).code(0);
    replica.run(&["replay", "latch"]).code(0);
}
