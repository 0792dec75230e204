//! `try_read` and `try_write`: when they enter, and what they leave behind when they do not.

use super::holder::{entered, reader, waits, writer};
use harness::{expect_eq, fact, quiesce};
use std::sync::{Arc, TryLockError, TryLockResult};
use subject::RwLock;

#[derive(Debug, PartialEq)]
pub(super) enum Tried {
    Entered,
    WouldBlock,
    Poisoned,
}

/// How a `try_` ended. A guard that came of it is released at once.
pub(super) fn tried<G>(result: TryLockResult<G>) -> Tried {
    match result {
        Ok(_) => Tried::Entered,
        Err(TryLockError::WouldBlock) => Tried::WouldBlock,
        Err(TryLockError::Poisoned(_)) => Tried::Poisoned,
    }
}

/// `try_read` and `try_write` enter a free lock, and the guard they give holds it.
///
/// Next: a `try_` that succeeds leaves the same marks as `read` or `write`.
#[fact]
fn a_try_that_succeeds_holds_the_lock() {
    let lock = Arc::new(RwLock::new(0));
    let guard = lock.try_read().expect("the lock is free");
    let writer = writer("writer", &lock, |_| ());
    waits(&writer, "a writer, while the guard of a try_read is alive");
    drop(guard);
    quiesce();
    entered(&writer, "a writer, after the guard of that try_read was dropped");
    writer.leave();
    let guard = lock.try_write().expect("the lock is free");
    let reader = reader("reader", &lock);
    waits(&reader, "a reader, while the guard of a try_write is alive");
    drop(guard);
    quiesce();
    entered(&reader, "a reader, after the guard of that try_write was dropped");
    reader.leave();
}

/// While a reader holds the lock and nobody waits, `try_read` enters and `try_write` would block.
///
/// Next: a `try_` decides by the same state as the call that waits.
#[fact]
fn beside_a_reader_only_try_read_enters() {
    let lock = Arc::new(RwLock::new(0));
    let reader = reader("reader", &lock);
    expect_eq!(tried(lock.try_read()), Tried::Entered, "try_read, while a reader holds the lock");
    expect_eq!(tried(lock.try_write()), Tried::WouldBlock, "try_write, while a reader holds the lock");
    reader.leave();
}

/// While a writer holds the lock, `try_read` and `try_write` would block.
///
/// Next: a `try_` decides by the same state as the call that waits.
#[fact]
fn beside_a_writer_no_try_enters() {
    let lock = Arc::new(RwLock::new(0));
    let writer = writer("writer", &lock, |_| ());
    expect_eq!(tried(lock.try_read()), Tried::WouldBlock, "try_read, while a writer holds the lock");
    expect_eq!(tried(lock.try_write()), Tried::WouldBlock, "try_write, while a writer holds the lock");
    writer.leave();
}

/// `try_read` does not overtake a waiting writer: it would block, though only readers hold the lock.
///
/// Next: `try_read` enters exactly when `read` would not have to wait.
#[fact]
fn try_read_does_not_overtake_a_waiting_writer() {
    let lock = Arc::new(RwLock::new(0));
    let reader = reader("reader", &lock);
    let writer = writer("writer", &lock, |_| ());
    expect_eq!(tried(lock.try_read()), Tried::WouldBlock, "try_read, while a reader holds the lock and a writer waits");
    reader.leave();
    writer.leave();
    expect_eq!(tried(lock.try_read()), Tried::Entered, "try_read, after the reader and the writer have left");
}

/// A `try_` that is refused leaves no trace: nobody waits on its account.
///
/// Next: what did the refused call count up before it gave up?
#[fact]
fn a_refused_try_leaves_no_trace() {
    let lock = Arc::new(RwLock::new(0));
    let first = reader("first reader", &lock);
    expect_eq!(tried(lock.try_write()), Tried::WouldBlock, "try_write, while a reader holds the lock");
    let second = reader("second reader", &lock);
    entered(&second, "a second reader, after a try_write was refused");
    first.leave();
    second.leave();
    let first = writer("first writer", &lock, |_| ());
    expect_eq!(tried(lock.try_read()), Tried::WouldBlock, "try_read, while a writer holds the lock");
    first.leave();
    let second = writer("second writer", &lock, |_| ());
    entered(&second, "a writer of a free lock, after a try_read was refused");
    second.leave();
}
