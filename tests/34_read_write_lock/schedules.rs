//! Stories of a few threads, each told along every schedule.

use harness::{actor, expect, expect_eq, quiesce, scenario};
use std::sync::{Arc, Mutex};
use subject::{RwLock, WriteGuard};

/// A waiting writer is not overtaken by a reader that comes later.
#[scenario]
fn a_waiting_writer_is_not_overtaken() {
    let lock = Arc::new(RwLock::new(0));
    let inside = lock.read().unwrap();
    let theirs = Arc::clone(&lock);
    let writer = actor("writer", move || *theirs.write().unwrap() += 1);
    quiesce();
    let theirs = Arc::clone(&lock);
    let late = actor("late reader", move || *theirs.read().unwrap());
    quiesce();
    expect!(!late.has_finished(), "a reader that comes while a writer waits", "it goes behind the writer", "it was let in");
    drop(inside);
    writer.finish();
    expect_eq!(late.finish(), 1, "what the late reader reads");
}

/// Two writers and a reader, in any order: every update counts, and everybody gets in and out.
#[scenario]
fn two_writers_and_a_reader() {
    let lock = Arc::new(RwLock::new(0));
    let inside = Arc::new(Mutex::new(0));
    let write = |name: &str| {
        let (lock, inside) = (Arc::clone(&lock), Arc::clone(&inside));
        actor(name, move || {
            let mut value = lock.write().unwrap();
            expect_eq!(std::mem::replace(&mut *inside.lock().unwrap(), 1), 0, "how many others are inside with a writer");
            *value += 1;
            *inside.lock().unwrap() = 0;
        })
    };
    let (first, second) = (write("writer-1"), write("writer-2"));
    let theirs = Arc::clone(&lock);
    let reader = actor("reader", move || *theirs.read().unwrap());
    let seen = reader.finish();
    expect!(seen <= 2, "what the reader reads", "0, 1 or 2", seen.to_string());
    first.finish();
    second.finish();
    expect_eq!(*lock.read().unwrap(), 2, "the value after two writers");
}

/// A guard that was downgraded lets waiting readers in, and no writer.
#[scenario]
fn a_downgraded_guard_admits_readers_only() {
    let lock = Arc::new(RwLock::new(0));
    let mut guard = lock.write().unwrap();
    *guard = 1;
    let theirs = Arc::clone(&lock);
    let reader = actor("reader", move || *theirs.read().unwrap());
    quiesce();
    let guard = WriteGuard::downgrade(guard);
    expect_eq!(reader.finish(), 1, "what a reader reads beside the downgraded guard");
    let theirs = Arc::clone(&lock);
    let writer = actor("writer", move || *theirs.write().unwrap() = 2);
    quiesce();
    expect_eq!(*guard, 1, "what the downgraded guard reads");
    drop(guard);
    writer.finish();
}
