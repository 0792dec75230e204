//! Where the output goes cannot take it: a disk that is full, an output that is closed, a reader that has gone away.

use crate::replica::{Ran, Replica};
use std::fs::File;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// Every command that prints, so that each can be run after the ones before it; with its exit code where all is well. What is in a
/// report makes no difference to where it goes: most check only what is quick.
const PRINTING: [(&[&str], i32); 17] = [
    (&[], 0),
    (&["list"], 0),
    (&["list", "--format", "json"], 0),
    (&["check", "latch", "--only=schedules"], 1),
    (&["check", "latch", "latch_again", "--only=source_rules"], 0),
    (&["check", "latch", "--only=source_rules", "--format=json"], 0),
    (&["check", "latch", "--only=source_rules", "--format=junit"], 0),
    (&["check", "latch", "--only=source_rules", "--format=events"], 0),
    (&["replay", "latch"], 1),
    (&["hint", "latch"], 0),
    (&["solution", "latch", "--give-up"], 0),
    (&["report", "--output", "page.html"], 0),
    (&["doctor"], 0),
    (&["author", "mutate", "latch", "--list"], 0),
    (&["author", "verify", "latch", "rejected/spins"], 0),
    (&["init", "laid_out"], 0),
    (&["reset", "latch", "--yes"], 0),
];

fn replica() -> Replica {
    let replica = Replica::new();
    replica.submit("looks_too_early");
    // What is built once is mentioned.
    replica.run(&["check", "latch", "--only=schedules"]).code(1);
    replica
}

/// Runs every command with an output of this kind, and looks at how it ends.
fn each(kind: &str, redirect: impl Fn(&mut Command), judge: impl Fn(&str, i32, Ran)) {
    let replica = replica();
    for (arguments, code) in PRINTING {
        let mut grader = replica.grader(arguments);
        redirect(&mut grader);
        let child = grader.stderr(Stdio::piped()).spawn().unwrap();
        // The command holds our side of a pipe open.
        drop(grader);
        judge(&format!("{kind}: grader {}", arguments.join(" ")), code, Ran::end_of(child));
    }
}

/// One line on the standard error, and the code for what is not the submission's fault.
fn is_ours(what: &str, ran: &Ran, words: &[&str]) {
    assert_eq!(ran.code, Some(70), "{what}\n{}", ran.err);
    assert_eq!(ran.err.lines().count(), 1, "{what}\n{}", ran.err);
    for word in words {
        assert!(ran.err.contains(word), "{what}: no '{word}' in\n{}", ran.err);
    }
}

#[test]
fn with_a_full_disk_behind_it_every_command_ends_with_one_line_and_70() {
    let full = |grader: &mut Command| {
        grader.stdout(File::options().write(true).open("/dev/full").unwrap());
    };
    each("full", full, |what, _, ran| {
        is_ours(what, &ran, &["cannot write to the standard output: No space left on device", "run the command again"]);
    });
}

#[test]
fn with_its_output_closed_every_command_ends_with_one_line_and_70() {
    let closed = |grader: &mut Command| {
        // SAFETY: one async-signal-safe call between fork and exec.
        unsafe {
            grader.pre_exec(|| {
                libc::close(1);
                Ok(())
            });
        }
    };
    each("closed", closed, |what, _, ran| {
        is_ours(what, &ran, &["cannot write to the standard output: it is closed", "run the command again"]);
    });
}

#[test]
fn a_reader_that_goes_away_is_no_fault_and_changes_no_exit_code() {
    let unread = |grader: &mut Command| {
        grader.stdout(broken_pipe());
    };
    each("unread", unread, |what, code, ran| {
        assert_eq!(ran.code, Some(code), "{what}\n{}", ran.err);
        assert_eq!(ran.err, "", "{what}");
    });
}

/// A pipe that nobody reads any more.
fn broken_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn watch_ends_when_nobody_can_hear_it() {
    let replica = replica();
    let ran = |out: Stdio| {
        Ran::end_of(replica.grader(&["watch", "latch"]).stdout(out).stderr(Stdio::piped()).spawn().unwrap())
    };
    let unread = ran(broken_pipe());
    assert_eq!((unread.code, unread.err.as_str()), (Some(0), ""));
    let full = ran(File::options().write(true).open("/dev/full").unwrap().into());
    is_ours("watch", &full, &["cannot write to the standard output"]);
}

#[test]
fn a_file_that_takes_not_everything_is_70_and_one_that_cannot_be_there_is_2() {
    let replica = replica();
    let check = |file: &str| replica.run(&["check", "latch", "--only=source_rules", "--format=json", "--output", file]);
    let report = |file: &str| replica.run(&["report", "--output", file]);
    is_ours(
        "check",
        &check("/dev/full"),
        &["cannot write the report to /dev/full: No space left", "not whole", "again"],
    );
    is_ours(
        "report",
        &report("/dev/full"),
        &["cannot write the page to /dev/full: No space left", "not whole", "again"],
    );
    for ran in [check("no/such/folder/out.json"), report("no/such/folder/page.html"), check("."), report(".")] {
        ran.code(2).complains(&["cannot write the ", "name another file"]).in_one_line();
    }
    // A disk on which only a part of the page has room.
    let mut grader = replica.grader(&["report", "--output", "page.html"]);
    // SAFETY: only async-signal-safe calls between fork and exec.
    unsafe {
        grader.pre_exec(|| {
            let limit = libc::rlimit { rlim_cur: 1000, rlim_max: 1000 };
            libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
            libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit);
            Ok(())
        });
    }
    is_ours("report", &Ran::of(&mut grader), &["cannot write the page to page.html: File too large", "not whole"]);
    // What is no file of a disk takes a report like one.
    let mut pipe =
        replica.grader(&["check", "latch", "--only=source_rules", "--format=json", "--output", "/dev/stdout"]);
    let ran = Ran::of(&mut pipe).code(0);
    assert!(serde_json::from_str::<serde_json::Value>(&ran.out).is_ok(), "{}", ran.out);
}

#[test]
fn the_first_lines_of_a_long_output_are_all_that_a_reader_needs() {
    let replica = replica();
    let mut child = replica.start(&["check", "latch", "--only=build", "--format", "events"]);
    let mut first = [0; 1];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let ran = Ran::end_of(child).code(0);
    assert_eq!((first, ran.err.as_str()), (*b"{", ""));
}
