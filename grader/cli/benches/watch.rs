//! How long a learner waits between a save and what `watch` shows, on a terminal of its own, beside `rustlings watch` on its
//! `threads3`, in the same run.
//!
//! `cargo bench -p grader --bench watch`, which builds the grader as it is installed, workspace laid out by `init` and all. With `RUSTLINGS=/path/to/rustlings` (`cargo install
//! rustlings`) that one takes part. `ROUNDS` (11) says how often. Nothing else should run meanwhile; medians are printed, and
//! between which times all rounds lay.

#[allow(dead_code)]
#[path = "../tests/cli/replica.rs"]
mod replica;
#[allow(dead_code)]
#[path = "../tests/cli/terminal.rs"]
mod terminal;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use terminal::Screen;

/// An exercise, and two slips: of each the text of the reference that is replaced, and by what. A fact notices the first, only
/// a schedule the second.
struct Slips {
    exercise: &'static str,
    of_a_fact: [&'static str; 2],
    of_a_schedule: [&'static str; 2],
}

const SLIPS: [Slips; 3] = [
    Slips {
        exercise: "22_gather",
        of_a_fact: ["Some(task) => task.clone_from(waker),", "Some(_) => {}"],
        of_a_schedule: [
            "woken.list.push(self.index);\n        let task = woken.task.take();\n        drop(woken);\n",
            "let task = woken.task.take();\n        drop(woken);\n        task.map(Waker::wake);\n        \
             lock(&shared).list.push(self.index);\n        let task = None::<Waker>;\n",
        ],
    },
    Slips {
        exercise: "34_read_write_lock",
        of_a_fact: ["self.readers.notify_all();", "self.readers.notify_one();"],
        of_a_schedule: [
            "self.readers.wait_while(state, |state| !state.admits_a_reader())",
            "if state.admits_a_reader() { Ok(state) } else { self.readers.wait(state) }",
        ],
    },
    Slips {
        exercise: "53_producer_consumer_threads",
        of_a_fact: [
            "drop(state);\n            self.stock.notify_all();",
            "drop(state);\n            self.stock.notify_one();",
        ],
        of_a_schedule: [
            "drop(state);\n        self.stock.notify_one();",
            "let first = state.items.len() == 1;\n        drop(state);\n        if first {\n            self.stock.notify_one();\n        }",
        ],
    },
];

fn main() {
    let rounds = std::env::var("ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(11);
    let folder = tempfile::tempdir().expect("a folder to work in");
    let mut learners = own(folder.path());
    learners.extend(std::env::var_os("RUSTLINGS").map(|path| rustlings(Path::new(&path), folder.path())));
    let mut times: Vec<Vec<Vec<Duration>>> =
        learners.iter().map(|learner| vec![Vec::new(); learner.moments.len()]).collect();
    // The first round builds what is built once, and does not count.
    for round in 0..=rounds {
        for (learner, times) in learners.iter_mut().zip(&mut times) {
            for (moment, times) in learner.moments.iter().zip(times) {
                let took = learner.save(moment, round);
                if round > 0 {
                    times.push(took);
                }
            }
        }
    }
    println!("seconds from the save to what is on the screen: median of {rounds} (least–most)\n");
    for (learner, times) in learners.iter().zip(times) {
        println!("{}", learner.name);
        for (moment, mut times) in learner.moments.iter().zip(times) {
            times.sort();
            let [least, median, most] = [0, times.len() / 2, times.len() - 1].map(|place| times[place].as_secs_f64());
            println!("  {:<58} {median:.2}  ({least:.2}–{most:.2})", moment.what);
        }
    }
    for learner in learners {
        learner.leave();
    }
}

/// What is saved, and what is waited for.
struct Moment {
    what: &'static str,
    text: String,
    shows: fn(&str) -> bool,
}

/// A watch on a terminal, and a file that it watches.
struct Learner {
    name: String,
    file: PathBuf,
    screen: Screen,
    moments: Vec<Moment>,
    /// What is on the screen as long as something from before is on it.
    rests: fn(&str) -> bool,
}

impl Learner {
    /// Saves a text once the screen is at rest, and waits for the moment.
    fn save(&self, moment: &Moment, round: usize) -> Duration {
        replica::until("the screen to rest", || (self.rests)(&self.screen.text()).then_some(()));
        // An edit of the round's own before each, so that what is on the screen is never from this text.
        let text = format!("{}\n// {} in round {round}\n", moment.text, moment.what);
        let mut written = self.screen.written();
        let begun = Instant::now();
        fs::write(&self.file, text).expect("a save");
        let mut was_there = true;
        loop {
            // Looking costs time on the cores that are measured: only at what is new.
            let now = self.screen.written();
            if now != std::mem::replace(&mut written, now) {
                let there = (moment.shows)(&self.screen.text());
                // Something that looks the same may be there from before; it goes as soon as the save is noticed.
                if there && !was_there {
                    return begun.elapsed();
                }
                was_there &= there;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(120),
                "{}: {}\n{}",
                self.name,
                moment.what,
                self.screen.text()
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn leave(mut self) {
        self.screen.types("q");
        self.screen.end();
    }
}

/// A watch on each of our exercises, in a workspace as a learner has it.
fn own(folder: &Path) -> Vec<Learner> {
    let grader = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
        command.args(arguments).current_dir(folder).env("GRADER_HOME", replica::shared().with_file_name("bench-home"));
        command
    };
    let laid_out = grader(&["init", "katas"]).stdout(Stdio::null()).status().expect("the grader runs");
    assert!(laid_out.success());
    let found = |text: &str| text.lines().any(|line| line.starts_with("✗ "));
    let learner = |slips: Slips| {
        let exercise = slips.exercise;
        let path = replica::workspace().join("solutions").join(exercise).join("src/lib.rs");
        let reference = fs::read_to_string(path).expect("the reference");
        let slip = |[from, to]: [&str; 2]| {
            assert!(reference.contains(from), "{exercise}: the reference has no longer {from}");
            reference.replacen(from, to, 1)
        };
        let (fact, schedule) = (slip(slips.of_a_fact), slip(slips.of_a_schedule));
        let moment = |what, text: String, shows| Moment { what, text, shows };
        let mut watch = grader(&["watch", exercise]);
        Learner {
            name: exercise.to_owned(),
            file: folder.join("katas/exercises").join(exercise).join("src/lib.rs"),
            screen: Screen::start(watch.current_dir(folder.join("katas")), 60, 120),
            moments: vec![
                moment("a fact fails: the first finding", fact.clone(), found),
                moment("a fact fails still: the first finding", fact.clone(), found),
                moment("a fact fails still: the verdict", fact, |text| text.contains("✗ rejected")),
                moment("a schedule fails: the first finding", schedule.clone(), found),
                moment("a schedule fails still: the verdict", schedule, |text| text.contains("✗ rejected")),
                moment("does not compile: the error, and the verdict", reference.clone() + "\nfn broken(", |text| {
                    text.contains("✗ does not compile")
                }),
                moment("accepted, all checks and timing", reference, |text| text.contains("✓ accepted")),
            ],
            rests: |text| {
                ["✓ accepted", "✗ rejected", "✗ does not compile", "? inconclusive"]
                    .iter()
                    .any(|word| text.contains(word))
            },
        }
    };
    SLIPS.into_iter().map(learner).collect()
}

/// `rustlings watch`, at the exercise that is the nearest to ours.
fn rustlings(program: &Path, folder: &Path) -> Learner {
    let program = program.canonicalize().expect("RUSTLINGS names a program");
    let mut init = Command::new(&program);
    let status = init.arg("init").current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).status();
    assert!(status.expect("rustlings runs").success());
    let root = folder.join("rustlings");
    fs::write(root.join(".rustlings-state.txt"), "DON'T EDIT THIS FILE!\n\nthreads3\n\n").expect("its state");
    let file = root.join("exercises/20_threads/threads3.rs");
    let starter = fs::read_to_string(&file).expect("its exercise");
    let solved = starter.replacen("thread::spawn", "let first = tx.clone();\n    thread::spawn", 1);
    let solved = solved.replacen("tx.send", "first.send", 1);
    let wrong = solved.replacen("q.second_half", "q.second_half.into_iter().skip(1)", 1);
    let moment = |what, text: &str, shows| Moment { what, text: text.to_owned(), shows };
    Learner {
        name: "rustlings watch, threads3".into(),
        file,
        screen: Screen::start(Command::new(&program).current_dir(&root), 60, 120),
        moments: vec![
            moment("done: compiled, tests, Clippy", &solved, |text| text.contains("Exercise done")),
            moment("the test fails", &wrong, |text| text.contains("FAILED")),
            moment("does not compile: the error, and the verdict", &starter, |text| {
                text.contains("use of moved value")
            }),
        ],
        rests: |text| text.contains("h:hint") || text.contains("Exercise done"),
    }
}
