//! What the wakers of an asynchronous task share: the data of it. `waker` says what a wake does.

use super::clock::Clock;
use super::object::Object;
use super::task::TaskId;
use std::cell::{Cell, UnsafeCell};
use std::sync::Arc;
use std::task::Waker;

/// What the wakers of one asynchronous task share. A wake leaves a token: one that comes between the poll and the wait
/// is not lost, and a second one adds nothing.
#[derive(Debug)]
pub(crate) struct Signal {
    task: Cell<TaskId>,
    pub(super) epoch: u32,
    object: Object,
    pub(super) token: Cell<bool>,
    ended: Cell<bool>,
    pub(super) clock: UnsafeCell<Clock>,
}

// SAFETY: the cells are only touched by the one running task of an execution.
unsafe impl Send for Signal {}
// SAFETY: as above.
unsafe impl Sync for Signal {}

/// What goes off when a timer comes.
pub(super) enum Alarm {
    /// The task of this signal goes on.
    Signal(Arc<Signal>),
    /// A waker that the program has made is called.
    Waker(Waker),
}

impl Signal {
    /// The signal of a task of the execution with this number.
    #[track_caller]
    pub(super) fn of(task: TaskId, epoch: u32) -> Signal {
        Signal {
            task: Cell::new(task),
            epoch,
            object: Object::new("task"),
            token: Cell::new(false),
            ended: Cell::new(false),
            clock: UnsafeCell::new(Clock::new()),
        }
    }

    /// The signal of another task.
    pub(crate) fn attach(&self, task: TaskId) {
        self.task.set(task);
    }

    pub(crate) fn task(&self) -> TaskId {
        self.task.get()
    }

    pub(crate) fn object(&self) -> &Object {
        &self.object
    }

    /// Wakes come to nothing from now on.
    pub(crate) fn end(&self) {
        self.ended.set(true);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// Leaves the token because a time has come, and says whose it is.
    pub(super) fn expire(&self) -> TaskId {
        self.token.set(true);
        self.task.get()
    }
}
