//! Runs one hidden test in a process of its own, and says what its end means.

use crate::exercise::manifest::Hidden;
use crate::run::confine::{Access, Confinement, Plan, Quota, files};
use crate::run::entries::Secret;
use crate::run::processes::End;
use crate::run::sandbox::{self, Cut, Ended, Limits};
use crate::submission::{self, Files};
use crate::trouble::{Context, Trouble};
use probe::explored::Explored;
use probe::threads::Thread;
use probe::wire::{Failure, Message, Order};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use verdict::{Check, Finding, Kind, Location, Standing};

/// More than this on stdout and stderr is a flood, in bytes.
const MOST_OUTPUT: u64 = 8 << 20;

/// The largest file that a test can write, in bytes.
const MOST_FILE: u64 = 64 << 20;

/// All that a test can write into each of its private folders, in bytes.
const MOST_SCRATCH: u64 = 64 << 20;

/// Threads and processes of one test together.
const MOST_TASKS: u64 = 1024;

/// Where a test's program lies, as it sees itself: at the same place for every test, whatever is done with it.
const SHOWN_AS: &str = "/program";
/// The name of the thread on which the harness runs a test, whichever it is.
const OWN_THREAD: &str = "fact";

/// How many characters of a process's last words are shown.
const LAST_WORDS: usize = 400;

/// The advice where the starter has not been touched.
pub(crate) const WRITE_IT: &str = "replace this todo!() with code";

/// Whether a panic is that of `todo!()`.
pub(crate) fn is_unwritten(message: &str) -> bool {
    message.starts_with("not yet implemented")
}

/// A compiled set of hidden tests, and whose code it is linked with.
#[derive(Clone, Debug)]
pub struct Tests {
    /// The test binary.
    pub binary: PathBuf,
    /// How its tests are numbered.
    pub secret: Secret,
    /// The numbers of the tests that are in it, where they have been looked up.
    pub entries: Option<BTreeSet<u64>>,
    /// What confines the processes.
    pub confinement: Confinement,
    /// An empty folder for the launcher.
    pub mount_point: PathBuf,
    /// Whether the tests may start processes.
    pub processes: bool,
    /// Whether they may use TCP and UDP, over loopback.
    pub network: bool,
    /// The submission's root file.
    pub subject: PathBuf,
    /// The same, as the user would write it.
    pub subject_shown: String,
    /// What was read of it.
    pub(crate) files: Arc<Files>,
    /// Private memory of each process, in bytes.
    pub memory: u64,
    /// The time limit of a test that has none of its own.
    pub time: Duration,
}

/// What running one test showed.
#[derive(Debug)]
pub enum Showed {
    /// The fact holds.
    Holds,
    /// The transcript's text.
    Text(String),
    /// What exploring a scenario found out.
    Explored(Box<Explored>),
    /// It does not hold.
    Fails(Box<Finding>),
}

impl Tests {
    /// What runs any test: the same for all.
    pub fn plan(&self) -> Plan {
        Plan {
            program: self.binary.clone(),
            shown_as: Some(SHOWN_AS.into()),
            environment: sandbox::environment(),
            mount_point: self.mount_point.clone(),
            access: Access {
                reads: files::libraries(),
                writes: Vec::new(),
                processes: self.processes,
                network: self.network,
                strict: true,
            },
            quota: Quota { memory: self.memory, cpu: 0, file: MOST_FILE, tasks: MOST_TASKS, scratch: MOST_SCRATCH },
            ..Plan::default()
        }
    }

    /// What the process of a test is told to do.
    ///
    /// # Errors
    /// If the test is not in the binary, which is then not what the list of hidden tests was read from.
    pub fn order(&self, hidden: &Hidden) -> Result<Order, Trouble> {
        let entry = self.secret.number(&hidden.path);
        if self.entries.as_ref().is_some_and(|entries| !entries.contains(&entry)) {
            return Err(Trouble::Ours(format!(
                "the compiled hidden tests have no {}; were the files below tests/ changed meanwhile? Grade again",
                hidden.path
            )));
        }
        Ok(Order { entry, subject: self.subject.display().to_string(), effort: None, schedule: None })
    }

    /// The time limit of one test.
    pub fn time_of(&self, hidden: &Hidden) -> Duration {
        hidden.seconds.map_or(self.time, Duration::from_secs)
    }

    /// Runs one test to its end.
    ///
    /// # Errors
    /// If the process could not be started or looked after.
    pub fn run(&self, check: Check, hidden: &Hidden) -> Result<(Showed, Duration), Trouble> {
        self.run_with(check, hidden, &self.order(hidden)?)
    }

    /// Runs one test to its end, by this order.
    ///
    /// # Errors
    /// If the process could not be started or looked after.
    pub fn run_with(&self, check: Check, hidden: &Hidden, order: &Order) -> Result<(Showed, Duration), Trouble> {
        let limits = Limits { time: self.time_of(hidden), memory: self.memory, output: MOST_OUTPUT };
        let mut plan = self.plan();
        if check == Check::Schedules {
            // Code that goes by addresses goes the same way each time.
            plan.fixed_addresses = true;
        }
        let ended = sandbox::run(&self.confinement, &plan, &limits, order);
        let ended = ended.ours(format_args!("cannot run the test {}", hidden.name))?;
        if crate::run::processes::interrupted() {
            return Err(Trouble::Interrupted);
        }
        let wall = ended.wall;
        Ok((self.judge(check, hidden, ended), wall))
    }

    fn judge(&self, check: Check, hidden: &Hidden, ended: Ended) -> Showed {
        let finding = |kind: Kind, expected: &str, seen: String| Finding {
            check,
            kind,
            subject: hidden.name.clone(),
            message: hidden.statement.clone(),
            expected: Some(expected.to_owned()).filter(|text| !text.is_empty()),
            seen: Some(seen),
            location: None,
            detail: None,
            threads: Vec::new(),
            interleaving: None,
            next_step: hidden.next_step.clone(),
        };
        let fails = |finding: Finding| Showed::Fails(Box::new(finding));
        if ended.forged {
            let seen = "something other than the harness wrote to the grader's descriptor".to_owned();
            return fails(finding(Kind::Forgery, "only the harness reports", seen));
        }
        let word = ended.messages.iter().find(|message| message.is_last_word());
        match word {
            Some(Message::Failed(failure)) => {
                return fails(self.failed(finding(Kind::Panic, "", String::new()), failure));
            }
            Some(Message::Passed | Message::Transcript(_)) if !ended.left_behind.is_empty() => {
                let seen = format!("still running at the end: {}", ended.left_behind.join(", "));
                return fails(finding(Kind::LeftBehind, "every process that was started has been waited for", seen));
            }
            Some(Message::Passed) => return Showed::Holds,
            Some(Message::Explored(explored)) => return Showed::Explored(explored.clone()),
            Some(Message::Transcript(text)) => return Showed::Text(text.clone()),
            _ => {}
        }
        let limit = self.time_of(hidden).as_secs();
        let mut found = match &ended.cut {
            Some(Cut::Deadlock(threads)) => Finding {
                threads: standings(threads),
                ..finding(
                    Kind::Deadlock,
                    "it comes to an end",
                    format!("after {} ms every thread waits, and nothing can wake any of them", ended.wall.as_millis()),
                )
            },
            Some(Cut::Time(threads)) => Finding {
                threads: standings(threads),
                ..finding(Kind::TimeLimit, "it comes to an end", format!("still going after {limit} s"))
            },
            Some(Cut::Output) => {
                finding(Kind::OutputLimit, "", format!("more than {} MiB were printed", MOST_OUTPUT >> 20))
            }
            _ => match (ended.messages.first(), ended.end) {
                (Some(Message::OutOfMemory(bytes)), _) => finding(
                    Kind::MemoryLimit,
                    &format!("at most {} MiB of memory are used", self.memory >> 20),
                    format!("a further {bytes} bytes were asked for"),
                ),
                (_, End::Exited(code)) => finding(
                    Kind::EarlyExit,
                    "the code returns to its caller",
                    format!("the process ended, with exit code {code}, before the fact was decided"),
                ),
                (_, End::Signalled(signal)) => finding(
                    Kind::Signal,
                    "the code returns to its caller",
                    format!("the process was killed by {}", signal_name(signal)),
                ),
            },
        };
        found.detail = last_words(&ended.stderr);
        fails(found)
    }

    /// Fills in what a harness reported of a failure.
    fn failed(&self, mut finding: Finding, failure: &Failure) -> Finding {
        finding.location = self.location(&failure.file, failure.line, None);
        if failure.expected.is_empty() {
            let place = if finding.location.is_some() { "the code" } else { "the test" };
            let thread = Some(&failure.thread).filter(|thread| *thread != OWN_THREAD);
            let on = thread
                .filter(|thread| !thread.is_empty())
                .map_or(String::new(), |thread| format!(" on thread '{thread}'"));
            finding.seen = Some(format!("{place} panicked{on}: {}", failure.about));
            if is_unwritten(&failure.about) && finding.location.is_some() {
                finding.next_step = Some(WRITE_IT.into());
            }
        } else {
            finding.kind = if failure.seen.starts_with("thread '") { Kind::Panic } else { Kind::WrongAnswer };
            finding.expected = Some(format!("{}: {}", failure.about, failure.expected));
            finding.seen = Some(failure.seen.clone());
        }
        finding
    }

    /// A place, as the user would write it, if it lies in the submission.
    pub(crate) fn location(&self, file: &str, line: u32, column: Option<u32>) -> Option<Location> {
        let file = Path::new(file);
        let is_place = file == self.subject || line > 0;
        let file = submission::shown(file, &self.subject, &self.subject_shown).filter(|_| is_place)?;
        Some(Location { file, line, column })
    }
}

/// The threads that are not the test runner's, as a person would name them; those that say the same are one line.
fn standings(threads: &[Thread]) -> Vec<Standing> {
    let mut own = true;
    let mut lines: Vec<(Standing, usize)> = Vec::new();
    for thread in threads.iter().skip(1) {
        // A thread without a name has that of the thread which started it.
        let name = match thread.name == OWN_THREAD {
            true if std::mem::take(&mut own) => "the test itself",
            true => "unnamed thread",
            false => &thread.name,
        };
        let standing = Standing { thread: name.to_owned(), doing: thread.standing.describe() };
        match lines.iter_mut().find(|(line, _)| *line == standing) {
            Some((_, count)) => *count += 1,
            None => lines.push((standing, 1)),
        }
    }
    let named = |(standing, count): (Standing, usize)| match count {
        1 => standing,
        _ => Standing { thread: format!("{count} × {}", standing.thread), ..standing },
    };
    lines.into_iter().map(named).collect()
}

fn last_words(text: &str) -> Option<String> {
    let text = text.trim();
    let start = text.len().saturating_sub(LAST_WORDS);
    let tail = &text[text.ceil_char_boundary(start)..];
    (!tail.is_empty()).then(|| format!("its last words: {tail}"))
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        libc::SIGABRT => "SIGABRT (it aborted)",
        libc::SIGSEGV => "SIGSEGV (a stray access, or an overflow of the stack)",
        libc::SIGBUS => "SIGBUS",
        libc::SIGILL => "SIGILL",
        libc::SIGFPE => "SIGFPE",
        libc::SIGKILL => "SIGKILL (by itself or by the system, not by the grader)",
        libc::SIGTERM => "SIGTERM",
        libc::SIGXFSZ => "SIGXFSZ (it wrote too large a file)",
        _ => return format!("signal {signal}"),
    };
    name.to_owned()
}
