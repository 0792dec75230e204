//! [`Runtime`]: tasks that belong together, which of them may poll, and what a poll waits for. `drive` starts and polls them.

use super::head::{Head, Leaf};
use crate::engine::{self, Object, TaskId, Wait, WaitKind};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Weak};

/// Tasks that belong together: they run in parallel, or one at a time.
#[derive(Clone)]
pub struct Runtime(Arc<Inner>);

struct Inner {
    object: Object,
    /// `None` if tasks run in parallel.
    turn: Option<Turn>,
    tasks: RefCell<Vec<Weak<Head>>>,
}

/// Whose turn it is, where one task polls at a time.
struct Turn {
    polling: Cell<Option<TaskId>>,
    /// Threads that are in `block_on`: without one of them nobody polls.
    drivers: Cell<usize>,
}

// SAFETY: the cells are only touched by the one running task of an execution.
unsafe impl Send for Inner {}
// SAFETY: as above.
unsafe impl Sync for Inner {}

/// What a task of the engine is to this module.
#[derive(Clone)]
struct Role {
    runtime: Runtime,
    /// What it polls for. A thread that may block has none.
    polls: Option<Arc<Head>>,
}

thread_local! {
    /// The roles by task, and the execution that they belong to.
    static ROLES: RefCell<(u32, Vec<Option<Role>>)> = const { RefCell::new((0, Vec::new())) };
}

fn with_role<R>(action: impl FnOnce(&mut Option<Role>) -> R) -> R {
    let (epoch, task) = (engine::epoch(), engine::current());
    ROLES.with_borrow_mut(|(of, roles)| {
        if *of != epoch {
            *of = epoch;
            // What an abandoned execution has left is never dropped.
            roles.drain(..).for_each(std::mem::forget);
        }
        if roles.len() <= task.index() {
            roles.resize(task.index() + 1, None);
        }
        action(&mut roles[task.index()])
    })
}

/// Said by a future at the bottom before it returns [`Pending`](std::task::Poll::Pending): what it waits for, and where. Of
/// several that are polled together the first one is shown.
pub fn waits(operation: &'static str, object: Option<&Object>, at: &'static Location<'static>) {
    with_role(|role| {
        let polls = role.as_ref().and_then(|role| role.polls.as_ref());
        if let Some(head) = polls.filter(|head| head.leaf.get().is_none()) {
            head.leaf.set(Some(Leaf { operation, object: object.map(Object::id), at }));
        }
    });
}

impl Runtime {
    #[track_caller]
    fn new(turn: Option<Turn>) -> Runtime {
        Runtime(Arc::new(Inner { object: Object::new("runtime"), turn, tasks: RefCell::default() }))
    }

    /// Its tasks run in parallel.
    #[track_caller]
    #[must_use]
    pub fn parallel() -> Runtime {
        Runtime::new(None)
    }

    /// One of its tasks polls at a time, and only while a thread is in [`Runtime::block_on`].
    #[track_caller]
    #[must_use]
    pub fn current_thread() -> Runtime {
        Runtime::new(Some(Turn { polling: Cell::new(None), drivers: Cell::new(0) }))
    }

    /// Whether one of its tasks polls at a time.
    #[must_use]
    pub fn is_current_thread(&self) -> bool {
        self.0.turn.is_some()
    }

    /// The runtime of the running task or blocking thread.
    #[must_use]
    pub fn current() -> Option<Runtime> {
        with_role(|role| role.as_ref().map(|role| role.runtime.clone()))
    }

    /// Whether the running thread is polling a future: it should not block.
    #[must_use]
    pub fn is_polling() -> bool {
        with_role(|role| role.as_ref().is_some_and(|role| role.polls.is_some()))
    }

    /// Does `action` as if it were called from a task of this runtime.
    pub fn enter<R>(&self, action: impl FnOnce() -> R) -> R {
        let restore = self.assume(None);
        let result = action();
        drop(restore);
        result
    }

    /// Makes the running task one of this runtime, and says what it polls for, until the role that it had is restored.
    pub(super) fn assume(&self, polls: Option<Arc<Head>>) -> Restore {
        let role = Role { runtime: self.clone(), polls };
        Restore(with_role(|place| place.replace(role)))
    }

    pub(super) fn object(&self) -> &Object {
        &self.0.object
    }

    /// A task that is to be stopped when the runtime is shut down.
    pub(super) fn add(&self, head: &Arc<Head>) {
        self.0.tasks.borrow_mut().push(Arc::downgrade(head));
    }

    /// The tasks that were added since this was last asked, and may not have ended.
    pub(super) fn take_tasks(&self) -> Vec<Arc<Head>> {
        self.0.tasks.take().iter().filter_map(Weak::upgrade).collect()
    }

    /// A thread is in `block_on` from now on.
    pub(super) fn begin_driving(&self) {
        if let Some(turn) = &self.0.turn {
            turn.drivers.set(turn.drivers.get() + 1);
            engine::wake_all(self.0.object.id());
        }
    }

    /// The thread has left `block_on`.
    pub(super) fn end_driving(&self) {
        if let Some(turn) = &self.0.turn {
            turn.drivers.set(turn.drivers.get() - 1);
        }
    }

    /// Waits until nobody else polls, where one task polls at a time.
    pub(super) fn take_turn(&self, head: &Head) {
        let Some(turn) = &self.0.turn else { return };
        while turn.polling.get().is_some() || turn.drivers.get() == 0 && !head.aborted.get() {
            engine::block(Wait {
                kind: WaitKind::Lock,
                operation: "take turn",
                object: Some(self.0.object.id()),
                holder: turn.polling.get(),
                deadline: None,
                // Where it waited before: whoever is woken and waits for its turn has not got any further.
                at: head.leaf.get().map_or(head.at, |leaf| leaf.at),
            });
        }
        turn.polling.set(Some(engine::current()));
    }

    pub(super) fn end_turn(&self) {
        if let Some(turn) = &self.0.turn {
            turn.polling.set(None);
            engine::wake_all(self.0.object.id());
        }
    }
}

/// Gives the running task its former role back.
pub(super) struct Restore(Option<Role>);

impl Drop for Restore {
    fn drop(&mut self) {
        let before = self.0.take();
        drop(with_role(|role| std::mem::replace(role, before)));
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.is_current_thread() { "Runtime::current_thread" } else { "Runtime::parallel" };
        formatter.write_str(name)
    }
}
