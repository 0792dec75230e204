//! `watch`, on a terminal that a test looks at: verdicts are about the text as it is, and keys work whatever a submission does.

use crate::replica::{Replica, until};
use crate::terminal::Screen;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

const FILE: &str = "exercises/12_latch/src/lib.rs";

fn watch(replica: &Replica) -> Screen {
    Screen::start(&mut replica.grader(&["watch", "latch"]), 24, 80)
}

/// The processes of the session that a program on a terminal leads, itself left out.
fn others_in_session(leader: u32) -> Vec<(i32, String)> {
    let stats =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    let own = stats.filter_map(|stat| {
        let (head, tail) = stat.rsplit_once(") ")?;
        let (id, name) = head.split_once(" (")?;
        let session: u32 = tail.split(' ').nth(3)?.parse().ok()?;
        let id: i32 = id.parse().ok()?;
        (session == leader && id != leader as i32 && !tail.starts_with('Z')).then(|| (id, name.to_owned()))
    });
    own.collect()
}

#[test]
fn every_save_is_graded_and_the_verdict_is_about_what_was_saved() {
    let replica = Replica::new();
    let mut screen = watch(&replica);
    screen.shows(&["✗ rejected", "A gate that opens once", "0 of 2 accepted"]);
    replica.solve();
    let text = screen.shows(&["✓ accepted", "1 of 2 accepted"]);
    assert!(!text.contains('✗'), "{text}");
    replica.write(FILE, "pub fn broken( {}");
    // That it does not compile is shown before the grading has ended. Leaving ends it, and only what has ended is recorded.
    screen.shows(&["✗ does not compile"]);
    until("both gradings are recorded", || (replica.history().len() == 3).then_some(()));
    screen.types("q");
    let leader = screen.id();
    let (status, ..) = screen.end();
    assert_eq!(status.code(), Some(0));
    assert_eq!(others_in_session(leader), []);
    let did: Vec<_> = replica.history().iter().map(|entry| entry["what"]["did"].as_str().unwrap().to_owned()).collect();
    // The starter as it was given is nobody's attempt.
    assert_eq!(did, ["opened", "check", "check"]);
}

#[test]
fn keys_stay_alive_while_a_submission_spins_deadlocks_or_floods_and_the_next_save_ends_it() {
    let replica = Replica::new();
    let checks = "tests/12_latch/checks.toml";
    replica.write(checks, &format!("{}\n[behaviour]\nseconds = 600\n", replica.read(checks)));
    replica.submit("spins");
    let mut screen = watch(&replica);
    screen.shows(&["behaviour", " 1 s"]);
    screen.types("?");
    screen.shows(&["the brief: what is asked"]);
    screen.types("b");
    screen.shows(&["— the brief"]);
    screen.types("b");
    screen.shows(&["… behaviour"]);
    // Code that prints without end, on both channels.
    let reference = replica.read("solutions/12_latch/src/lib.rs");
    let (head, tail) = reference.split_once("fn open(&self) {").expect("the reference opens its gate");
    let flood =
        "fn open(&self) { loop { println!(\"{}\", \"x\".repeat(4096)); eprintln!(\"{}\", \"y\".repeat(4096)); }";
    replica.write(FILE, &format!("{head}{flood}{}", &tail[tail.find('\n').unwrap()..]));
    screen.types("?");
    screen.shows(&["the brief: what is asked"]);
    screen.types("?");
    replica.submit("deadlock");
    screen.shows(&["deadlock", "rejected"]);
    replica.solve();
    screen.shows(&["✓ accepted"]);
    let leader = screen.id();
    screen.types("\u{3}");
    assert_eq!(screen.end().0.code(), Some(130));
    assert_eq!(others_in_session(leader), []);
}

#[test]
fn of_fifty_quick_saves_the_last_one_has_the_verdict_and_keeps_it() {
    let replica = Replica::new();
    replica.solve();
    let screen = watch(&replica);
    screen.shows(&["✓ accepted"]);
    let (good, bad) = (replica.read("solutions/12_latch/src/lib.rs"), "pub fn broken( {}".to_owned());
    for number in 0..50 {
        // Some saves come while a grading runs, some before it has begun.
        let text = if number % 2 == 0 { &good } else { &bad };
        replica.write(FILE, &format!("{text}// {number}\n"));
        std::thread::sleep(Duration::from_millis(number % 7 * 9));
    }
    // From the moment when it was noticed, the last text, which does not compile, is never said to be accepted.
    until("the last save to be noticed", || (!screen.text().contains("✓ accepted")).then_some(()));
    let mut settled = Instant::now();
    while settled.elapsed() < Duration::from_secs(3) {
        let text = screen.text();
        assert!(!text.contains("✓ accepted"), "{text}");
        if !text.contains("✗ does not compile") {
            settled = Instant::now();
        }
    }
    let last = replica.history().last().cloned().unwrap();
    assert_eq!(last["what"]["verdict"], "unbuildable");
    let mut screen = screen;
    screen.types("q");
    screen.end();
}

#[test]
fn a_file_that_is_replaced_removed_and_made_again_is_still_watched() {
    let replica = Replica::new();
    let mut screen = watch(&replica);
    screen.shows(&["✗ rejected"]);
    let beside = replica.path("exercises/12_latch/src/.lib.rs.swp");
    fs::write(&beside, replica.read("solutions/12_latch/src/lib.rs")).unwrap();
    fs::rename(&beside, replica.path(FILE)).unwrap();
    screen.shows(&["✓ accepted"]);
    fs::remove_file(replica.path(FILE)).unwrap();
    screen.shows(&["could not be graded", "is missing"]);
    replica.submit("deadlock");
    screen.shows(&["✗ rejected"]);
    fs::remove_dir_all(replica.path("exercises/12_latch/src")).unwrap();
    screen.shows(&["could not be graded"]);
    fs::create_dir(replica.path("exercises/12_latch/src")).unwrap();
    replica.solve();
    screen.shows(&["✓ accepted"]);
    // The starter is put back after a question, with a copy of what was there.
    screen.types("x");
    screen.shows(&["[y/N]"]);
    screen.types("y");
    screen.shows(&["✗ rejected"]);
    assert_eq!(replica.read(FILE), replica.starter("12_latch"));
    assert_eq!(fs::read_dir(replica.path(".grader/backups/12_latch")).unwrap().count(), 1);
    screen.types("q");
    screen.end();
}

#[test]
fn the_terminal_is_given_back_when_suspended_when_ended_and_for_an_editor() {
    let replica = Replica::new();
    // A shell with job control gets the terminal when the watch is suspended, and lets it go on.
    let script = r#"set -m; "$@"; echo suspended; read line; fg; echo "ended with $?""#;
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_grader"), "watch", "latch"]).current_dir(replica.root());
    let mut screen = Screen::start(command.env("VISUAL", "echo edited >&2; true"), 24, 80);
    screen.shows(&["✗ rejected"]);
    assert!(screen.is_taken());
    screen.types("e");
    screen.shows(&["A gate that opens once"]);
    screen.resize(10, 60);
    screen.shows(&["✗ rejected", "h hint", "q quit"]);
    screen.resize(24, 80);
    screen.types("\u{1a}");
    screen.shows(&["suspended"]);
    assert!(!screen.is_taken());
    screen.types("\n");
    screen.shows(&["✗ rejected", "A gate that opens once"]);
    assert!(screen.is_taken());
    let watch = others_in_session(screen.id());
    let [(id, _)] = watch.as_slice() else { panic!("the watch, and nothing that it has started: {watch:?}") };
    // SAFETY: a plain signal to a child of the shell, which waits for it.
    unsafe { libc::kill(*id, libc::SIGTERM) };
    screen.shows(&["ended with 130"]);
    assert!(!screen.end().2);
}

#[test]
fn a_terminal_that_goes_away_takes_the_watch_and_its_gradings_with_it() {
    let replica = Replica::new();
    let checks = "tests/12_latch/checks.toml";
    replica.write(checks, &format!("{}\n[behaviour]\nseconds = 600\n", replica.read(checks)));
    replica.submit("spins");
    let screen = watch(&replica);
    screen.shows(&["… behaviour"]);
    let leader = screen.id();
    let mut child = screen.hang_up();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    until("its processes to end", || others_in_session(leader).is_empty().then_some(()));
}

#[test]
fn the_list_is_searched_and_opens_an_exercise() {
    let replica = Replica::new();
    let mut screen = watch(&replica);
    screen.shows(&["✗ rejected"]);
    screen.types("l");
    screen.shows(&["All exercises", "12_latch", "13_latch_again"]);
    screen.types("/nowhere");
    screen.shows(&["nothing found"]);
    screen.types("\u{1b}");
    screen.shows(&["12_latch", "13_latch_again"]);
    screen.types("/again");
    until("one row", || (!screen.text().contains("12_latch ")).then_some(()));
    screen.types("\r");
    screen.shows(&["exercises/13_latch_again/src/lib.rs"]);
    screen.types("p");
    screen.shows(&["exercises/12_latch/src/lib.rs"]);
    screen.types("q");
    screen.end();
}

#[test]
fn without_a_terminal_there_are_plain_lines() {
    let replica = Replica::new();
    let mut command = replica.grader(&["watch", "latch"]);
    let out = replica.path("out.txt");
    let mut child = command.stdout(fs::File::create(&out).unwrap()).spawn().unwrap();
    let shows = |words: &str| {
        until(words, || fs::read_to_string(&out).unwrap().contains(words).then_some(()));
    };
    shows("rejected · ");
    replica.solve();
    shows("accepted · 85 of 85 points");
    assert!(!fs::read_to_string(&out).unwrap().contains('\u{1b}'));
    // SAFETY: a plain signal to a child that has not been waited for.
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
