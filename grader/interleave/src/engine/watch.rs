//! What other operating-system threads may know of an exploration: a watchdog's view.

use std::cell::Cell;
use std::panic::Location;
use std::ptr;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicPtr, AtomicU64};
use std::sync::{Mutex, PoisonError};

/// Counts steps and executions of the whole process, for a watchdog: a number that stands still means that a task is busy, or
/// waits, without any operation that the engine knows of.
static PROGRESS: AtomicU64 = AtomicU64::new(0);

/// The same for one operating-system thread that explores.
pub(super) struct Own {
    pub(super) progress: AtomicU64,
    /// The progress at which it was seen to stand still, and is asked to give up.
    pub(super) asked: AtomicU64,
}

thread_local! {
    /// Without a destructor, so that a signal handler can look.
    static OWN: Cell<Option<&'static Own>> = const { Cell::new(None) };
}

/// Where the last operation was.
static LAST: AtomicPtr<Location<'static>> = AtomicPtr::new(ptr::null_mut());

/// What panicked last, for a watchdog.
static LAST_PANICS: Mutex<LastPanics> = Mutex::new(LastPanics { first: None, second: None });

/// A panic, and another one while it was unwinding: together they can end the process.
#[derive(Clone, Debug, Default)]
pub struct LastPanics {
    /// What the first one said.
    pub first: Option<String>,
    /// Where the second one was.
    pub second: Option<&'static Location<'static>>,
}

/// What panicked last in this process. For other operating-system threads to look at.
pub fn last_panics() -> LastPanics {
    LAST_PANICS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// How far explorations in this process have come, and where the last operation in the program was. For other
/// operating-system threads to look at.
pub fn progress() -> (u64, Option<&'static Location<'static>>) {
    // SAFETY: only `&'static` references are stored.
    (PROGRESS.load(Relaxed), unsafe { LAST.load(Relaxed).as_ref() })
}

/// A step, or an execution, has begun.
pub(super) fn count() {
    PROGRESS.fetch_add(1, Relaxed);
    if let Some(own) = OWN.get() {
        own.progress.fetch_add(1, Release);
    }
}

/// How far explorations on the calling thread have come, from now on; for one that is told to look at it. Never given back: there are few such
/// threads.
pub(super) fn own() -> &'static Own {
    let new = || Box::leak(Box::new(Own { progress: AtomicU64::new(1), asked: AtomicU64::new(0) }));
    let own = OWN.get().unwrap_or_else(|| new());
    OWN.set(Some(own));
    own
}

/// Whether the calling thread is asked to give up, and has not gone on since.
pub(super) fn is_asked() -> bool {
    OWN.get().is_some_and(|own| own.progress.load(Acquire) == own.asked.load(Acquire))
}

/// An operation in the program was here.
pub(super) fn passed(at: &'static Location<'static>) {
    LAST.store(ptr::from_ref(at).cast_mut(), Relaxed);
}

/// A panic, perhaps while another one is unwinding.
pub(super) fn panicked(message: &str, at: Option<&'static Location<'static>>, unwinding: bool) {
    let mut last = LAST_PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    if unwinding {
        last.second = last.second.or(at);
    } else {
        *last = LastPanics { first: Some(message.to_owned()), second: None };
    }
}
