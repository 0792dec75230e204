//! Wakers of asynchronous tasks: what [`std::task::Waker`] is made of here.

use super::cell::with;
use super::execution::causality::{acquire, release};
use super::execution::epoch;
use super::execution::points::{note, point_at, record};
use super::execution::present::{current, last_place, name_of};
use super::execution::timers::{TimerId, set_alarm};
use super::execution::waits::wake_async;
use super::record::Mark;
use super::signal::{Alarm, Signal};
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::ptr;
use std::sync::Arc;
use std::task::{RawWaker, RawWakerVTable, Waker};

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
        Arc::new(Signal::of(current(), epoch()))
    }

    pub(crate) fn is_of_this_execution(&self) -> bool {
        self.epoch == epoch()
    }

    pub(crate) fn waker(self: &Arc<Signal>) -> Waker {
        let data = Arc::into_raw(Arc::clone(self)).cast::<()>();
        // SAFETY: the functions of the table keep the count of references, and a signal may be used from any task.
        unsafe { Waker::from_raw(RawWaker::new(data, &VTABLE)) }
    }

    /// Takes the token away. Whether there was one.
    pub(crate) fn take(&self) -> bool {
        // SAFETY: nothing in here switches tasks.
        unsafe { with(&self.clock, |clock| acquire(clock)) };
        self.token.replace(false)
    }

    /// Leaves the token. Says what has come of it.
    pub(crate) fn set(&self) -> &'static str {
        if self.has_ended() || !self.is_of_this_execution() {
            return " has ended";
        }
        // SAFETY: nothing in here switches tasks.
        unsafe { with(&self.clock, release) };
        let again = self.token.replace(true);
        if wake_async(self.task()) {
            ""
        } else if again {
            " is woken already"
        } else {
            " does not wait yet"
        }
    }

    /// What [`Waker::wake`] does: a step of its own. Nobody knows where it is called (`wake` does not pass its caller on, nor
    /// does the trait behind it), so it is shown where its task was last seen.
    fn wake(&self) {
        if self.is_of_this_execution() {
            point_at("wake", self.object(), last_place(self.object().made()));
        }
        let how = self.set();
        note(|| format!("{}{how}", name_of(self.task())));
    }
}

/// The signal behind one of our wakers.
fn signal_of(waker: &Waker) -> Option<&Signal> {
    if !ptr::eq(waker.vtable(), &VTABLE) {
        return None;
    }
    // SAFETY: the table says what the data is; the waker holds a reference for as long as it is borrowed.
    Some(unsafe { &*waker.data().cast::<Signal>() })
}

/// What goes off when `waker` is to be called: one of ours is known by what is behind it.
fn alarm_of(waker: Waker) -> Alarm {
    if signal_of(&waker).is_none() {
        return Alarm::Waker(waker);
    }
    let waker = ManuallyDrop::new(waker);
    // SAFETY: the table says what the data is; the reference that the waker holds is taken over.
    Alarm::Signal(unsafe { Arc::from_raw(waker.data().cast::<Signal>()) })
}

/// Has `waker` called when the virtual time is `deadline`, in nanoseconds; like all deadlines it comes when nothing else can
/// go on. A waker that the program has made is called by a task of its own, named "timer".
pub fn set_timer(deadline: u64, waker: Waker) -> TimerId {
    set_alarm(deadline, alarm_of(waker))
}

/// Wakes, as a part of the operation in progress: no step of its own, unless the waker is one that the program has made.
pub fn wake_within(waker: Waker, at: &'static Location<'static>) {
    match signal_of(&waker) {
        None => waker.wake(),
        Some(signal) => {
            let how = signal.set();
            let detail = || format!("{}{how}", name_of(signal.task()));
            if signal.is_of_this_execution() {
                record("wake", Some(signal.object().id()), Mark::Done, detail, at);
            }
        }
    }
}
