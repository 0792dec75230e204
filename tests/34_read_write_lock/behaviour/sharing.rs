//! Who holds the lock together with whom, who waits for whom, and what waiting costs.

use super::holder::{Holder, count, entered, reader, waits, writer};
use super::value::value;
use harness::{expect, expect_eq, fact};
use std::sync::Arc;
use subject::RwLock;

/// What a writer has written is what the next reader reads and what `into_inner` returns.
///
/// Next: `Deref` and `DerefMut` lead to the one value inside the lock; nothing is copied.
#[fact]
fn a_change_is_seen_by_the_next_reader() {
    let lock = RwLock::new(String::from("a"));
    lock.write().expect("the lock is not poisoned").push('b');
    expect_eq!(
        lock.read().expect("the lock is not poisoned").as_str(),
        "ab",
        "the value, after \"a\" had 'b' appended"
    );
    lock.try_write().expect("nobody holds the lock").push('c');
    expect_eq!(lock.try_read().expect("nobody holds the lock").as_str(), "abc", "the value, after one more append");
    expect_eq!(lock.into_inner().expect("the lock is not poisoned"), "abc", "what into_inner returns");
}

/// Two readers hold the lock at once.
///
/// Next: count the readers; only a writer keeps a reader out.
#[fact]
fn two_readers_hold_the_lock_at_once() {
    let lock = Arc::new(RwLock::new(0));
    let first = reader("first reader", &lock);
    entered(&first, "the first reader of a free lock");
    let second = reader("second reader", &lock);
    entered(&second, "a second reader, while the first one holds the lock");
    first.leave();
    second.leave();
}

/// A reader waits while a writer holds the lock.
///
/// Next: `read` waits as long as a write guard is alive.
#[fact]
fn a_reader_waits_for_the_writer() {
    let lock = Arc::new(RwLock::new(0));
    let writer = writer("writer", &lock, |value| *value = 1);
    entered(&writer, "a writer of a free lock");
    let reader = reader("reader", &lock);
    waits(&reader, "a reader, while a writer holds the lock");
    writer.leave();
    entered(&reader, "a reader that waited, after the writer has left");
    reader.leave();
}

/// A writer waits while a reader holds the lock.
///
/// Next: `write` waits as long as any guard is alive.
#[fact]
fn a_writer_waits_for_a_reader() {
    let lock = Arc::new(RwLock::new(0));
    let reader = reader("reader", &lock);
    let writer = writer("writer", &lock, |value| *value = 1);
    waits(&writer, "a writer, while a reader holds the lock");
    reader.leave();
    entered(&writer, "a writer that waited, after the reader has left");
    writer.leave();
}

/// A writer waits until the last of several readers has left, whichever that is.
///
/// Next: a flag cannot count; and the reader that brings the count to zero has somebody to wake.
#[fact]
fn a_writer_waits_for_the_last_of_several_readers() {
    let lock = Arc::new(RwLock::new(0));
    let readers = ["reader 1", "reader 2", "reader 3"].map(|name| reader(name, &lock));
    let writer = writer("writer", &lock, |value| *value = 1);
    let [first, second, third] = readers;
    second.leave();
    waits(&writer, "a writer, after one of three readers has left");
    third.leave();
    waits(&writer, "a writer, after two of three readers have left");
    first.leave();
    entered(&writer, "a writer that waited, after the last of three readers has left");
    writer.leave();
}

/// A writer waits while another writer holds the lock, and sees what that one has written.
///
/// Next: `write` waits as long as any guard is alive.
#[fact]
fn a_writer_waits_for_the_writer() {
    let lock = Arc::new(RwLock::new(0));
    let first = writer("first writer", &lock, |value| *value += 1);
    let second = writer("second writer", &lock, |value| *value *= 10);
    waits(&second, "a second writer, while the first one holds the lock");
    first.leave();
    entered(&second, "a second writer, after the first one has left");
    second.leave();
    expect_eq!(value(&lock), 10, "the value 0, after one writer added 1 and the next one multiplied by 10");
}

/// Of several waiting writers one enters at a time, and each gets its turn.
///
/// Next: to be woken is not to be let in. Somebody else may have been faster: look again, and wait again.
#[fact(negated)]
fn waiting_writers_enter_one_at_a_time() {
    let lock = Arc::new(RwLock::new(0));
    let holder = writer("writer 0", &lock, |_| ());
    let mut waiting = ["writer 1", "writer 2", "writer 3"]
        .map(|name| writer(name, &lock, |value| *value += 1))
        .into_iter()
        .collect::<Vec<_>>();
    holder.leave();
    while !waiting.is_empty() {
        expect_eq!(count(&waiting), 1, format!("how many of {} waiting writers have the lock", waiting.len()));
        let inside = waiting.iter().position(Holder::has_entered).expect("one of them has entered");
        waiting.remove(inside).leave();
    }
    expect_eq!(value(&lock), 3, "the value 0, after three writers added 1 each");
}

/// Writers that wait for a reader enter one at a time when it leaves.
///
/// Next: to be woken is not to be let in. Somebody else may have been faster: look again, and wait again.
#[fact]
fn writers_that_wait_for_a_reader_enter_one_at_a_time() {
    let lock = Arc::new(RwLock::new(0));
    let reader = reader("reader", &lock);
    let mut waiting = ["writer 1", "writer 2"].map(|name| writer(name, &lock, |_| ())).into_iter().collect::<Vec<_>>();
    reader.leave();
    while !waiting.is_empty() {
        expect_eq!(count(&waiting), 1, format!("how many of {} waiting writers have the lock", waiting.len()));
        let inside = waiting.iter().position(Holder::has_entered).expect("one of them has entered");
        waiting.remove(inside).leave();
    }
}

/// All readers that wait for a writer enter together when it leaves.
///
/// Next: what lets one reader in lets all of them in. Who wakes the others?
#[fact]
fn all_waiting_readers_enter_together() {
    let lock = Arc::new(RwLock::new(0));
    let writer = writer("writer", &lock, |value| *value = 1);
    let readers = ["reader 1", "reader 2", "reader 3", "reader 4"].map(|name| reader(name, &lock));
    expect_eq!(count(&readers), 0, "how many of four readers have the lock while a writer holds it");
    writer.leave();
    expect_eq!(count(&readers), 4, "how many of four waiting readers have the lock after the writer has left");
    for reader in readers {
        reader.leave();
    }
}

/// Threads that wait are blocked: they use no processor time and do not look again every so often.
///
/// Next: wait on the condition variable, without a time-out, until somebody notifies it.
#[fact]
fn waiting_costs_nothing() {
    let lock = Arc::new(RwLock::new(0));
    let holder = writer("holder", &lock, |_| ());
    let waiting = [reader("reader", &lock), writer("writer", &lock, |_| ()), reader("late reader", &lock)];
    // `quiesce` has refused whatever spins or polls; the rest is whether it could be woken.
    for thread in &waiting {
        let standing = thread.actor.standing();
        expect!(
            standing.waits_for_a_sibling(),
            format!("'{}', while a writer holds the lock", thread.actor.name()),
            "it waits for another thread to wake it",
            format!("it {}", standing.describe())
        );
    }
    holder.leave();
}
