//! Who goes first: no reader overtakes a writer that waits.

use super::holder::{count, downgrader, entered, reader, waits, writer};
use harness::{expect_eq, fact};
use std::sync::Arc;
use subject::RwLock;

/// A reader that comes while a writer waits does not overtake that writer.
///
/// Next: let a writer say that it waits before it waits, and let readers look at that.
#[fact]
fn a_waiting_writer_is_not_overtaken() {
    let lock = Arc::new(RwLock::new(0));
    let early = reader("early reader", &lock);
    let writer = writer("writer", &lock, |value| *value = 1);
    let late = reader("late reader", &lock);
    waits(&writer, "a writer, while a reader holds the lock");
    waits(&late, "a reader that came while a writer waited");
    early.leave();
    entered(&writer, "a writer that waited, after the reader before it has left");
    waits(&late, "the reader behind that writer, while the writer has the lock");
    writer.leave();
    entered(&late, "the reader behind that writer, after the writer has left");
    late.leave();
}

/// Readers that were held back by a waiting writer all enter when that writer leaves.
///
/// Next: a reader may wait for two reasons, and both can end at the same event.
#[fact]
fn readers_behind_a_writer_enter_together_after_it() {
    let lock = Arc::new(RwLock::new(0));
    let early = reader("early reader", &lock);
    let writer = writer("writer", &lock, |value| *value = 1);
    let late = ["late reader 1", "late reader 2", "late reader 3"].map(|name| reader(name, &lock));
    early.leave();
    expect_eq!(count(&late), 0, "how many of three readers behind a writer have the lock together with it");
    writer.leave();
    expect_eq!(count(&late), 3, "how many of three readers behind a writer have the lock after it has left");
    for reader in late {
        reader.leave();
    }
}

/// When a writer leaves, the writer that waits goes before a reader that came after it.
///
/// Next: how many writers wait is a number, not a flag that the first of them takes down.
#[fact]
fn the_second_writer_is_not_overtaken_either() {
    let lock = Arc::new(RwLock::new(0));
    let first = writer("first writer", &lock, |_| ());
    let second = writer("second writer", &lock, |_| ());
    let late = reader("late reader", &lock);
    first.leave();
    entered(&second, "a writer that waited, after the writer before it has left");
    waits(&late, "the reader that came after the waiting writer");
    second.leave();
    entered(&late, "that reader, after both writers have left");
    late.leave();
}

/// A reader that comes while several writers wait goes behind all of them, even if the first one downgrades its guard.
///
/// Next: how many writers wait is a number, not a flag that the first of them takes down.
#[fact]
fn a_late_reader_goes_behind_all_waiting_writers() {
    let lock = Arc::new(RwLock::new(0));
    let early = reader("early reader", &lock);
    let writers = [downgrader("writer 1", &lock), downgrader("writer 2", &lock)];
    let late = reader("late reader", &lock);
    early.leave();
    expect_eq!(count(&writers), 1, "how many of two waiting writers have the lock after the reader has left");
    let [one, other] = writers;
    let (first, second) = if one.has_entered() { (one, other) } else { (other, one) };
    waits(&late, "the reader behind two writers, while the first of them writes");
    first.go_on();
    waits(&second, "the second writer, beside the downgraded guard of the first one");
    waits(&late, "the reader behind two writers, while the first one has downgraded and the second one waits");
    first.leave();
    entered(&second, "the second writer, after the first one has left");
    waits(&late, "the reader behind two writers, while the second of them writes");
    second.go_on();
    entered(&late, "the reader behind two writers, after the second one has downgraded");
    second.leave();
    late.leave();
}
