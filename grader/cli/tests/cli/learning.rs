//! What a learner does beside `check`: overview, list, hints, the solution, starting over.

use crate::replica::Replica;
use serde_json::json;
use std::fs;

#[test]
fn the_overview_says_what_is_next_and_moves_on() {
    let replica = Replica::new();
    let ran = replica.run(&[]).code(0);
    ran.says(&["12_latch", "new", "next: 1.2 · A gate that opens once (10 minutes)", "cargo grader check latch\n"])
        .says(&["exercises/12_latch/README.md", "exercises/12_latch/src/lib.rs", "and 1 more to come"]);
    replica.run(&["check", "latch"]).code(1);
    replica.run(&[]).says(&["begun", "next: 1.2"]);
    replica.solve();
    replica.run(&["check", "latch"]).code(0);
    replica.run(&[]).says(&["accepted", "85 points", "next: 1.3", "cargo grader check latch_again"]);
}

#[test]
fn the_list_shows_how_far_each_exercise_has_come() {
    let replica = Replica::new();
    replica.solve();
    replica.run(&["check", "latch"]).code(0);
    let ran = replica.run(&["list"]).code(0);
    ran.says(&[
        "exercise",
        "level minutes   points",
        "✓ 12_latch",
        "●○○○○      10    85/85    1×",
        "· 13_latch_again",
        "new",
    ]);
    let ran = replica.run(&["list", "--format", "json"]).code(0);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["format_version"], 1);
    assert_eq!(
        document["exercises"][0],
        json!({
            "exercise": "12_latch", "section": "1.2", "title": "A gate that opens once", "minutes": 10, "difficulty": 1,
            "topics": ["Mutex", "Condvar"], "state": "accepted", "attempts": 1, "best_points": 85, "points": 85,
            "hints": 0, "gave_up": false, "seconds": 0, "file": "exercises/12_latch/src/lib.rs"
        })
    );
    assert_eq!(document["exercises"][1]["state"], "new");
}

#[test]
fn hints_come_one_after_the_other_and_the_last_one_stays() {
    let replica = Replica::new();
    let hint = |words: &[&str]| replica.run(&["hint", "latch"]).code(0).says(words);
    let first = hint(&["Hint 1 of 3", "remembered about a gate", "another: cargo grader hint latch"]);
    assert!(!first.out.contains("Hint 2"));
    hint(&["Hint 2 of 3", "under a `Mutex`"]);
    hint(&["Hint 3 of 3", "notify_all", "solution latch --give-up"]);
    let again = hint(&["Hint 3 of 3", "hint latch --all"]);
    assert!(!again.out.contains("Hint 1"));
    replica.run(&["hint", "latch", "--all"]).code(0).says(&["Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3"]);
    let numbers: Vec<_> = replica.history().iter().map(|entry| entry["what"]["number"].clone()).collect();
    assert_eq!(numbers, [1, 2, 3], "a hint that was read before is not recorded again");
    // The other exercise's are its own.
    replica.run(&["hint", "latch_again"]).says(&["Hint 1 of 3"]);
}

#[test]
fn the_solution_is_for_those_who_have_one_or_give_up() {
    let replica = Replica::new();
    let refused = replica.run(&["solution", "latch"]).code(2);
    assert!(!refused.out.contains("notify_all"), "{}", refused.out);
    refused.complains(&["not accepted yet", "cargo grader hint latch", "--give-up"]).in_one_line();
    assert!(replica.history().is_empty());
    let shown = ["Why the reference is right", "Follow-up questions", "pub fn wait(&self)"];
    replica.run(&["solution", "latch", "--give-up"]).code(0).says(&shown);
    assert_eq!(replica.history()[0]["what"]["did"], "gave_up");
    replica.run(&[]).says(&["given up"]);
    // It is known now, and once is enough in the history.
    replica.run(&["solution", "latch"]).code(0).says(&shown);
    assert_eq!(replica.history().len(), 1);
}

#[test]
fn the_solution_is_shown_after_acceptance() {
    let replica = Replica::new();
    replica.solve();
    replica.run(&["check", "latch"]).code(0);
    replica.run(&["solution", "latch"]).code(0).says(&["Why the reference is right"]);
    assert_eq!(replica.history().len(), 1, "nobody has given up");
}

#[test]
fn an_accepted_exercise_stays_accepted_when_it_is_graded_again() {
    let replica = Replica::new();
    replica.solve();
    replica.run(&["check", "latch"]).code(0);
    replica.submit("deadlock");
    replica.run(&["check", "latch"]).code(1);
    replica.run(&["list"]).says(&["✓ 12_latch", "85/85"]);
}

#[test]
fn a_reset_asks_keeps_the_old_file_and_puts_the_starter_back() {
    let replica = Replica::new();
    let file = "exercises/12_latch/src/lib.rs";
    let mine = "// mine\r\npub struct Latch;\n// no end of line, and \u{fe}";
    replica.write(file, mine);
    let refused = replica.run(&["reset", "latch"]).code(2);
    refused.complains(&["this would replace exercises/12_latch/src/lib.rs", "--yes"]).in_one_line();
    assert_eq!(replica.read(file), mine);
    assert!(replica.history().is_empty() && !replica.path(".grader").exists());

    let ran = replica.run(&["reset", "latch", "--yes"]).code(0);
    let ran = ran.says(&["exercises/12_latch/src/lib.rs is the starter again"]);
    let kept = ran.out.lines().find_map(|line| line.strip_prefix("your file is kept as ")).unwrap();
    let name = kept.strip_prefix(".grader/backups/12_latch/").unwrap();
    assert!(chrono::NaiveDateTime::parse_from_str(&name[..20], "%Y-%m-%dT%H-%M-%SZ").is_ok(), "{name}");
    assert_eq!(replica.read(kept), mine);
    assert_eq!(fs::read(replica.path(file)).unwrap(), replica.starter("12_latch").into_bytes());
    assert_eq!(replica.history()[0]["what"]["did"], "reset");

    replica.run(&["reset", "latch"]).code(0).says(&["is the starter already"]);
    assert_eq!(fs::read_dir(replica.path(".grader/backups/12_latch")).unwrap().count(), 1);
}

#[test]
fn resets_in_quick_succession_keep_every_file() {
    let replica = Replica::new();
    let wanted: Vec<String> = (0..5).map(|number| format!("// {number}\n")).collect();
    for text in &wanted {
        replica.write("exercises/12_latch/src/lib.rs", text);
        replica.run(&["reset", "latch", "--yes"]).code(0);
    }
    let folder = fs::read_dir(replica.path(".grader/backups/12_latch")).unwrap();
    let mut kept: Vec<String> = folder.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    kept.sort();
    assert_eq!(kept, wanted);
}

#[test]
fn a_reset_changes_one_file_and_nothing_else() {
    let replica = Replica::new();
    replica.solve();
    let mut before = replica.listing();
    replica.run(&["reset", "latch", "--yes"]).code(0);
    let mut after = replica.listing();
    let (file, folder) = (replica.path("exercises/12_latch/src/lib.rs"), replica.path("exercises/12_latch/src"));
    for listing in [&mut before, &mut after] {
        listing.remove(&file).unwrap();
        listing.remove(&folder).unwrap();
    }
    assert!(before == after);
}

#[test]
fn a_lost_file_comes_back_by_a_reset_without_being_asked() {
    let replica = Replica::new();
    fs::remove_dir_all(replica.path("exercises/12_latch/src")).unwrap();
    replica.run(&["check", "latch"]).code(2).complains(&["is missing", "cargo grader reset latch"]).in_one_line();
    replica.run(&["reset", "latch"]).code(0);
    assert_eq!(replica.read("exercises/12_latch/src/lib.rs"), replica.starter("12_latch"));
}

#[test]
fn a_check_changes_nothing_of_the_learner() {
    let replica = Replica::new();
    replica.solve();
    // What a learner's editor and Cargo leave there is no business of the grader.
    replica.write("exercises/12_latch/build.rs", "fn main() { panic!(\"a build script of the learner was run\") }");
    replica.write("exercises/12_latch/src/lib.rs.swp", "an editor's");
    let before = replica.listing();
    replica.run(&["check", "latch"]).code(0);
    replica.submit("deadlock");
    let other = replica.listing();
    replica.run(&["check", "latch"]).code(1);
    let after = replica.listing();
    assert!(other == after, "the rejected grading changed something");
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
}
