//! A write guard that becomes a read guard: who gets in beside it, and who does not.

use super::holder::{count, downgrader, entered, reader, waits, writer};
use super::trying::{Tried, tried};
use super::value::value;
use harness::{expect_eq, fact};
use std::sync::Arc;
use subject::{RwLock, WriteGuard};

/// Readers that wait for a writer enter beside it as soon as it downgrades its guard.
///
/// Next: a downgrade lets readers in, so it is one of the places where they must be woken.
#[fact]
fn a_downgraded_guard_admits_waiting_readers() {
    let lock = Arc::new(RwLock::new(0));
    let downgrader = downgrader("downgrader", &lock);
    let readers = ["reader 1", "reader 2"].map(|name| reader(name, &lock));
    expect_eq!(count(&readers), 0, "how many of two readers have the lock before the downgrade");
    downgrader.go_on();
    expect_eq!(count(&readers), 2, "how many of two readers have the lock after the downgrade");
    expect_eq!(tried(lock.try_read()), Tried::Entered, "try_read, beside a downgraded guard");
    downgrader.leave();
    for reader in readers {
        reader.leave();
    }
}

/// No writer gets in between the writing and the reading of a downgraded guard, even one that waits.
///
/// Next: change from writer to reader in one step, under one hold of the inner mutex.
#[fact]
fn a_downgraded_guard_keeps_writers_out() {
    let lock = Arc::new(RwLock::new(0));
    let downgrader = downgrader("downgrader", &lock);
    let writer = writer("writer", &lock, |value| *value = 2);
    waits(&writer, "a writer, before the downgrade");
    downgrader.go_on();
    waits(&writer, "a writer that waited, after the downgrade");
    expect_eq!(tried(lock.try_write()), Tried::WouldBlock, "try_write, beside a downgraded guard");
    downgrader.leave();
    entered(&writer, "a writer that waited, after the downgraded guard was dropped");
    writer.leave();
    expect_eq!(value(&lock), 2, "the value, after the waiting writer wrote 2");
}

/// A downgrade does not let a reader overtake a writer that waited before it.
///
/// Next: after a downgrade the rule for readers is the one that always holds.
#[fact]
fn a_downgrade_lets_no_reader_overtake_a_waiting_writer() {
    let lock = Arc::new(RwLock::new(0));
    let downgrader = downgrader("downgrader", &lock);
    let writer = writer("writer", &lock, |_| ());
    let late = reader("late reader", &lock);
    downgrader.go_on();
    waits(&late, "a reader that came after a waiting writer, beside a downgraded guard");
    expect_eq!(tried(lock.try_read()), Tried::WouldBlock, "try_read, beside a downgraded guard, while a writer waits");
    downgrader.leave();
    entered(&writer, "a writer that waited, after the downgraded guard was dropped");
    writer.leave();
    entered(&late, "the reader behind that writer, after the writer has left");
    late.leave();
}

/// A downgraded guard counts as one reader, and its end leaves the lock free.
///
/// Next: the write guard must not release anything after it has become a read guard.
#[fact(negated)]
fn a_downgraded_guard_is_one_reader() {
    let lock = RwLock::new(0);
    let guard = WriteGuard::downgrade(lock.write().expect("the lock is not poisoned"));
    let second = lock.try_read().expect("a downgraded guard lets readers in");
    drop(guard);
    expect_eq!(
        tried(lock.try_write()),
        Tried::WouldBlock,
        "try_write, after the downgraded guard left one more reader"
    );
    drop(second);
    expect_eq!(tried(lock.try_write()), Tried::Entered, "try_write, after that reader has left too");
}
