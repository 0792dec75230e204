//! The value inside: how often it is dropped, and that it need not have a size.

use super::holder::{entered, holder, waits};
use harness::{DropCount, expect_eq, fact};
use std::sync::Arc;
use subject::Lock;

/// The value is dropped once: with the lock, or by whoever took it out.
///
/// Next: guards lend the value; only the lock owns it.
#[fact]
fn the_value_is_dropped_once() {
    let drops = DropCount::new();
    let lock = Lock::new(drops.token());
    drop(lock.lock());
    drop(lock.try_lock());
    expect_eq!(drops.get(), 0, "drops of the value, after the guards were dropped");
    drop(lock);
    expect_eq!(drops.get(), 1, "drops of the value, after the lock was dropped");

    let lock = Lock::new(drops.token());
    let value = lock.into_inner();
    expect_eq!(drops.get(), 1, "drops of a second value before and after into_inner");
    drop(value);
    expect_eq!(drops.get(), 2, "drops, after the value taken out by into_inner was dropped");
}

/// A lock around a value of size zero keeps threads apart like any other.
///
/// Next: the state of the lock does not hang on the value's address or size.
#[fact]
fn a_value_of_size_zero_is_locked_too() {
    let lock = Arc::new(Lock::new(()));
    let first = holder("first", &lock, |()| ());
    let second = holder("second", &lock, |()| ());
    waits(&second, "a second thread, while the first one holds a lock around ()");
    first.leave();
    entered(&second, "a thread that waited for a lock around (), after the first one has left");
    second.leave();
}
