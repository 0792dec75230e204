//! Scenarios under exploration: what `harness` offers when it is linked with `interleave` instead of real threads.
//!
//! The same names as on real threads, so that a scenario is one program with two ways to run: `cargo test` runs it once on
//! the system's scheduler, the grader along every schedule that its budget allows.

mod chance;
mod itself;
mod programs;
mod stack;
mod statics;
mod watch;

pub use programs::programs;
use stack::{Stack, is_subject};
use statics::Statics;

use crate::Unmet;
use crate::entry::{THREAD, order};
use crate::{graded, line};
use interleave::engine::{self, FailureKind, Found, Limits, Mark, Phase, Plan, Recording, TaskId, schedule};
use interleave::thread::{Builder, JoinHandle};
use probe::explored as wire;
use probe::wire::Message;
use std::cell::RefCell;
use std::panic::Location;
use std::time::{Duration, Instant};

/// How many schedules of each random kind are tried, and how many steps all may take together, where no grader says so.
const ALONE: (u64, u64) = (600, 150_000);

/// So many steps of a recording are passed on: the last ones.
const SHOWN: usize = 400;

/// A named thread of a scenario.
#[derive(Debug)]
pub struct Actor<T> {
    name: String,
    handle: JoinHandle<T>,
}

/// Starts an actor. Its name is the head of its lane.
#[track_caller]
pub fn actor<T: Send + 'static>(name: &str, part: impl FnOnce() -> T + Send + 'static) -> Actor<T> {
    let handle = Builder::new().name(name.to_owned()).spawn(part).expect("an explored thread can always be started");
    Actor { name: name.to_owned(), handle }
}

impl<T> Actor<T> {
    /// Whether the actor has played its part to the end (or panicked). Exact after [`quiesce`].
    pub fn has_finished(&self) -> bool {
        self.handle.is_finished()
    }

    /// The actor's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits for the end of the part and returns its result.
    ///
    /// # Panics
    /// With the actor's own panic, if it panicked.
    #[track_caller]
    pub fn finish(self) -> T {
        self.handle.join().unwrap_or_else(|payload| interleave::panic::resume_unwind(payload))
    }

    /// Waits for the end of the part; `Err` holds the payload of the actor's panic.
    ///
    /// # Errors
    /// If the actor panicked.
    #[track_caller]
    pub fn join(self) -> std::thread::Result<T> {
        self.handle.join()
    }
}

/// Returns when no other thread can go on and no time-out is pending.
#[track_caller]
pub fn quiesce() {
    engine::at_rest();
}

/// Lets virtual time pass.
#[track_caller]
pub fn sleep(duration: Duration) {
    interleave::thread::sleep(duration);
}

/// A step of the story that the learner reads in this thread's lane: "the child is polled".
#[track_caller]
pub fn note(text: &str) {
    engine::record("note", None, Mark::Note, || text.to_owned(), Location::caller());
}

/// Drives a future to its end on this thread, as [`interleave::executor::block_on`].
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    interleave::executor::block_on(future)
}

pub use interleave::tracked::Tracked;

thread_local! {
    static UNMET: RefCell<Option<Unmet>> = const { RefCell::new(None) };
}

#[track_caller]
pub(crate) fn unmet(unmet: Unmet, kind: FailureKind) -> ! {
    let message = unmet.to_string();
    UNMET.set(Some(unmet));
    engine::fail(kind, message.clone());
    panic!("{message}")
}

/// Explores a scenario, or replays one schedule of it, and reports. Used through `#[scenario]`.
///
/// # Panics
/// Without a grader, if a schedule fails.
pub fn scenario(_path: &'static str, file: &'static str, flags: &'static [&str], body: fn()) {
    if line::is_graded() {
        // It reports and rests; that thread does not come back.
        let _ = graded::on_its_own_thread(THREAD, move || explore(file, flags, body));
        return;
    }
    explore(file, flags, body);
}

/// The root file of the submission, as the grader says it.
fn subject() -> &'static str {
    order().map_or("", |order| &order.subject)
}

fn explore(file: &'static str, flags: &[&str], body: fn()) {
    let limits = Limits {
        panics: flags.contains(&"panics"),
        leftovers: flags.contains(&"leftovers"),
        weak_memory: flags.contains(&"weak_memory"),
        ..Limits::default()
    };
    let begun = Instant::now();
    let ordered = order().and_then(|order| order.schedule.as_deref()).and_then(schedule::from_text);
    let plan = match ordered {
        Some(schedule) => Plan { phases: vec![Phase::Replay { schedule }], steps: u64::MAX, limits },
        None => {
            let effort = order().and_then(|order| order.effort);
            let (schedules, steps) = effort.map_or(ALONE, |effort| (effort.schedules, effort.steps));
            let mut plan = Plan::usual(schedules as usize, steps, limits);
            if flags.contains(&"no_spurious") {
                plan.phases.retain(|phase| !matches!(phase, Phase::Spurious { .. }));
            }
            plan
        }
    };
    let statics = Statics::of_this_process();
    let body = move || {
        statics.restore();
        body();
    };
    let explored = watching(begun, plan.steps == u64::MAX, || tries(&plan, body));
    let covered = explored.covered.iter().map(|coverage| {
        let (phase, bound) = phase(&coverage.phase);
        let schedules = coverage.schedules as u64;
        wire::Covered { phase: phase.into(), bound, schedules, exhausted: coverage.exhausted }
    });
    let micros = begun.elapsed().as_micros() as u64;
    report(wire::Explored {
        covered: covered.collect(),
        steps: explored.steps,
        micros,
        found: explored.found.as_ref().map(|each| found(each, file)),
        programs: 0,
    });
}

/// Tries a plan. Where the grader explores, the harness watches over it.
fn tries(plan: &Plan, body: impl Fn() + 'static) -> engine::Exploration {
    if line::is_graded() { engine::explore_watched(plan, body) } else { engine::explore(plan, body) }
}

/// Explores while a real thread watches over it. `at_length`: it may take as long as it likes.
fn watching<T>(begun: Instant, at_length: bool, explore: impl FnOnce() -> T) -> T {
    // Under `cargo test` the debugger and the terminal are the author's.
    if !line::is_graded() {
        return explore();
    }
    watch::begin(begun, at_length);
    let explored = chance::quietly(explore);
    watch::end();
    explored
}

fn report(explored: wire::Explored) {
    match explored.found.as_ref().filter(|_| !line::is_graded()) {
        Some(found) => panic!("{}: {}\nschedule: {}\n{}", found.kind, found.about, found.schedule, found.program),
        None => graded::last_word(&Message::Explored(Box::new(explored))),
    }
}

fn phase(phase: &Phase) -> (&'static str, u32) {
    match phase {
        Phase::Urw { .. } => ("urw", 0),
        Phase::Random { .. } => ("random", 0),
        Phase::Spurious { .. } => ("spurious", 0),
        Phase::Late { .. } => ("late", 0),
        Phase::Bounded { preemptions, .. } => ("bounded", *preemptions as u32),
        Phase::Replay { .. } => ("replay", 0),
    }
}

/// The names of the lanes. A thread that the submission starts without a name is known by the line that starts it.
fn lanes(recording: &Recording, subject: &str) -> Vec<String> {
    let mut names = recording.tasks.clone();
    for event in recording.events.iter().filter(|event| event.operation == "spawn") {
        let unnamed = names.iter_mut().skip(1).find(|name| **name == event.detail && name.starts_with("thread-"));
        if let Some(name) = unnamed.filter(|_| is_subject(event.at.file(), subject)) {
            name.push_str(&format!(" of :{}", event.at.line()));
        }
    }
    names
}

fn place(at: &'static Location<'static>) -> wire::Place {
    wire::Place { file: at.file().to_owned(), line: at.line(), column: at.column() }
}

fn found(found: &Found, file: &str) -> wire::Found {
    let subject = subject();
    let failure = &found.failure;
    let kind = match failure.kind {
        FailureKind::Deadlock => "deadlock",
        FailureKind::LostWakeup => "lost_wakeup",
        FailureKind::Leak => "leak",
        FailureKind::Livelock => "livelock",
        FailureKind::Panic => "panic",
        FailureKind::Unmet => "unmet",
        FailureKind::Starvation => "starvation",
        FailureKind::Race => "race",
        FailureKind::Unexplorable => "unexplorable",
        FailureKind::RealWait => "real_wait",
    };
    let says = matches!(failure.kind, FailureKind::Unmet | FailureKind::Starvation);
    let unmet = UNMET.take().filter(|_| says).unwrap_or_else(|| Unmet {
        about: failure.message.clone(),
        expected: String::new(),
        seen: String::new(),
    });
    let recording = &found.recording;
    let omitted = recording.events.len().saturating_sub(SHOWN);
    let events = &recording.events[omitted..];
    let stacks: Vec<Stack> = events.iter().map(|event| Stack::of(&event.calls.to_string(), subject, file)).collect();
    // A function that locks for several others says nothing by its own line.
    let locks_for_others = |stack: &Stack| {
        let others = stacks.iter().filter(|other| other.innermost == stack.innermost);
        stack.caller.is_some()
            && others.filter(|other| other.caller.is_some()).any(|other| other.caller != stack.caller)
    };
    let steps = events.iter().zip(&stacks).map(|(event, stack)| {
        let mark = match event.mark {
            Mark::Done => "done",
            Mark::Blocked => "blocked",
            Mark::Resumed => "resumed",
            Mark::TimedOut => "timed_out",
            Mark::Spurious => "spurious",
            Mark::Ended => "ended",
            Mark::Failed => "failed",
            Mark::Note => "note",
        };
        let gives_back = event.operation.starts_with("unlock");
        let elsewhere = !is_subject(event.at.file(), subject);
        wire::Step {
            lane: event.task.0,
            operation: event.operation.to_owned(),
            thing: event.thing,
            mark: mark.to_owned(),
            detail: event.detail.chars().take(200).collect(),
            // Destructors and wakers cannot know where they are called; the stack does.
            place: match (&stack.innermost, &stack.caller) {
                (Some(_), Some(caller)) if event.operation == "lock" && locks_for_others(stack) => caller.clone(),
                (Some(innermost), _) if gives_back || elsewhere => innermost.clone(),
                _ => place(event.at),
            },
            time: event.time,
            call: stack.call.clone(),
            call_line: stack.call_line,
        }
    });
    let steps: Vec<wire::Step> = steps.collect();
    // What std's own code calls, `read` for a `BufReader`, has its place where the stack was in the submission.
    let place_in = |task: TaskId, operation: &str, at: &'static Location<'static>| {
        let last = || steps.iter().rev().find(|step| step.lane == task.0 && step.operation == operation);
        let told = if is_subject(at.file(), subject) { None } else { last() };
        told.map_or_else(|| place(at), |step| step.place.clone())
    };
    let waiting = failure.stuck.iter().map(|stuck| wire::Waiting {
        lane: stuck.task.0,
        operation: stuck.wait.operation.to_owned(),
        thing: stuck.wait.object.map(|object| object.0),
        holder: stuck.wait.holder.map(|holder| holder.0),
        missed: stuck.missed,
        place: place_in(stuck.task, stuck.wait.operation, stuck.wait.at),
    });
    let waiting = waiting.collect();
    wire::Found {
        kind: kind.to_owned(),
        about: unmet.about,
        expected: unmet.expected,
        seen: unmet.seen,
        lane: failure.task.0,
        place: failure.at.map(place),
        phase: phase(&found.phase).0.to_owned(),
        nth: found.nth as u64,
        nth_in_all: found.nth_in_all as u64,
        preemptions: found.preemptions as u32,
        preemptions_before: found.preemptions_before as u32,
        reproduced: found.reproduced,
        schedule: schedule::to_text(&found.schedule),
        program: String::new(),
        lanes: lanes(recording, subject),
        things: recording
            .things
            .iter()
            .map(|thing| wire::Thing { kind: thing.kind.into(), made: place(thing.made) })
            .collect(),
        steps,
        omitted: omitted as u32,
        waiting,
    }
}
