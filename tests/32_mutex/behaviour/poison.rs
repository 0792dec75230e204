//! Poison: which panics leave it, who is told of it, and how it is cleared.

use super::holder::{Tried, entered, holder, tried, value, waits};
use harness::{actor, catch_panic, expect, expect_eq, fact, quiesce};
use std::sync::mpsc::channel;
use std::sync::{Arc, PoisonError, TryLockError};
use subject::Lock;

/// A lock whose holder panicked half way: the value is 1.
fn poisoned() -> Lock<i32> {
    let lock = Arc::new(Lock::new(0));
    let theirs = Arc::clone(&lock);
    let panicking = actor("panicking", move || {
        let mut guard = theirs.lock().expect("the lock is not poisoned");
        *guard = 1;
        panic!("it gives up half way");
    });
    expect!(panicking.join().is_err(), "a thread that panics", "the panic ends it", "it went on");
    match Arc::into_inner(lock) {
        Some(lock) => lock,
        None => harness::unmet("the lock's last owner", "it has the lock alone", "something else keeps the lock alive"),
    }
}

/// A thread that panics while it holds the lock poisons it: from then on every way in says so.
///
/// Next: a guard that is dropped can ask whether its thread is panicking.
#[fact(panics)]
fn a_panic_of_a_holder_poisons_the_lock() {
    let lock = poisoned();
    expect!(lock.is_poisoned(), "is_poisoned, after a holder's panic", "true", "false");
    expect!(lock.lock().is_err(), "lock, after a holder's panic", "a PoisonError", "Ok");
    expect_eq!(tried(lock.try_lock()), Tried::Poisoned, "try_lock, after a holder's panic");
    expect!(lock.is_poisoned(), "is_poisoned, after others have been in since", "true", "false");
}

/// `get_mut` and `into_inner` of a poisoned lock are errors that lead to the value.
///
/// Next: `PoisonError::new` wraps anything, not only a guard.
#[fact(panics)]
fn the_value_of_a_poisoned_lock_comes_in_an_error() {
    let mut lock = poisoned();
    match lock.get_mut() {
        Ok(_) => harness::unmet("get_mut, after a holder's panic", "a PoisonError", "Ok"),
        Err(error) => expect_eq!(*error.into_inner(), 1, "the value in the error of get_mut"),
    }
    match lock.into_inner() {
        Ok(_) => harness::unmet("into_inner, after a holder's panic", "a PoisonError", "Ok"),
        Err(error) => expect_eq!(error.into_inner(), 1, "the value in the error of into_inner"),
    }
}

/// The guard inside a `PoisonError` is a guard like any other: it leads to the value and holds the lock.
///
/// Next: the error carries the very guard that the call would have returned.
#[fact(panics, negated)]
fn the_guard_in_a_poison_error_holds_the_lock() {
    let lock = poisoned();
    let guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
    expect_eq!(*guard, 1, "the value that the panicking thread left, through the guard in the error of lock");
    expect_eq!(tried(lock.try_lock()), Tried::WouldBlock, "try_lock, while the guard in an error of lock is alive");
    drop(guard);
    let Err(TryLockError::Poisoned(error)) = lock.try_lock() else {
        harness::unmet("try_lock, after that guard was dropped", "a PoisonError", "Ok, or WouldBlock");
    };
    let guard = error.into_inner();
    expect_eq!(tried(lock.try_lock()), Tried::WouldBlock, "try_lock, while the guard in an error of try_lock is alive");
    drop(guard);
    expect_eq!(tried(lock.try_lock()), Tried::Poisoned, "try_lock, after those guards were dropped");
}

/// A thread that waits while the holder panics gets in, and is told of the poison.
///
/// Next: a panic releases the lock like any other end of the guard. Look at the poison when a thread gets in, not when it comes.
#[fact(panics)]
fn a_thread_that_waited_is_told_of_the_poison() {
    let lock = Arc::new(Lock::new(0));
    let (panic, told) = channel::<()>();
    let theirs = Arc::clone(&lock);
    let panicking = actor("panicking", move || {
        let _guard = theirs.lock().expect("the lock is not poisoned");
        let _ = told.recv();
        panic!("it gives up");
    });
    quiesce();
    let theirs = Arc::clone(&lock);
    let waiting = actor("waiting", move || theirs.lock().is_err());
    quiesce();
    panic.send(()).expect("a holder waits to be told");
    quiesce();
    expect!(waiting.has_finished(), "a thread that waited while the holder panicked", "it gets in", "it still waits");
    expect!(waiting.finish(), "the lock of a thread that waited while the holder panicked", "a PoisonError", "Ok");
    expect!(panicking.join().is_err(), "a thread that panics", "the panic ends it", "it went on");
}

/// Adds 1 under the lock when it is dropped.
struct AddsAtTheEnd(Arc<Lock<i32>>);

impl Drop for AddsAtTheEnd {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }
}

/// A guard that is taken and dropped while its thread is already panicking does not poison the lock.
///
/// Next: compare whether the thread panics when the guard is dropped with whether it did when the guard was made.
#[fact(panics)]
fn a_panic_older_than_the_guard_does_not_poison() {
    let lock = Arc::new(Lock::new(0));
    let theirs = Arc::clone(&lock);
    let panicking = actor("panicking", move || {
        let _adds_at_the_end = AddsAtTheEnd(theirs);
        panic!("this panic has nothing to do with the lock");
    });
    expect!(panicking.join().is_err(), "a thread that panics", "the panic ends it", "it went on");
    expect!(!lock.is_poisoned(), "is_poisoned, after a guard was taken and dropped in an older panic", "false", "true");
    expect_eq!(value(&lock), 1, "the value 0, after that guard added 1");
}

/// A panic that is caught while the guard is alive does not poison the lock.
///
/// Next: what counts is whether the guard is dropped in the course of a panic.
#[fact(panics, negated)]
fn a_panic_that_leaves_the_guard_alone_does_not_poison() {
    let lock = Lock::new(0);
    let mut guard = lock.lock().expect("the lock is not poisoned");
    let caught = catch_panic(|| panic!("somebody further in gives up"));
    expect!(caught.is_err(), "a panic that is caught", "it is an error", "it is none");
    *guard += 1;
    drop(guard);
    expect!(!lock.is_poisoned(), "is_poisoned, after a panic that was caught inside", "false", "true");
    expect_eq!(value(&lock), 1, "the value 0, after the holder went on and added 1");
}

/// `clear_poison` makes the lock as good as new.
///
/// Next: the poison is one flag, in one place.
#[fact(panics)]
fn clear_poison_clears_the_poison() {
    let mut lock = poisoned();
    lock.clear_poison();
    expect!(!lock.is_poisoned(), "is_poisoned, after clear_poison", "false", "true");
    expect!(lock.lock().is_ok(), "lock, after clear_poison", "Ok", "a PoisonError");
    expect_eq!(tried(lock.try_lock()), Tried::Entered, "try_lock, after clear_poison");
    expect!(lock.get_mut().is_ok(), "get_mut, after clear_poison", "Ok", "a PoisonError");
    expect!(lock.into_inner().is_ok(), "into_inner, after clear_poison", "Ok", "a PoisonError");
}

/// `is_poisoned` and `clear_poison` do not wait for whoever holds the lock, and a lock that is merely held is not poisoned.
///
/// Next: they look at a flag beside the value, not at the value.
#[fact]
fn asking_about_the_poison_does_not_wait() {
    let lock = Arc::new(Lock::new(0));
    let first = holder("first", &lock, |_| ());
    let waiting = holder("waiting", &lock, |_| ());
    let theirs = Arc::clone(&lock);
    let asking = actor("asking", move || {
        let held = theirs.is_poisoned();
        theirs.clear_poison();
        held
    });
    quiesce();
    expect!(
        asking.has_finished(),
        "is_poisoned and clear_poison, while a thread holds the lock",
        "they return",
        "they wait"
    );
    expect!(!asking.finish(), "is_poisoned, while a thread holds the lock and nobody has panicked", "false", "true");
    waits(&waiting, "a thread that waits, after a clear_poison while another one holds the lock");
    first.leave();
    entered(&waiting, "that thread, after the holder has left");
    waiting.leave();
}
