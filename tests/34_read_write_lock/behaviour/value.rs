//! What becomes of the value inside: how often it is dropped, and that its size does not matter.

use super::holder::{entered, reader, waits, writer};
use harness::{DropCount, expect_eq, fact};
use std::sync::Arc;
use subject::{RwLock, WriteGuard};

/// The value of a lock that nobody holds or waits for.
pub(super) fn value<T: Copy>(lock: &RwLock<T>) -> T {
    match lock.try_read() {
        Ok(guard) => *guard,
        Err(error) => harness::unmet("try_read, when nobody holds the lock or waits for it", "Ok", error.to_string()),
    }
}

/// The value is dropped once: with the lock, or by whoever took it out.
///
/// Next: guards lend the value; only the lock owns it.
#[fact]
fn the_value_is_dropped_once() {
    let drops = DropCount::new();
    let lock = RwLock::new(drops.token());
    drop(lock.read());
    drop(WriteGuard::downgrade(lock.write().expect("the lock is not poisoned")));
    expect_eq!(drops.get(), 0, "drops of the value, after the guards were dropped");
    drop(lock);
    expect_eq!(drops.get(), 1, "drops of the value, after the lock was dropped");

    let lock = RwLock::new(drops.token());
    let value = lock.into_inner();
    expect_eq!(drops.get(), 1, "drops of a second value before and after into_inner");
    drop(value);
    expect_eq!(drops.get(), 2, "drops, after the value taken out by into_inner was dropped");
}

/// A lock around a value of size zero excludes and admits like any other.
///
/// Next: the state of the lock does not hang on the value's address or size.
#[fact]
fn a_value_of_size_zero_is_locked_too() {
    let lock = Arc::new(RwLock::new(()));
    let writer = writer("writer", &lock, |()| ());
    let reader = reader("reader", &lock);
    waits(&reader, "a reader, while a writer holds a lock around ()");
    writer.leave();
    entered(&reader, "a reader of a lock around (), after the writer has left");
    reader.leave();
}
