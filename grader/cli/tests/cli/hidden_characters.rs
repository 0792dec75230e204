//! A submission that writes to the terminal through what is told about it: none of it arrives as anything but text.

use crate::replica::{Replica, until};
use crate::terminal::{Screen, shows};
use std::process::Stdio;

const FILE: &str = "exercises/12_latch/src/lib.rs";

/// Clears the screen, says that it is accepted, hides what follows, goes back, sets the title.
const PAINTS: &str = r#"
//! A gate that opens once, and paints.

/// A gate that opens once.
#[derive(Debug, Default)]
pub struct Latch;

impl Latch {
    /// A latch that is shut.
    pub fn new() -> Latch {
        Latch
    }

    /// Opens it, for good.
    pub fn open(&self) {
        print!("\x1b[2J\u{9b}2J");
        eprint!("\x1b[2J\u{9b}2J");
        panic!("\x1b[2J\x1b[Haccepted \x1b[8m\x1b]0;title\x07\r\x08\u{9b}2J\u{202e}\u{200b}\x7f\0");
    }

    /// Returns once it is open.
    pub fn wait(&self) {}
}
"#;

/// Everything that a terminal would obey or not show: line ends and tabs are what they are.
fn obeyed(character: char) -> bool {
    let invisible = matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}');
    invisible || character.is_control() && !matches!(character, '\n' | '\t')
}

#[track_caller]
fn is_plain(what: &str, text: &str) {
    assert!(!text.contains(obeyed), "{what}:\n{text:?}");
}

#[test]
fn what_a_submission_prints_panics_with_or_is_called_reaches_no_output_raw() {
    let replica = Replica::new();
    replica.write(FILE, PAINTS);
    // A folder's name is the submission's own, too.
    let named = "their\u{1b}[2J\u{202e}code";
    std::fs::create_dir(replica.path(named)).unwrap();
    replica.write(&format!("{named}/lib.rs"), PAINTS);
    for format in ["terminal", "json", "junit", "events"] {
        let ran = replica.run(&["check", "latch", "--format", format, "--verbose"]).code(1);
        is_plain(format, &ran.out);
        is_plain(format, &ran.err);
        let escape = if matches!(format, "json" | "events") { r"\\x1b[2J" } else { r"\x1b[2J" };
        ran.says(&[escape, "u{202e}"]);
        let other =
            replica.run(&["check", "latch", "--only=behaviour", "--format", format, "--submission", named]).code(1);
        is_plain(format, &other.out);
        is_plain(format, &other.err);
    }
    for command in [&["replay", "latch"][..], &["list"], &["check", "latch\u{1b}[2J\u{202e}"]] {
        let ran = replica.run(command);
        is_plain(command[0], &ran.out);
        is_plain(command[0], &ran.err);
    }
    replica.run(&["report", "--output", "page.html"]).code(0);
    let page = replica.read("page.html");
    is_plain("report", &page);
    assert!(page.contains(r"\x1b[2J"), "the page does not tell what was seen");
}

#[test]
fn a_recording_that_somebody_has_written_to_is_shown_as_text() {
    let replica = Replica::new();
    replica.submit("looks_too_early");
    replica.run(&["check", "latch", "--only", "schedules"]).code(1);
    let kept = ".grader/replays/12_latch.json";
    replica.write(kept, &replica.read(kept).replace("\"spawn\"", "\"spawn\\u001b[2J\\u202e\""));
    replica.write(FILE, &format!("{}\n// edited\n", replica.read(FILE)));
    let ran = replica.run(&["replay", "latch"]).code(1).says(&[r"spawn\x1b[2J\u{202e}"]);
    is_plain("replay", &ran.out);
}

#[test]
fn the_compilers_words_about_such_a_line_are_text_too() {
    let replica = Replica::new();
    replica.write(FILE, "pub fn f() -> u8 { \"\u{1b}[2J\u{9b}2J\u{202e}\" }\n");
    for format in ["terminal", "json", "junit"] {
        let ran = replica.run(&["check", "latch", "--only=build", "--format", format]).code(4);
        is_plain(format, &ran.out);
        ran.says(&["mismatched types"]);
    }
    // The colours of the report are there all the same.
    let ran = replica.run(&["check", "latch", "--only=build", "--color=always"]).code(4).says(&["\u{1b}[1m"]);
    assert!(!ran.out.contains("\u{1b}[2J"), "{:?}", ran.out);
}

#[test]
fn a_terminal_is_not_cleared_and_watch_shows_the_sequence_as_text() {
    let replica = Replica::new();
    replica.write(FILE, PAINTS);
    let shown = shows(&mut replica.grader(&["check", "latch", "--only=behaviour", "--color=always"]));
    assert!(shown.contains(r"\x1b[2J\x1b[Haccepted"), "{shown}");
    for sequence in ["\u{1b}[2J", "\u{1b}[H", "\u{1b}[8m", "\u{1b}]", "\u{7}", "\u{9b}", "\u{202e}"] {
        assert!(!shown.contains(sequence), "{sequence:?} in {shown:?}");
    }
    let mut screen = Screen::start(&mut replica.grader(&["watch", "latch"]), 40, 110);
    screen.shows(&["✗ rejected", r"\x1b[2J\x1b[Haccepted", r"\u{202e}"]);
    screen.types("q");
    assert_eq!(screen.end().0.code(), Some(0));
    // Without a terminal: a line for each step, then the report.
    let log = replica.path("log.txt");
    let mut grader = replica.grader(&["watch", "latch"]);
    let mut child = grader.stdout(std::fs::File::create(&log).unwrap()).stderr(Stdio::piped()).spawn().unwrap();
    let text = until("the report in the log", || {
        let text = replica.read("log.txt");
        text.contains("stuck?").then_some(text)
    });
    // SAFETY: a plain call; the child has not been waited for.
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    let ended = child.wait().unwrap();
    is_plain("the log", &text);
    assert!(text.contains(r"\x1b[2J\x1b[Haccepted"), "{text}");
    assert_eq!(ended.code(), Some(130));
}
