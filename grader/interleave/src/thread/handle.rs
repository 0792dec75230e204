//! [`Thread`], and the token that it is parked and unparked with.

use crate::engine::{self, Clock, Object, TaskId, Wait, WaitKind, Woken};
use std::cell::{Cell, RefCell, UnsafeCell};
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Duration;

/// What the handles of a thread share.
pub(super) struct Inner {
    id: ThreadId,
    name: Option<String>,
    pub(super) task: TaskId,
    epoch: u32,
    pub(super) park: Object,
    token: Cell<bool>,
    clock: UnsafeCell<Clock>,
}

/// The stand-in for [`std::thread::Thread`].
#[derive(Clone)]
pub struct Thread(pub(super) Arc<Inner>);

// SAFETY: the cells are only touched by the one running task of an execution.
unsafe impl Send for Inner {}
// SAFETY: as above.
unsafe impl Sync for Inner {}
impl UnwindSafe for Thread {}
impl RefUnwindSafe for Thread {}

/// The stand-in for [`std::thread::ThreadId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ThreadId(u64);

thread_local! {
    static CURRENT: RefCell<Vec<Option<Thread>>> = const { RefCell::new(Vec::new()) };
    static CURRENT_EPOCH: Cell<u32> = const { Cell::new(0) };
}

/// The thread of a task; made on first use for the scenario's own, and for asynchronous tasks.
fn thread_of(task: TaskId) -> Thread {
    let epoch = engine::epoch();
    CURRENT.with_borrow_mut(|threads| {
        if CURRENT_EPOCH.replace(epoch) != epoch {
            threads.clear();
        }
        if threads.len() <= task.index() {
            threads.resize(task.index() + 1, None);
        }
        let name = || (task.0 == 0).then(|| "main".to_owned());
        threads[task.index()].get_or_insert_with(|| Thread::new(task, name())).clone()
    })
}

/// Whoever asks from within its task gets this one.
pub(super) fn register(thread: &Thread) {
    let task = thread.0.task;
    thread_of(task);
    CURRENT.with_borrow_mut(|threads| threads[task.index()] = Some(thread.clone()));
}

impl Thread {
    pub(super) fn new(task: TaskId, name: Option<String>) -> Thread {
        Thread(Arc::new(Inner {
            id: ThreadId(u64::from(task.0) + 1),
            name,
            task,
            epoch: engine::epoch(),
            park: Object::new("thread"),
            token: Cell::new(false),
            clock: UnsafeCell::new(Clock::new()),
        }))
    }

    /// As [`std::thread::Thread::id`].
    #[must_use]
    pub fn id(&self) -> ThreadId {
        self.0.id
    }

    /// As [`std::thread::Thread::name`].
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// As [`std::thread::Thread::unpark`].
    #[track_caller]
    pub fn unpark(&self) {
        engine::point("unpark", &self.0.park);
        engine::note(|| engine::name_of(self.0.task));
        if self.0.epoch != engine::epoch() {
            return;
        }
        self.0.token.set(true);
        // SAFETY: nothing in here switches tasks.
        unsafe { engine::with(&self.0.clock, engine::release) };
        // Not those that wait for its end.
        engine::wake_all_of(self.0.park.id(), |wait| wait.kind == WaitKind::Notification);
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Thread").field("id", &self.id()).field("name", &self.name()).finish_non_exhaustive()
    }
}

/// As [`std::thread::current`].
#[must_use]
pub fn current() -> Thread {
    thread_of(engine::current())
}

#[track_caller]
fn park_until(operation: &'static str, deadline: Option<u64>) {
    let at = Location::caller();
    let thread = current();
    let inner = &thread.0;
    engine::point(operation, &inner.park);
    if !inner.token.get() {
        let object = Some(inner.park.id());
        let woken = engine::block(Wait { kind: WaitKind::Notification, operation, object, holder: None, deadline, at });
        if woken != Woken::Signalled {
            return;
        }
    }
    inner.token.set(false);
    // SAFETY: nothing in here switches tasks.
    unsafe { engine::with(&inner.clock, |clock| engine::acquire(clock)) };
}

/// As [`std::thread::park`]; it may return for no reason, as there.
#[track_caller]
pub fn park() {
    park_until("park", None);
}

/// As [`std::thread::park_timeout`], in virtual time.
#[track_caller]
pub fn park_timeout(duration: Duration) {
    park_until("park_timeout", crate::time::deadline(duration));
}

/// As [`std::thread::park_timeout_ms`].
#[track_caller]
pub fn park_timeout_ms(milliseconds: u32) {
    park_timeout(Duration::from_millis(u64::from(milliseconds)));
}
