//! What happened in one execution, step by step, for a person to read.

use super::task::TaskId;
use std::backtrace::Backtrace;
use std::panic::Location;
use std::rc::Rc;

/// How a step relates to the tasks around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The operation was done.
    Done,
    /// The operation could not be done: the task waits from here on.
    Blocked,
    /// The operation that had blocked the task is done now.
    Resumed,
    /// A blocked operation ended because its time was up.
    TimedOut,
    /// A wait ended without anybody's doing, as `std` allows.
    Spurious,
    /// The task has ended.
    Ended,
    /// Here the execution fails: a panic, a demand that is not met.
    Failed,
    /// Something the author of the scenario, or the program itself, says.
    Note,
}

/// One step of one task.
#[derive(Clone, Debug)]
pub struct Event {
    /// Who.
    pub task: TaskId,
    /// What: "lock", "wait", "notify_one".
    pub operation: &'static str,
    /// On what, as an index into [`Recording::things`].
    pub thing: Option<u32>,
    /// How it went.
    pub mark: Mark,
    /// A value read or written, the name of a new thread, a text.
    pub detail: String,
    /// Where in the source.
    pub at: &'static Location<'static>,
    /// The virtual time, in nanoseconds.
    pub time: u64,
    /// The calls that led there.
    pub calls: Rc<Backtrace>,
}

/// An object that steps are about.
#[derive(Clone, Copy, Debug)]
pub struct Thing {
    /// "mutex".
    pub kind: &'static str,
    /// Where it was made.
    pub made: &'static Location<'static>,
}

/// All steps of one execution.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// The names of the tasks, by number.
    pub tasks: Vec<String>,
    /// The objects, by number.
    pub things: Vec<Thing>,
    /// The steps, in order.
    pub events: Vec<Event>,
}
