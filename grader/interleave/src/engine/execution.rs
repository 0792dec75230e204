//! The machine: one execution. Here is what it is made of; what is done with it is below.
//!
//! The child modules use its private fields, and this file uses nothing of theirs. Three of them move it on: `run` from the beginning
//! to the end, `decide` to whose turn it is, `ending` to what it means that no task can go on. The others are what the rest of the
//! crate calls: `points`, `waits`, `timers`, `spawn`, `panics`, `objects`, `causality` (what happens before what) and `present`
//! (what can be asked).

pub(super) mod causality;
mod decide;
mod ending;
mod objects;
pub(super) mod panics;
pub(super) mod points;
pub(super) mod present;
pub(super) mod real_wait;
pub(super) mod run;
pub(super) mod spawn;
pub(super) mod timers;
pub(super) mod waits;

use super::coroutine::Task;
use super::failure::{Failure, FailureKind};
use super::limits::Limits;
use super::object::ObjectId;
use super::record::{Event, Mark, Recording, Thing};
use super::signal::Alarm;
use super::strategy::{Choice, Strategy};
use super::task::TaskId;
use super::wait::Stuck;
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::Location;
use std::ptr;
use std::rc::Rc;

struct Execution {
    limits: Limits,
    tasks: Vec<Task>,
    current: TaskId,
    next: Option<TaskId>,
    strategy: Box<dyn Strategy>,
    choices: Vec<Choice>,
    now: u64,
    /// Who is to be woken when, in the order of deadlines, then of setting.
    timers: BTreeMap<(u64, u64), Alarm>,
    timers_set: u64,
    steps: u32,
    streak: u32,
    /// How often the running task has yielded and gone on since another one ran.
    yields: u32,
    preemptions: u32,
    /// How often time has passed although somebody could go on.
    late: u32,
    objects: Vec<Thing>,
    recording: Option<Recording>,
    failure: Option<Failure>,
    /// After a deadlock: the tasks that were woken to see whether they can go on.
    rescue: Option<Vec<Stuck>>,
    options: Vec<TaskId>,
}

thread_local! {
    /// The execution of this operating-system thread.
    static EXECUTION: Cell<*mut Execution> = const { Cell::new(ptr::null_mut()) };
    static EPOCH: Cell<u32> = const { Cell::new(1) };
}

/// Whether a program is being explored on this operating-system thread.
pub fn is_exploring() -> bool {
    !EXECUTION.get().is_null()
}

/// The number of the present execution; a new one for each, never 0.
pub fn epoch() -> u32 {
    EPOCH.get()
}

/// Runs `action` on the present execution; `None` outside of one.
fn with_execution<R>(action: impl FnOnce(&mut Execution) -> R) -> Option<R> {
    let execution = EXECUTION.get();
    if execution.is_null() {
        return None;
    }
    // SAFETY: the pointer is set for the duration of `run` to an execution that outlives it. No `action` in this module or below
    // calls back into this function or switches tasks, so there is one reference at a time.
    Some(action(unsafe { &mut *execution }))
}

impl Execution {
    fn record(
        &mut self,
        operation: &'static str,
        object: Option<ObjectId>,
        mark: Mark,
        detail: impl FnOnce() -> String,
        at: &'static Location<'static>,
    ) {
        if self.rescue.is_some() {
            return;
        }
        let (task, time) = (self.current, self.now);
        if let Some(recording) = &mut self.recording {
            let detail = detail();
            // Where a destructor runs, and which of the program's functions was called, only the stack can tell.
            let calls = Rc::new(Backtrace::force_capture());
            recording.events.push(Event {
                task,
                operation,
                thing: object.map(|id| id.0),
                mark,
                detail,
                at,
                time,
                calls,
            });
        }
    }

    fn fail(&mut self, kind: FailureKind, message: String, at: Option<&'static Location<'static>>) {
        if self.failure.is_none() {
            let operation = match kind {
                FailureKind::Panic => Some("panics"),
                FailureKind::Unmet | FailureKind::Starvation => Some("fails"),
                FailureKind::Race => Some("data race"),
                FailureKind::Unexplorable => Some("leaves the program"),
                _ => None,
            };
            if let (Some(operation), Some(at)) = (operation, at) {
                self.record(operation, None, Mark::Failed, String::new, at);
            }
            self.failure = Some(Failure { kind, message, at, task: self.current, stuck: Vec::new() });
        }
    }
}
