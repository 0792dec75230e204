//! Waits: why a task cannot go on, how that ends, and who still waits at the end.

use super::object::ObjectId;
use super::task::{Flavour, TaskId};
use std::panic::Location;

/// Why a task waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitKind {
    /// For a lock that another task holds.
    Lock,
    /// For a notification that carries no state of its own: a condition variable, a token to be unparked. Such a wait may
    /// end for no reason.
    Notification,
    /// For a waker to be called.
    Waker,
    /// For another task to end.
    Join,
    /// For room or for content, or whatever else the object stands for.
    Other,
    /// For time to pass.
    Sleep,
    /// For all others to come to rest.
    Rest,
}

/// A wait.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// What kind of wait.
    pub kind: WaitKind,
    /// What is being done: "lock", "wait", "recv".
    pub operation: &'static str,
    /// On what.
    pub object: Option<ObjectId>,
    /// Which task holds it or is waited for, if one can be named.
    pub holder: Option<TaskId>,
    /// When it is over at the latest, in nanoseconds of virtual time.
    pub deadline: Option<u64>,
    /// Where in the source.
    pub at: &'static Location<'static>,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// By another task.
    Signalled,
    /// Its deadline came.
    TimedOut,
    /// For no reason.
    Spurious,
}

/// A task that waits at the end.
#[derive(Clone, Debug)]
pub struct Stuck {
    /// Who.
    pub task: TaskId,
    /// Whether it is a thread or an asynchronous task.
    pub flavour: Flavour,
    /// What it waits for.
    pub wait: Wait,
    /// Locks that others wait for and this one holds are found through their `holder`; this says whether waking the
    /// task, which its primitive allows at any time, lets it go on: it missed a wakeup.
    pub missed: bool,
}
