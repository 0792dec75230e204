//! What is wrong with the place, the machine or the settings, rather than with a submission.

use crate::replica::{Ran, Replica, shared};
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;

#[test]
fn outside_a_workspace_it_says_where_to_go() {
    let nowhere = tempfile::tempdir().unwrap();
    for arguments in [&[][..], &["list"], &["check", "latch"], &["hint", "latch"], &["reset", "latch"]] {
        let ran = Ran::of(Replica::new().grader(arguments).current_dir(nowhere.path())).code(2);
        ran.complains(&["is not inside a workspace", "`grader init DIR`", "change into it first"]).in_one_line();
    }
    assert_eq!(fs::read_dir(nowhere.path()).unwrap().count(), 0);
}

#[test]
fn inside_an_exercise_names_and_places_are_those_of_the_workspace() {
    let replica = Replica::new();
    let mut grader = replica.grader(&["check", "latch", "--only=source_rules,build"]);
    let ran = Ran::of(grader.current_dir(replica.path("exercises/12_latch"))).code(0);
    ran.says(&["src/lib.rs"]);
}

#[test]
fn a_broken_settings_file_is_named_with_the_line() {
    let replica = Replica::new();
    let file = "tests/12_latch/checks.toml";
    let broken = |text: &str, words: &[&str]| {
        replica.write(file, text);
        replica.run(&["check", "latch"]).code(2).complains(words);
    };
    let good = replica.read(file);
    broken(&good.replace("minutes = 10", "minutes = ten"), &[file, "line 3"]);
    broken(&good.replace("difficulty = 1", "dificulty = 1"), &[file, "line 4", "dificulty"]);
    broken(&good.replace("behaviour = 30", "behavior = 30"), &[file, "behavior", "behaviour"]);
    broken(&good.replace("difficulty = 1", "difficulty = 9"), &[file, "difficulty is 9, but goes from 1 to 5"]);
}

#[test]
fn without_a_compiler_it_says_so_in_one_line() {
    let replica = Replica::new();
    let mut grader = replica.grader(&["check", "latch"]);
    let ran = Ran::of(grader.env("PATH", "").env_remove("CARGO").env_remove("RUSTC")).code(70);
    ran.complains(&["there is no Rust compiler", "https://rustup.rs", "\nthis does not count as an attempt\n"]);
    assert!(replica.history().is_empty());
    // What needs no compiler works.
    Ran::of(replica.grader(&["hint", "latch"]).env("PATH", "")).code(0);
}

#[test]
fn a_target_that_cannot_be_written_is_our_trouble() {
    let replica = Replica::new();
    let target = replica.path("target/grader");
    fs::remove_file(&target).unwrap();
    fs::write(&target, "a file where a folder should be").unwrap();
    let ran = replica.run(&["check", "latch"]).code(70);
    ran.complains(&["target/grader", "\nthis does not count as an attempt\n"]);
    assert!(replica.history().is_empty());
    fs::remove_file(&target).unwrap();
    symlink(shared(), &target).unwrap();
    replica.run(&["check", "latch", "--only=build"]).code(0);
}

#[test]
fn a_full_disk_never_counts_against_the_submission() {
    let replica = Replica::new();
    replica.solve();
    replica.run(&["check", "latch"]).code(0);
    let history = replica.read(".grader/attempts.jsonl");
    // No file may grow beyond this, as on a disk that is nearly full: the compiler fails at one file or another.
    for most in [0, 1, 20, 200, 2000] {
        let mut grader = replica.grader(&["check", "latch", "--only=build,behaviour"]);
        // SAFETY: only async-signal-safe calls between fork and exec.
        unsafe {
            grader.pre_exec(move || {
                let limit = libc::rlimit { rlim_cur: most << 10, rlim_max: most << 10 };
                libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
                libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit);
                Ok(())
            });
        }
        let ran = Ran::of(&mut grader).code(70);
        let ran = ran.complains(&["does not count as an attempt"]);
        assert_eq!(ran.out, "", "with {most} KiB");
        assert_eq!(replica.read(".grader/attempts.jsonl"), history, "with {most} KiB");
    }
}

#[test]
fn a_check_with_nothing_to_try_is_our_fault_and_names_the_file() {
    let replica = Replica::new();
    replica.solve();
    let emptied = |check: &str, file: &str, marker: &str, what: &str| {
        let text = replica.read(file);
        replica.write(file, &text.replace(marker, ""));
        let ran =
            replica.run(&["check", "latch_again", "--submission", "solutions/12_latch", "--only", check]).code(70);
        ran.complains(&[&format!("{file} holds no {what}"), "checks.toml gives", "nothing was graded"]);
        replica.write(file, &text);
    };
    emptied("behaviour", "tests/13_latch_again/behaviour.rs", "#[fact]", "facts");
    emptied("schedules", "tests/13_latch_again/schedules.rs", "#[scenario]", "scenarios");
    emptied("transcript", "tests/13_latch_again/transcript.rs", "#[transcript]", "transcripts");
    emptied("timing", "tests/13_latch_again/timing.rs", "#[workload(cpu)]", "workloads");
    for folder in ["compile_fail", "compile_pass"] {
        fs::remove_dir_all(replica.path(&format!("tests/13_latch_again/{folder}"))).unwrap();
    }
    let ran =
        replica.run(&["check", "latch_again", "--submission", "solutions/12_latch", "--only", "compile_fail"]).code(70);
    ran.complains(&["tests/13_latch_again/compile_fail holds no cases"]);
    assert!(replica.history().is_empty());
}
