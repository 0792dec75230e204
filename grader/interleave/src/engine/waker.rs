//! Wakers of asynchronous tasks: what [`std::task::Waker`] is made of here.

use super::clock::Clock;
use super::execution::{self, with};
use super::object::Object;
use super::record::Mark;
use super::task::TaskId;
use std::cell::{Cell, UnsafeCell};
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::ptr;
use std::sync::Arc;
use std::task::{RawWaker, RawWakerVTable, Waker};

/// What the wakers of one asynchronous task share. A wake leaves a token: one that comes between the poll and the wait
/// is not lost, and a second one adds nothing.
#[derive(Debug)]
pub(crate) struct Signal {
    task: Cell<TaskId>,
    epoch: u32,
    object: Object,
    token: Cell<bool>,
    ended: Cell<bool>,
    clock: UnsafeCell<Clock>,
}

// SAFETY: the cells are only touched by the one running task of an execution.
unsafe impl Send for Signal {}
// SAFETY: as above.
unsafe impl Sync for Signal {}

// A `static`, so that our wakers are known by its address.
static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

/// # Safety
/// `data` must come from `Arc::into_raw`, as in all functions here.
unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: the waker that is cloned holds a reference.
    unsafe { Arc::increment_strong_count(data.cast::<Signal>()) };
    RawWaker::new(data, &VTABLE)
}

/// # Safety
/// As above.
unsafe fn wake(data: *const ()) {
    // SAFETY: the waker gives its reference up.
    let signal = unsafe { Arc::from_raw(data.cast::<Signal>()) };
    signal.wake();
}

/// # Safety
/// As above.
unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: the waker keeps its reference.
    let signal = ManuallyDrop::new(unsafe { Arc::from_raw(data.cast::<Signal>()) });
    signal.wake();
}

/// # Safety
/// As above.
unsafe fn drop_waker(data: *const ()) {
    // SAFETY: the waker gives its reference up.
    drop(unsafe { Arc::from_raw(data.cast::<Signal>()) });
}

impl Signal {
    /// The signal of the running task, until [`Signal::attach`] says otherwise.
    #[track_caller]
    pub(crate) fn new() -> Arc<Signal> {
        Arc::new(Signal {
            task: Cell::new(execution::current()),
            epoch: execution::epoch(),
            object: Object::new("task"),
            token: Cell::new(false),
            ended: Cell::new(false),
            clock: UnsafeCell::new(Clock::new()),
        })
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

    pub(crate) fn is_of_this_execution(&self) -> bool {
        self.epoch == execution::epoch()
    }

    pub(crate) fn waker(self: &Arc<Signal>) -> Waker {
        let data = Arc::into_raw(Arc::clone(self)).cast::<()>();
        // SAFETY: the functions of the table keep the count of references, and a signal may be used from any task.
        unsafe { Waker::from_raw(RawWaker::new(data, &VTABLE)) }
    }

    /// Takes the token away. Whether there was one.
    pub(crate) fn take(&self) -> bool {
        // SAFETY: nothing in here switches tasks.
        unsafe { with(&self.clock, |clock| execution::acquire(clock)) };
        self.token.replace(false)
    }

    /// Wakes come to nothing from now on.
    pub(crate) fn end(&self) {
        self.ended.set(true);
    }

    /// Leaves the token. Says what has come of it.
    pub(crate) fn set(&self) -> &'static str {
        if self.ended.get() || !self.is_of_this_execution() {
            return " has ended";
        }
        // SAFETY: nothing in here switches tasks.
        unsafe { with(&self.clock, execution::release) };
        let again = self.token.replace(true);
        if execution::wake_async(self.task.get()) {
            ""
        } else if again {
            " is woken already"
        } else {
            " does not wait yet"
        }
    }

    /// Leaves the token because a time has come, and says whose it is.
    pub(super) fn expire(&self) -> TaskId {
        self.token.set(true);
        self.task.get()
    }

    /// What [`Waker::wake`] does: a step of its own. Nobody knows where it is called (`wake` does not pass its caller on, nor
    /// does the trait behind it), so it is shown where its task was last seen.
    fn wake(&self) {
        if self.is_of_this_execution() {
            execution::point_at("wake", &self.object, execution::last_place(self.object.made()));
        }
        let how = self.set();
        execution::note(|| format!("{}{how}", execution::name_of(self.task.get())));
    }
}

/// The signal behind one of our wakers.
pub(crate) fn signal_of(waker: &Waker) -> Option<&Signal> {
    if !ptr::eq(waker.vtable(), &VTABLE) {
        return None;
    }
    // SAFETY: the table says what the data is; the waker holds a reference for as long as it is borrowed.
    Some(unsafe { &*waker.data().cast::<Signal>() })
}

/// Wakes, as a part of the operation in progress: no step of its own, unless the waker is one that the program has made.
pub fn wake_within(waker: Waker, at: &'static Location<'static>) {
    match signal_of(&waker) {
        None => waker.wake(),
        Some(signal) => {
            let how = signal.set();
            let detail = || format!("{}{how}", execution::name_of(signal.task.get()));
            if signal.is_of_this_execution() {
                execution::record("wake", Some(signal.object.id()), Mark::Done, detail, at);
            }
        }
    }
}
