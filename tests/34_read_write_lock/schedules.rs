//! Stories of a few threads that share one lock, each told along every schedule.
//!
//! The value is `Tracked`: two threads that the lock does not keep apart are noticed even if their accesses never meet.

use harness::{Actor, Tracked, actor, expect, expect_eq, quiesce, scenario};
use std::sync::{Arc, Barrier, PoisonError};
use subject::{RwLock, WriteGuard};

type Lock = Arc<RwLock<Tracked<u32>>>;

fn lock() -> Lock {
    Arc::new(RwLock::new(Tracked::new(0)))
}

/// A thread that reads once and says what it read.
fn reader(name: &str, lock: &Lock) -> Actor<u32> {
    let lock = Arc::clone(lock);
    actor(name, move || lock.read().unwrap().get())
}

/// A thread that adds 1 once.
fn writer(name: &str, lock: &Lock) -> Actor<()> {
    let lock = Arc::clone(lock);
    actor(name, move || lock.write().unwrap().write(|value| *value += 1))
}

// Everybody comes when they like: each gets in and out, and a writer is alone.

fn crowd(readers: &[&str], writers: &[&str]) {
    let lock = lock();
    let reading: Vec<_> = readers.iter().map(|name| reader(name, &lock)).collect();
    let writing: Vec<_> = writers.iter().map(|name| writer(name, &lock)).collect();
    writing.into_iter().for_each(Actor::finish);
    reading.into_iter().map(Actor::finish).for_each(drop);
    expect_eq!(lock.read().unwrap().get(), writers.len() as u32, "the value 0, after each writer added 1");
}

/// Two readers and a writer, in any order: the writer is alone, and gets in when the last reader leaves, whichever that is.
///
/// Next: between what a thread finds out and what it does about it nobody may come: both belong under one hold of the mutex.
#[scenario]
fn two_readers_and_a_writer() {
    crowd(&["reader 1", "reader 2"], &["writer"]);
}

/// A reader and two writers, in any order: each writer is alone and gets its turn, even if it finds the door shut again.
///
/// Next: a writer that was woken may find another one inside. Does everybody still know that it waits?
#[scenario]
fn a_reader_and_two_writers() {
    crowd(&["reader"], &["writer 1", "writer 2"]);
}

/// Two readers and two writers, in any order: each writer is alone, and nobody loses its turn to a thread that came later.
///
/// Next: read the lanes from their end: which thread was wrong about another one, and when had it looked?
#[scenario]
fn two_readers_and_two_writers() {
    crowd(&["reader 1", "reader 2"], &["writer 1", "writer 2"]);
}

// Who goes first.

/// A reader that comes while a writer waits reads what that writer writes, even if it comes just when the lock becomes free.
///
/// Next: a writer waits until it is in, not until it is woken.
#[scenario]
fn a_waiting_writer_is_not_overtaken() {
    let lock = lock();
    let inside = lock.read().unwrap();
    let writer = writer("writer", &lock);
    quiesce();
    let late = reader("late reader", &lock);
    drop(inside);
    expect_eq!(late.finish(), 1, "what a reader reads that came while a writer waited to add 1 to 0");
    writer.finish();
}

/// `try_read` does not overtake a waiting writer, even if the lock becomes free at this moment.
///
/// Next: `try_read` enters exactly when `read` would not have to wait.
#[scenario]
fn try_read_does_not_overtake_a_waiting_writer() {
    let lock = lock();
    let inside = lock.read().unwrap();
    let writer = writer("writer", &lock);
    quiesce();
    drop(inside);
    if let Ok(guard) = lock.try_read() {
        expect_eq!(guard.get(), 1, "what try_read reads if it enters, when a writer waited before it to add 1 to 0");
    }
    writer.finish();
}

/// A reader that comes while two writers wait goes behind both.
///
/// Next: a writer counts as waiting from the moment when it comes, not from the moment when it is the next.
#[scenario]
fn a_late_reader_goes_behind_all_waiting_writers() {
    let lock = lock();
    let inside = lock.read().unwrap();
    let writers = ["writer 1", "writer 2"].map(|name| writer(name, &lock));
    quiesce();
    let late = reader("late reader", &lock);
    drop(inside);
    expect_eq!(late.finish(), 2, "what a reader reads that came while two writers waited to add 1 each to 0");
    writers.into_iter().for_each(Actor::finish);
}

// Who must be let in at once.

/// A thread that reads, and stays until all who take part in the meeting are inside.
fn staying_reader(name: &str, lock: &Lock, meeting: &Arc<Barrier>) -> Actor<u32> {
    let (lock, meeting) = (Arc::clone(lock), Arc::clone(meeting));
    actor(name, move || {
        let guard = lock.read().unwrap();
        meeting.wait();
        guard.get()
    })
}

/// Two readers that come while a writer is inside, or just as it leaves, get in together. (Each stays until the other is in.)
///
/// Next: everything that readers look at must have changed before they are woken, and all of them must be.
#[scenario]
fn readers_that_wait_for_a_writer_enter_together() {
    let (lock, meeting) = (lock(), Arc::new(Barrier::new(2)));
    let guard = lock.write().unwrap();
    let readers = ["reader 1", "reader 2"].map(|name| staying_reader(name, &lock, &meeting));
    guard.set(1);
    drop(guard);
    for reader in readers {
        expect_eq!(reader.finish(), 1, "what a reader reads after the writer that set the value to 1");
    }
}

/// A reader gets in beside a downgraded guard. (Each stays until the other is in.)
///
/// Next: everything that readers look at must have changed before a downgrade wakes them.
#[scenario(negated)]
fn a_downgraded_guard_admits_a_reader() {
    let (lock, meeting) = (lock(), Arc::new(Barrier::new(2)));
    let guard = lock.write().unwrap();
    let reader = staying_reader("reader", &lock, &meeting);
    guard.set(1);
    let guard = WriteGuard::downgrade(guard);
    meeting.wait();
    drop(guard);
    expect_eq!(
        reader.finish(),
        1,
        "what a reader reads beside the downgraded guard of the writer that set the value to 1"
    );
}

/// No writer gets in between the writing and the reading of a downgraded guard, not for a moment.
///
/// Next: from writer to reader is one step: under one hold of the inner mutex.
#[scenario(negated)]
fn a_downgraded_guard_keeps_writers_out() {
    let lock = lock();
    let guard = lock.write().unwrap();
    let writer = writer("writer", &lock);
    guard.set(1);
    let guard = WriteGuard::downgrade(guard);
    expect_eq!(guard.get(), 1, "what a downgraded guard reads after it set the value to 1");
    drop(guard);
    writer.finish();
    expect_eq!(lock.read().unwrap().get(), 2, "the value, after a second writer added 1 to it");
}

// Refused tries.

/// A `try_read` that is refused keeps no writer waiting, even if it looked just when the lock became free.
///
/// Next: look first, count afterwards, both under one hold of the mutex: then there is nothing to take back.
#[scenario]
fn a_refused_try_read_keeps_nobody_waiting() {
    let lock = lock();
    let inside = lock.write().unwrap();
    let theirs = Arc::clone(&lock);
    let trying = actor("trying", move || drop(theirs.try_read()));
    let writer = writer("writer", &lock);
    drop(inside);
    trying.finish();
    writer.finish();
}

/// A `try_write` that is refused keeps no reader waiting, even one that comes at the same moment.
///
/// Next: a `try_write` never waits, so it must never be counted among those who do.
#[scenario]
fn a_refused_try_write_keeps_nobody_waiting() {
    let lock = lock();
    let inside = lock.read().unwrap();
    let theirs = Arc::clone(&lock);
    let trying = actor("trying", move || theirs.try_write().is_err());
    let reader = reader("reader", &lock);
    expect!(trying.finish(), "try_write, while a reader holds the lock", "WouldBlock", "a guard");
    reader.finish();
    drop(inside);
}

// Poison.

/// A writer that panics half way lets the next ones in, and none of them sees its half-written value without being told.
///
/// Next: the lock must be poisoned *before* it is released: under the same hold of the mutex.
#[scenario(panics)]
fn whoever_sees_what_a_panicking_writer_left_is_told() {
    let lock = lock();
    let theirs = Arc::clone(&lock);
    let panicking = actor("panicking", move || {
        let guard = theirs.write().unwrap();
        guard.set(1);
        panic!("the writer gives up half way");
    });
    let theirs = Arc::clone(&lock);
    let reader = actor("reader", move || {
        let result = theirs.read();
        let told = result.is_err();
        (result.unwrap_or_else(PoisonError::into_inner).get() == 1, told)
    });
    let theirs = Arc::clone(&lock);
    let writer = actor("writer", move || {
        let result = theirs.write();
        let told = result.is_err();
        (result.unwrap_or_else(PoisonError::into_inner).get() == 1, told)
    });
    for (actor, call) in [(reader, "read"), (writer, "write")] {
        let (sees_it, told) = actor.finish();
        let words = |told| if told { "a PoisonError" } else { "Ok" };
        let when = if sees_it { "after" } else { "before" };
        expect!(told == sees_it, format!("{call}, {when} a writer that panicked"), words(sees_it), words(told));
    }
    expect!(panicking.join().is_err(), "a writer that panics", "the panic ends its thread", "it went on");
}
