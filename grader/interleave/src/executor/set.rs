//! Sets of tasks that stay on one thread: they poll only while somebody drives the set, and never while the driver itself polls.

use super::runtime::{Entered, Runtime, waits};
use crate::engine;
use std::panic::Location;
use std::task::{Context, Poll};

impl Runtime {
    /// A set of tasks. They belong to the runtime of whoever drives them, and one of them polls at a time.
    #[track_caller]
    #[must_use]
    pub fn set() -> Runtime {
        Runtime::new_set()
    }

    /// Makes this the set of the running task, until the returned value is dropped.
    pub fn enter_set(&self) -> Entered {
        self.change_role(|role, this| role.set = Some(this))
    }
}

/// Drives the tasks of a set while it lives: they go on whenever it is not polling itself.
#[derive(Debug)]
#[must_use = "when it is dropped the tasks stop"]
pub struct Driver(Runtime);

impl Driver {
    /// The tasks of `set` may poll from now on, in turn with the tasks of the running task's runtime if those take turns.
    pub fn new(set: &Runtime) -> Driver {
        set.belong_to(Runtime::current());
        set.begin_driving();
        Driver(set.clone())
    }

    /// Does `action`, which polls, while none of the tasks does.
    pub fn poll<R>(&self, action: impl FnOnce() -> R) -> R {
        let _turn = self.0.take_drivers_turn();
        let _entered = self.0.enter_set();
        action()
    }

    /// Whether all tasks have ended; if not, the waker of the last poll is called when they have.
    pub fn poll_idle(&self, context: &Context<'_>, at: &'static Location<'static>) -> Poll<()> {
        engine::point_at("join set", self.0.object(), at);
        if self.0.is_idle(context.waker()) {
            return Poll::Ready(());
        }
        waits("join set", Some(self.0.object()), at);
        Poll::Pending
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.end_driving();
    }
}
