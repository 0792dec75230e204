//! What a panic does to the lock: who poisons it, who is told, and how it is cleared.

use super::holder::{holder, writer};
use super::trying::{Tried, tried};
use super::value::value;
use harness::{actor, expect, expect_eq, fact, quiesce};
use std::sync::{Arc, PoisonError};
use subject::{RwLock, WriteGuard};

/// A lock that a writer poisoned half way: the value is 1.
fn poisoned() -> Arc<RwLock<i32>> {
    let lock = Arc::new(RwLock::new(0));
    let theirs = Arc::clone(&lock);
    let writer = actor("writer", move || {
        let mut guard = theirs.write().expect("the lock is not poisoned");
        *guard = 1;
        panic!("the writer gives up half way");
    });
    expect!(writer.join().is_err(), "a writer that panics", "the panic ends its thread", "it went on");
    lock
}

/// A writer that panics poisons the lock: from then on every way in says so.
///
/// Next: a guard that is dropped can ask whether its thread is panicking.
#[fact(panics)]
fn a_panic_of_a_writer_poisons_the_lock() {
    let lock = poisoned();
    expect!(lock.is_poisoned(), "is_poisoned, after a writer's panic", "true", "false");
    expect!(lock.read().is_err(), "read, after a writer's panic", "a PoisonError", "Ok");
    expect!(lock.write().is_err(), "write, after a writer's panic", "a PoisonError", "Ok");
    expect_eq!(tried(lock.try_read()), Tried::Poisoned, "try_read, after a writer's panic");
    expect_eq!(tried(lock.try_write()), Tried::Poisoned, "try_write, after a writer's panic");
    expect!(lock.is_poisoned(), "is_poisoned, after others have been in since", "true", "false");
}

/// The guard inside a `PoisonError` is a guard like any other: it leads to the value and holds the lock.
///
/// Next: the error carries the very guard that the call would have returned.
#[fact(panics)]
fn the_guard_in_a_poison_error_holds_the_lock() {
    let lock = poisoned();
    let guard = lock.write().unwrap_or_else(PoisonError::into_inner);
    expect_eq!(*guard, 1, "the value that the panicking writer left, through the guard in the error of write");
    expect_eq!(tried(lock.try_read()), Tried::WouldBlock, "try_read, while the guard in an error of write is alive");
    drop(guard);
    let guard = lock.read().unwrap_or_else(PoisonError::into_inner);
    expect_eq!(*guard, 1, "the value that the panicking writer left, through the guard in the error of read");
    expect_eq!(tried(lock.try_write()), Tried::WouldBlock, "try_write, while the guard in an error of read is alive");
    drop(guard);
    expect_eq!(tried(lock.try_write()), Tried::Poisoned, "try_write, after those guards were dropped");
}

/// A reader and a writer that wait while the writer inside panics get in, and are told of the poison.
///
/// Next: look at the poison when a waiting thread gets in, not when it comes.
#[fact(panics)]
fn threads_that_waited_are_told_of_the_poison() {
    let lock = Arc::new(RwLock::new(0));
    let theirs = Arc::clone(&lock);
    let panicking = holder("panicking", move |stay| {
        let _guard = theirs.write().expect("the lock is not poisoned");
        stay();
        panic!("the writer gives up");
    });
    quiesce();
    let theirs = Arc::clone(&lock);
    let reader = actor("reader", move || theirs.read().is_err());
    let theirs = Arc::clone(&lock);
    let writer = actor("writer", move || theirs.write().is_err());
    quiesce();
    panicking.go_on();
    for (actor, call) in [(reader, "read"), (writer, "write")] {
        let about = format!("a thread that waited in {call} while the writer inside panicked");
        expect!(actor.has_finished(), about, "it gets in", "it still waits");
        expect!(actor.finish(), about, "it gets a PoisonError", "it gets Ok");
    }
}

/// A reader that panics releases the lock and does not poison it.
///
/// Next: a reader cannot have left the value half written.
#[fact(panics, negated)]
fn a_panic_of_a_reader_does_not_poison() {
    let lock = Arc::new(RwLock::new(0));
    let theirs = Arc::clone(&lock);
    let panicking = holder("panicking", move |stay| {
        let _guard = theirs.read().expect("the lock is not poisoned");
        stay();
        panic!("the reader gives up");
    });
    quiesce();
    let theirs = Arc::clone(&lock);
    let writer = actor("writer", move || theirs.write().is_ok());
    quiesce();
    panicking.go_on();
    expect!(writer.has_finished(), "a writer that waited for a reader that panics", "it gets in", "it still waits");
    expect!(writer.finish(), "the writer after a reader's panic", "it gets Ok", "it gets a PoisonError");
    expect!(!lock.is_poisoned(), "is_poisoned, after a reader's panic", "false", "true");
}

/// A panic while a downgraded guard is held does not poison the lock.
///
/// Next: after the downgrade the guard is a reader's.
#[fact(panics)]
fn a_panic_after_a_downgrade_does_not_poison() {
    let lock = Arc::new(RwLock::new(0));
    let theirs = Arc::clone(&lock);
    let panicking = actor("panicking", move || {
        let guard = theirs.write().expect("the lock is not poisoned");
        let _guard = WriteGuard::downgrade(guard);
        panic!("the reader gives up");
    });
    expect!(panicking.join().is_err(), "a reader that panics", "the panic ends its thread", "it went on");
    expect!(!lock.is_poisoned(), "is_poisoned, after a panic with a downgraded guard", "false", "true");
    expect_eq!(tried(lock.try_write()), Tried::Entered, "try_write, after a panic with a downgraded guard");
}

/// Writes to the lock when it is dropped.
struct WritesAtTheEnd(Arc<RwLock<i32>>);

impl Drop for WritesAtTheEnd {
    fn drop(&mut self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) += 1;
    }
}

/// A write guard that is taken and dropped while its thread is already panicking does not poison the lock.
///
/// Next: compare whether the thread panics when the guard is dropped with whether it did when the guard was made.
#[fact(panics)]
fn a_panic_older_than_the_guard_does_not_poison() {
    let lock = Arc::new(RwLock::new(0));
    let theirs = Arc::clone(&lock);
    let panicking = actor("panicking", move || {
        let _writes_at_the_end = WritesAtTheEnd(theirs);
        panic!("this panic has nothing to do with the lock");
    });
    expect!(panicking.join().is_err(), "a thread that panics", "the panic ends it", "it went on");
    expect!(
        !lock.is_poisoned(),
        "is_poisoned, after a write guard was taken and dropped during an older panic",
        "false",
        "true"
    );
    expect_eq!(value(&lock), 1, "the value 0, after that guard added 1");
}

/// `clear_poison` makes the lock as good as new.
///
/// Next: the poison is one flag, in one place.
#[fact(panics, negated)]
fn clear_poison_clears_the_poison() {
    let lock = poisoned();
    lock.clear_poison();
    expect!(!lock.is_poisoned(), "is_poisoned, after clear_poison", "false", "true");
    expect!(lock.read().is_ok(), "read, after clear_poison", "Ok", "a PoisonError");
    expect!(lock.write().is_ok(), "write, after clear_poison", "Ok", "a PoisonError");
    expect_eq!(tried(lock.try_write()), Tried::Entered, "try_write, after clear_poison");
    let Some(lock) = Arc::into_inner(lock) else {
        harness::unmet("the lock's last owner", "it can take the lock apart", "something else keeps the lock alive");
    };
    expect!(lock.into_inner().is_ok(), "into_inner, after clear_poison", "Ok", "a PoisonError");
}

/// `is_poisoned` and `clear_poison` do not wait for whoever holds the lock.
///
/// Next: they look at the state, not at the value.
#[fact]
fn asking_about_the_poison_does_not_wait() {
    let lock = Arc::new(RwLock::new(0));
    let writer = writer("writer", &lock, |_| ());
    let theirs = Arc::clone(&lock);
    let asking = actor("asking", move || {
        theirs.clear_poison();
        theirs.is_poisoned()
    });
    quiesce();
    expect!(
        asking.has_finished(),
        "clear_poison and is_poisoned, while a writer holds the lock",
        "they return",
        "they wait"
    );
    expect!(!asking.finish(), "is_poisoned, when nobody has panicked", "false", "true");
    writer.leave();
}

/// `into_inner` of a poisoned lock is an error that holds the value.
///
/// Next: `PoisonError::new` wraps any value, not only a guard.
#[fact(panics)]
fn into_inner_of_a_poisoned_lock_is_an_error_with_the_value() {
    let Some(lock) = Arc::into_inner(poisoned()) else {
        harness::unmet("the lock's last owner", "it can take the lock apart", "something else keeps the lock alive");
    };
    match lock.into_inner() {
        Ok(_) => harness::unmet("into_inner, after a writer's panic", "a PoisonError", "Ok"),
        Err(error) => expect_eq!(error.into_inner(), 1, "the value in that error"),
    }
}
