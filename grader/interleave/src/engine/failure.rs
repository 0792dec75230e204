//! What can go wrong in an execution.

use super::task::TaskId;
use super::wait::Stuck;
use std::panic::Location;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Tasks wait for each other, or for something that nobody will do.
    Deadlock,
    /// A task waits although what it waits for has come: woken, it goes on.
    LostWakeup,
    /// The scenario is over, and a thread or task of it still waits.
    Leak,
    /// It goes on for ever without getting anywhere.
    Livelock,
    /// A panic.
    Panic,
    /// The scenario demands what was not so.
    Unmet,
    /// A waiter was passed over more often than the scenario allows.
    Starvation,
    /// Two tasks touched the same data, one of them writing, and nothing orders them.
    Race,
    /// It does what has no part in an exploration: it starts a process, say.
    Unexplorable,
    /// It waits for something that the engine knows nothing of, such as a lock of a std that is not the stand-in.
    RealWait,
}

/// A failed execution.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// In words, where the kind does not say it all.
    pub message: String,
    /// Where in the source, if at one place.
    pub at: Option<&'static Location<'static>>,
    /// Who was running.
    pub task: TaskId,
    /// Who waits for what, if nothing goes on.
    pub stuck: Vec<Stuck>,
}
