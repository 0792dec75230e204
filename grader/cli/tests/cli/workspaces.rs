//! A learner's own workspace (`init`), what the machine has (`doctor`), and the page of progress (`report`).

use crate::replica::{Ran, Replica};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

fn grader(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
    command.args(arguments).current_dir(folder).env("COLUMNS", "100").stdin(Stdio::null());
    Ran::of(&mut command)
}

#[test]
fn a_workspace_that_init_lays_out_is_one_to_work_in() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("katas");
    grader(folder.path(), &["init", "katas"]).code(0).says(&["23 exercises", "cd katas", "watch"]);
    grader(&inside, &["init", "."]).code(0).says(&["is up to date"]);
    // The editor sees one workspace of exercises that compile.
    let mut metadata = Command::new("cargo");
    metadata.args(["metadata", "--offline", "--no-deps", "--format-version", "1"]).current_dir(&inside);
    assert!(metadata.output().unwrap().status.success());
    grader(&inside, &[]).code(0).says(&["next: 1.1", "exercises/11_gil/README.md"]);
    fs::write(inside.join("exercises/31_threads/src/lib.rs"), "pub fn broken( {}").unwrap();
    grader(&inside.join("exercises"), &["check", "threads", "--only", "build"])
        .code(4)
        .says(&["31_threads/src/lib.rs"]);
    grader(&inside, &["list"]).code(0).says(&["… 31_threads", "· 11_gil"]);
    // What belongs to those who write exercises is not here.
    grader(&inside, &["author", "verify", "threads"]).code(2).complains(&["a clone"]);
}

#[test]
fn init_refuses_a_folder_with_other_things_in_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.tex"), "mine").unwrap();
    grader(folder.path(), &["init", "."]).code(2).complains(&["is not empty"]).in_one_line();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn doctor_finds_everything_that_these_tests_need_anyway() {
    let replica = Replica::new();
    replica.run(&["doctor"]).code(0).says(&["✓ compiler", "✓ linker", "✓ threads", "✓ pidfd", "workspace: "]);
}

#[test]
fn doctor_names_a_hidden_test_that_git_has_differently_and_finds_no_fault_in_it() {
    let replica = Replica::new();
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(arguments).current_dir(replica.root());
        assert!(git.output().unwrap().status.success(), "{git:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "tests", "solutions"]);
    git(&["commit", "-q", "-m", "all"]);
    replica
        .run(&["doctor"])
        .code(0)
        .says(&["✓ content   hidden tests, references and what they are compiled with are as Git"]);
    let file = "tests/12_latch/behaviour.rs";
    replica.write(file, &replica.read(file).replace("#[fact]", ""));
    replica.run(&["doctor"]).code(0).says(&[&format!("✓ content   {file} is not as Git has it")]);
    fs::remove_file(replica.path("solutions/12_latch/NOTES.md")).unwrap();
    replica.run(&["doctor"]).code(0).says(&["✓ content   ", "and 1 more are not as Git has them"]);
}

#[test]
fn doctor_says_what_a_missing_compiler_costs() {
    let replica = Replica::new();
    let home = tempfile::tempdir().unwrap();
    let mut command = replica.grader(&["doctor"]);
    let ran = Ran::of(command.env("PATH", home.path()));
    ran.code(70).says(&["✗ compiler", "rustup.rs", "something that grading needs is missing"]);
}

#[test]
fn a_broken_settings_file_is_named_with_its_line() {
    let replica = Replica::new();
    replica.write("grader.toml", "poll = true\ncolour = 1\n");
    replica.run(&["list"]).code(2).complains(&["grader.toml", "line 2", "colour"]);
}

#[test]
fn the_page_tells_what_was_done_and_draws_the_schedule_that_failed() {
    let replica = Replica::new();
    replica.submit("looks_too_early");
    replica.run(&["check", "latch"]).code(1);
    replica.solve();
    replica.run(&["check", "latch", "--only", "build,behaviour"]).code(0);
    replica.run(&["report", "--output", "page.html"]).code(0).says(&["wrote page.html"]);
    let page = replica.read("page.html");
    for words in
        ["A gate that opens once", "0 of 2", "2 gradings", "<svg class=\"lanes\"", "waits for ever", "some checks only"]
    {
        assert!(page.contains(words), "{words}");
    }
    replica.run(&["report", "--output", "no/such/folder/page.html"]).code(2).complains(&["cannot write"]).in_one_line();
}

#[test]
fn a_grading_can_be_followed_line_by_line() {
    let replica = Replica::new();
    replica.submit("deadlock");
    let ran = replica.run(&["check", "latch", "--format", "events"]).code(1);
    let events: Vec<serde_json::Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(kinds.last(), Some(&"report"));
    // What is wrong is told with the item, long before the report.
    let failed = events.iter().find(|event| event["event"] == "item" && event["outcome"]["is"] == "failed").unwrap();
    assert_eq!(failed["finding"]["kind"], "deadlock");
    // The next time what failed is tried again alone, whether it is mended or not. (How much sooner is for the bench to say.)
    let again = |code: i32| {
        let ran = replica.run(&["check", "latch", "--format", "events"]).code(code);
        let mut events = ran.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let tried = events.find(|event| event["event"] == "again").expect("what failed is tried again");
        assert_eq!(tried["name"], failed["name"]);
        tried
    };
    assert_eq!(again(1)["finding"]["kind"], "deadlock");
    replica.solve();
    assert_eq!(again(0)["outcome"]["is"], "passed");
    let place = |kind: &str| kinds.iter().position(|each| *each == kind).unwrap();
    assert!(place("started") < place("item") && place("item") < place("report"));
}
