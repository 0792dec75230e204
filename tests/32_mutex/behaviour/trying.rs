//! `try_lock`: it takes a free lock, never waits, and leaves no trace when it is refused.

use super::holder::{Tried, all_get_their_turn, entered, holder, tried, waits};
use harness::{expect_eq, fact, quiesce};
use std::sync::Arc;
use subject::Lock;

/// `try_lock` takes a free lock, and its guard holds it.
///
/// Next: a `try_lock` that succeeds leaves the same marks as `lock`.
#[fact]
fn a_try_that_succeeds_holds_the_lock() {
    let lock = Arc::new(Lock::new(0));
    let guard = lock.try_lock().expect("the lock is free");
    let waiting = holder("waiting", &lock, |_| ());
    waits(&waiting, "a thread, while the guard of a try_lock is alive");
    drop(guard);
    quiesce();
    entered(&waiting, "a thread that waited, after the guard of that try_lock was dropped");
    waiting.leave();
}

/// `try_lock` fails with `WouldBlock`, and at once, while anybody holds the lock, the calling thread included.
///
/// Next: `try_lock` takes the lock if it is free, in one step, and does nothing else.
#[fact]
fn a_try_never_waits() {
    let lock = Arc::new(Lock::new(0));
    let first = holder("first", &lock, |_| ());
    expect_eq!(tried(lock.try_lock()), Tried::WouldBlock, "try_lock, while another thread holds the lock");
    let waiting = holder("waiting", &lock, |_| ());
    expect_eq!(tried(lock.try_lock()), Tried::WouldBlock, "try_lock, while one thread holds the lock and one waits");
    first.leave();
    expect_eq!(tried(lock.try_lock()), Tried::WouldBlock, "try_lock, while a thread that waited holds the lock");
    waiting.leave();
    let guard = lock.lock().expect("the lock is not poisoned");
    expect_eq!(tried(lock.try_lock()), Tried::WouldBlock, "try_lock, while the same thread holds the lock");
    drop(guard);
    expect_eq!(tried(lock.try_lock()), Tried::Entered, "try_lock, after all have left");
}

/// A `try_lock` that is refused leaves no trace: those who wait are woken as if it had not been.
///
/// Next: what does the refused call write into the state before it knows that it is refused?
#[fact(negated)]
fn a_refused_try_leaves_no_trace() {
    let lock = Arc::new(Lock::new(0));
    let first = holder("first", &lock, |_| ());
    let waiting = ["thread 1", "thread 2"].map(|name| holder(name, &lock, |_| ()));
    expect_eq!(tried(lock.try_lock()), Tried::WouldBlock, "try_lock, while one thread holds the lock and two wait");
    first.leave();
    all_get_their_turn(waiting.into(), "after a try_lock was refused");
    expect_eq!(tried(lock.try_lock()), Tried::Entered, "try_lock, after all have left");
}
