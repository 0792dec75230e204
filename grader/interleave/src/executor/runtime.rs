//! [`Runtime`]: tasks that belong together, which of them may poll, and what a poll waits for. `drive` starts and polls them.

use super::head::{Head, Leaf};
use crate::engine::{self, Clock, Object, TaskId, Wait, WaitKind};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::{Arc, Weak};
use std::task::Waker;

/// Tasks that belong together: they run in parallel, or one at a time.
#[derive(Clone)]
pub struct Runtime(Arc<Inner>);

struct Inner {
    object: Object,
    /// `None` if tasks run in parallel.
    turn: Option<Turn>,
    tasks: RefCell<Vec<Weak<Head>>>,
    /// If it is a set of tasks.
    set: Option<Set>,
    /// Whether tasks may be spawned in it that stay on their thread.
    is_local: bool,
}

/// What a set of tasks has besides.
#[derive(Default)]
struct Set {
    /// The runtime of whoever has driven it last.
    outer: RefCell<Option<Runtime>>,
    /// It is being shut down: the thread that does this waits, so that its tasks need not take turns to be dropped.
    closing: Cell<bool>,
    /// How many tasks have not ended, who wants to know when there is none, and what those that have ended did.
    running: Cell<usize>,
    idle: RefCell<Option<Waker>>,
    done: RefCell<Clock>,
}

/// Whose turn it is, where one task polls at a time.
#[derive(Default)]
struct Turn {
    polling: Cell<Option<TaskId>>,
    /// Threads that are in `block_on`, or drive a set: without one of them nobody polls.
    drivers: Cell<usize>,
}

// SAFETY: the cells are only touched by the one running task of an execution.
unsafe impl Send for Inner {}
// SAFETY: as above.
unsafe impl Sync for Inner {}

/// What a task of the engine is to this module.
#[derive(Clone, Default)]
pub(super) struct Role {
    runtime: Option<Runtime>,
    /// Where it spawns tasks that stay on its thread.
    pub(super) set: Option<Runtime>,
    /// What it polls for. A thread that may block has none.
    polls: Option<Arc<Head>>,
    /// The task that it was spawned as.
    spawned: Option<TaskId>,
}

thread_local! {
    /// The roles by task, and the execution that they belong to.
    static ROLES: RefCell<(u32, Vec<Role>)> = const { RefCell::new((0, Vec::new())) };
}

fn with_role<R>(action: impl FnOnce(&mut Role) -> R) -> R {
    let (epoch, task) = (engine::epoch(), engine::current());
    ROLES.with_borrow_mut(|(of, roles)| {
        if *of != epoch {
            *of = epoch;
            // What an abandoned execution has left is never dropped.
            roles.drain(..).for_each(std::mem::forget);
        }
        if roles.len() <= task.index() {
            roles.resize(task.index() + 1, Role::default());
        }
        action(&mut roles[task.index()])
    })
}

/// Said by a future at the bottom before it returns [`Pending`](std::task::Poll::Pending): what it waits for, and where. Of
/// several that are polled together the first one is shown.
pub fn waits(operation: &'static str, object: Option<&Object>, at: &'static Location<'static>) {
    with_role(|role| {
        if let Some(head) = role.polls.as_ref().filter(|head| head.leaf.get().is_none()) {
            head.leaf.set(Some(Leaf { operation, object: object.map(Object::id), at }));
        }
    });
}

impl Runtime {
    #[track_caller]
    fn new(kind: &'static str, turn: Option<Turn>, set: Option<Set>, is_local: bool) -> Runtime {
        Runtime(Arc::new(Inner { object: Object::new(kind), turn, tasks: RefCell::default(), set, is_local }))
    }

    /// Its tasks run in parallel.
    #[track_caller]
    #[must_use]
    pub fn parallel() -> Runtime {
        Runtime::new("runtime", None, None, false)
    }

    /// One of its tasks polls at a time, and only while a thread is in [`Runtime::block_on`].
    #[track_caller]
    #[must_use]
    pub fn current_thread() -> Runtime {
        Runtime::new("runtime", Some(Turn::default()), None, false)
    }

    /// As [`Runtime::current_thread`], and what its tasks spawn as a set belongs to itself.
    #[track_caller]
    #[must_use]
    pub fn local() -> Runtime {
        Runtime::new("runtime", Some(Turn::default()), None, true)
    }

    #[track_caller]
    pub(super) fn new_set() -> Runtime {
        Runtime::new("local set", Some(Turn::default()), Some(Set::default()), true)
    }

    /// Whether one of its tasks polls at a time.
    #[must_use]
    pub fn is_current_thread(&self) -> bool {
        self.0.turn.is_some()
    }

    /// The runtime of the running task or blocking thread.
    #[must_use]
    pub fn current() -> Option<Runtime> {
        let runtime = with_role(|role| role.runtime.clone())?;
        match &runtime.0.set {
            Some(set) => set.outer.borrow().clone(),
            None => Some(runtime),
        }
    }

    /// Where the running task spawns tasks that stay on its thread.
    #[must_use]
    pub fn current_set() -> Option<Runtime> {
        with_role(|role| role.set.clone())
    }

    /// The task of the engine that the running task was spawned as.
    pub(super) fn current_task() -> Option<TaskId> {
        with_role(|role| role.spawned)
    }

    /// Whether the running thread is polling a future: it should not block.
    #[must_use]
    pub fn is_polling() -> bool {
        with_role(|role| role.polls.is_some())
    }

    /// Makes the running task one of this runtime, until the returned value is dropped.
    pub fn enter(&self) -> Entered {
        self.change_role(|role, this| role.runtime = Some(this))
    }

    /// The running thread may block, until the returned value is dropped.
    pub fn stop_polling() -> Entered {
        Entered::instead_of(with_role(|role| Role { polls: role.polls.take(), ..role.clone() }))
    }

    /// The running task is a spawned one of this runtime, and its thread may block, until the returned value is dropped.
    pub(super) fn enter_thread(&self) -> Entered {
        let (runtime, spawned) = (Some(self.clone()), Some(engine::current()));
        Entered::instead_of(with_role(|role| std::mem::replace(role, Role { runtime, spawned, ..Role::default() })))
    }

    /// The running task polls for this runtime, until the role that it had is restored.
    pub(super) fn assume(&self, polls: Arc<Head>, is_spawned: bool) -> Entered {
        self.change_role(|role, this| {
            if self.0.is_local {
                role.set = Some(this.clone());
            }
            role.runtime = Some(this);
            role.polls = Some(polls);
            if is_spawned {
                role.spawned = Some(engine::current());
            }
        })
    }

    pub(super) fn change_role(&self, change: impl FnOnce(&mut Role, Runtime)) -> Entered {
        let before = with_role(|role| {
            let before = role.clone();
            change(role, self.clone());
            before
        });
        Entered::instead_of(before)
    }

    pub(super) fn object(&self) -> &Object {
        &self.0.object
    }

    /// A task that is to be stopped when the runtime is shut down.
    pub(super) fn add(&self, head: &Arc<Head>) {
        self.0.tasks.borrow_mut().push(Arc::downgrade(head));
        if let Some(set) = &self.0.set {
            set.running.set(set.running.get() + 1);
        }
    }

    /// A task has ended, at `at`.
    pub(super) fn task_ended(&self, at: &'static Location<'static>) {
        let Some(set) = &self.0.set else { return };
        set.running.set(set.running.get() - 1);
        engine::release(&mut set.done.borrow_mut());
        let idle = if set.running.get() == 0 { set.idle.take() } else { None };
        if let Some(waker) = idle {
            engine::wake_within(waker, at);
        }
    }

    /// Whether all tasks of a set have ended. If not, `waker` is called then.
    pub(super) fn is_idle(&self, waker: &Waker) -> bool {
        let Some(set) = &self.0.set else { return true };
        if set.running.get() == 0 {
            engine::acquire(&set.done.borrow());
            return true;
        }
        let before = set.idle.replace(Some(waker.clone()));
        drop(before);
        false
    }

    /// The runtime of whoever drives this set.
    pub(super) fn belong_to(&self, outer: Option<Runtime>) {
        if let Some(set) = &self.0.set {
            let before = set.outer.replace(outer);
            drop(before);
        }
    }

    /// Tasks need not take turns any more: they are dropped, by a thread that waits for that.
    pub(super) fn close(&self) {
        let Some(set) = &self.0.set else { return };
        set.closing.set(true);
        engine::wake_all(self.turns().0.object.id());
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

    /// Whose turns the tasks take: those of a set take the turns of the runtime that it belongs to, if there are any.
    fn turns(&self) -> Runtime {
        let outer = self.0.set.as_ref().and_then(|set| set.outer.borrow().clone());
        outer.filter(Runtime::is_current_thread).unwrap_or_else(|| self.clone())
    }

    fn is_driven(&self) -> bool {
        self.0.turn.as_ref().is_none_or(|turn| turn.drivers.get() > 0)
    }

    /// Waits until nobody else polls, where one task polls at a time.
    pub(super) fn take_turn(&self, head: &Head) -> Turns {
        loop {
            if self.0.set.as_ref().is_some_and(|set| set.closing.get()) {
                return Turns(None);
            }
            let turns = self.turns();
            let Some(turn) = &turns.0.turn else { return Turns(None) };
            let may_poll = head.aborted.get() || self.is_driven() && turns.is_driven();
            if may_poll && turn.polling.get().is_none() {
                turn.polling.set(Some(engine::current()));
                return Turns(Some(turns));
            }
            let waits_for = if may_poll || self.is_driven() { &turns } else { self };
            waits_for.wait_for_turn(turn.polling.get(), head.leaf.get().map_or(head.at, |leaf| leaf.at));
        }
    }

    /// As [`Runtime::take_turn`], for who drives a set and polls for itself. It may have its turn already.
    pub(super) fn take_drivers_turn(&self) -> Turns {
        loop {
            let turns = self.turns();
            let Some(turn) = &turns.0.turn else { return Turns(None) };
            match turn.polling.get() {
                Some(task) if task == engine::current() => return Turns(None),
                Some(_) => turns.wait_for_turn(turn.polling.get(), self.0.object.made()),
                None => {
                    turn.polling.set(Some(engine::current()));
                    return Turns(Some(turns));
                }
            }
        }
    }

    /// `at` is where it waited before: whoever is woken and waits for its turn has not got any further.
    fn wait_for_turn(&self, holder: Option<TaskId>, at: &'static Location<'static>) {
        let (kind, object) = (WaitKind::Lock, Some(self.0.object.id()));
        engine::block(Wait { kind, operation: "take turn", object, holder, deadline: None, at });
    }
}

/// A turn, which ends when this is dropped.
#[must_use = "the turn ends when this is dropped"]
pub(super) struct Turns(Option<Runtime>);

impl Drop for Turns {
    fn drop(&mut self) {
        if let Some(runtime) = &self.0
            && let Some(turn) = &runtime.0.turn
        {
            turn.polling.set(None);
            engine::wake_all(runtime.0.object.id());
        }
    }
}

/// Gives the running task its former role back when it is dropped.
#[must_use = "the former role is back when this is dropped"]
pub struct Entered {
    before: Role,
    // A role is that of one task.
    _not_send: PhantomData<*const ()>,
}

impl Entered {
    fn instead_of(before: Role) -> Entered {
        Entered { before, _not_send: PhantomData }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let before = std::mem::take(&mut self.before);
        drop(with_role(|role| std::mem::replace(role, before)));
    }
}

impl fmt::Debug for Entered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Entered").finish_non_exhaustive()
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.is_current_thread() { "Runtime::current_thread" } else { "Runtime::parallel" };
        formatter.write_str(name)
    }
}
