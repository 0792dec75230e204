//! Ctrl-C, and the sudden death of the grader: nothing is left running, nothing is recorded, the next grading works.

use crate::replica::{Ran, Replica, shared, until};
use std::fs;
use std::path::Path;
use std::process::Child;

/// A replica in which a submission spins for longer than any test takes.
fn spinning() -> Replica {
    let replica = Replica::new();
    replica.submit("spins");
    let checks = "tests/12_latch/checks.toml";
    replica.write(checks, &format!("{}\n[behaviour]\nseconds = 600\n", replica.read(checks)));
    replica
}

/// A replica in which the compiler works for longer than any test takes.
fn compiling() -> Replica {
    let replica = Replica::new();
    let endless =
        "#![allow(long_running_const_eval)]\npub const X: u64 = { let mut n = 0; while n < u64::MAX { n += 1 } n };\n";
    replica.write("exercises/12_latch/src/lib.rs", endless);
    replica
}

/// The processes that work in the folder of a grader's runs: compilers, facts, and what they have started.
fn at_work(grader: u32) -> Vec<String> {
    let marker = format!("/runs/{grader}-");
    let works = |process: &Path| {
        // None of these goes away when the folder does. A compiler may stand elsewhere, but is told to write there.
        let told = fs::read(process.join("cmdline")).unwrap_or_default();
        // One with a root of its own has parts of the folder mounted in it.
        let mounted = fs::read(process.join("mountinfo")).unwrap_or_default();
        [told, mounted].iter().any(|text| String::from_utf8_lossy(text).contains(&marker))
            || ["exe", "cwd"].iter().any(|link| {
                fs::read_link(process.join(link)).is_ok_and(|target| target.to_string_lossy().contains(&marker))
            })
    };
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path()).filter(|path| works(path));
    processes.map(|path| fs::read_to_string(path.join("comm")).unwrap_or_default().trim().to_owned()).collect()
}

/// Waits until a program is at work. That of the hidden tests has the same name always, or twelve random letters.
fn running(grader: &Child, program: &str) {
    let is_random = |name: &str| name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_test = |name: &str| name == "program" || is_random(name);
    let is_it = |name: &String| if program == TESTS { is_test(name) } else { name == program };
    until(program, || at_work(grader.id()).iter().any(is_it).then_some(()));
}

/// The hidden tests, whatever their program is called.
const TESTS: &str = "hidden tests";

fn send(signal: i32, grader: &Child) {
    // SAFETY: a plain `kill` of a child that has not been waited for.
    assert_eq!(unsafe { libc::kill(grader.id() as i32, signal) }, 0);
}

fn run_folders(grader: u32) -> Vec<String> {
    let names = fs::read_dir(shared().join("runs")).unwrap().flatten().map(|entry| entry.file_name());
    names.filter_map(|name| name.into_string().ok()).filter(|name| name.starts_with(&format!("{grader}-"))).collect()
}

#[test]
fn an_interrupt_ends_everything_and_records_nothing() {
    let replica = spinning();
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let grader = replica.start(&["check", "latch", "--only=behaviour"]);
        let id = grader.id();
        running(&grader, TESTS);
        send(signal, &grader);
        let ran = Ran::end_of(grader).code(130);
        ran.complains(&["interrupted; nothing was recorded and nothing is left running"]).in_one_line();
        assert_eq!(at_work(id), Vec::<String>::new());
        assert_eq!(run_folders(id), Vec::<String>::new());
        assert!(replica.history().is_empty());
    }
}

#[test]
fn an_interrupt_while_the_compiler_works_is_no_fault_of_the_submission() {
    let replica = compiling();
    let grader = replica.start(&["check", "latch"]);
    let id = grader.id();
    running(&grader, "rustc");
    send(libc::SIGINT, &grader);
    let ran = Ran::end_of(grader).code(130);
    ran.complains(&["interrupted; nothing was recorded"]).in_one_line();
    assert_eq!(at_work(id), Vec::<String>::new());
    assert!(replica.history().is_empty());
}

#[test]
fn a_grader_that_is_killed_leaves_no_process_and_the_next_one_tidies_up() {
    for (replica, program) in [(spinning(), TESTS), (compiling(), "rustc")] {
        let mut grader = replica.start(&["check", "latch", "--only=behaviour"]);
        let id = grader.id();
        running(&grader, program);
        assert_eq!(run_folders(id).len(), 1);
        send(libc::SIGKILL, &grader);
        grader.wait().unwrap();
        until("its processes to end", || at_work(id).is_empty().then_some(()));
        assert!(replica.history().is_empty());
        replica.solve();
        replica.run(&["check", "latch"]).code(0);
        assert_eq!(run_folders(id), Vec::<String>::new());
    }
}
