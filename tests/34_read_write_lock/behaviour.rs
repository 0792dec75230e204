//! Facts about a read-write lock. Each tells a story with a few threads and looks at it whenever all have come to rest.

use harness::{Actor, actor, expect, expect_eq, fact, quiesce};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, PoisonError, TryLockError, TryLockResult};
use subject::{RwLock, WriteGuard};

/// A thread that takes the lock and holds it until it is told to go on.
struct Holder {
    actor: Actor<()>,
    stages: Arc<AtomicUsize>,
    go_on: Sender<()>,
}

impl Holder {
    /// Whether it has the lock, or had it. Exact after `quiesce`.
    fn has_entered(&self) -> bool {
        self.stages.load(Ordering::SeqCst) > 0
    }

    /// Lets it go on to its next stage, or to its end.
    fn go_on(&self) {
        self.go_on.send(()).expect("a holder waits to be told");
        quiesce();
    }

    /// Lets it go on to its end, which must come.
    fn leave(self) {
        self.go_on();
        expect!(
            self.actor.has_finished(),
            format!("'{}', which releases the lock", self.actor.name()),
            "it releases the lock and goes its way",
            "it waits"
        );
        self.actor.finish();
    }
}

/// Starts a holder. `part` calls its argument at each stage: it marks the stage and waits to be told to go on.
fn holder(name: &str, part: impl FnOnce(&dyn Fn()) + Send + 'static) -> Holder {
    let (go_on, told) = channel();
    let stages = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&stages);
    let actor = actor(name, move || {
        part(&|| {
            theirs.fetch_add(1, Ordering::SeqCst);
            // An error means that the fact has failed already: nothing to add.
            let _ = told.recv();
        });
    });
    Holder { actor, stages, go_on }
}

/// A thread that reads and stays. It has come to rest when this returns: inside, or waiting.
fn reader<T: Send + Sync + 'static>(name: &str, lock: &Arc<RwLock<T>>) -> Holder {
    let lock = Arc::clone(lock);
    let reader = holder(name, move |stay| {
        let guard = lock.read().expect("the lock is not poisoned");
        stay();
        drop(guard);
    });
    quiesce();
    reader
}

/// A thread that writes, by way of `change`, and stays.
fn writer<T: Send + Sync + 'static>(
    name: &str,
    lock: &Arc<RwLock<T>>,
    change: impl FnOnce(&mut T) + Send + 'static,
) -> Holder {
    let lock = Arc::clone(lock);
    let writer = holder(name, move |stay| {
        let mut guard = lock.write().expect("the lock is not poisoned");
        change(&mut guard);
        stay();
        drop(guard);
    });
    quiesce();
    writer
}

/// A thread that writes 1, stays, downgrades its guard, and stays again.
fn downgrader(name: &str, lock: &Arc<RwLock<i32>>) -> Holder {
    let lock = Arc::clone(lock);
    let downgrader = holder(name, move |stay| {
        let mut guard = lock.write().expect("the lock is not poisoned");
        *guard = 1;
        stay();
        let guard = WriteGuard::downgrade(guard);
        stay();
        expect_eq!(*guard, 1, "the value, read through the downgraded guard that wrote 1 before");
        drop(guard);
    });
    quiesce();
    downgrader
}

fn entered(holder: &Holder, about: &str) {
    expect!(holder.has_entered(), about, "it has the lock", "it waits");
}

fn waits(holder: &Holder, about: &str) {
    expect!(!holder.has_entered(), about, "it waits", "it has the lock");
}

fn count(holders: &[Holder]) -> usize {
    holders.iter().filter(|holder| holder.has_entered()).count()
}

/// The value of a lock that nobody holds or waits for.
fn value<T: Copy>(lock: &RwLock<T>) -> T {
    match lock.try_read() {
        Ok(guard) => *guard,
        Err(error) => harness::unmet("try_read, when nobody holds the lock or waits for it", "Ok", error.to_string()),
    }
}

#[derive(Debug, PartialEq)]
enum Tried {
    Entered,
    WouldBlock,
    Poisoned,
}

/// How a `try_` ended. A guard that came of it is released at once.
fn tried<G>(result: TryLockResult<G>) -> Tried {
    match result {
        Ok(_) => Tried::Entered,
        Err(TryLockError::WouldBlock) => Tried::WouldBlock,
        Err(TryLockError::Poisoned(_)) => Tried::Poisoned,
    }
}

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

// Sharing and excluding.

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
#[fact]
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

// Who goes first.

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

// Trying.

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

// Downgrading.

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
#[fact]
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

// Poisoning.

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
#[fact(panics)]
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
#[fact(panics)]
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

// The value.

/// Counts how often it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// The value is dropped once: with the lock, or by whoever took it out.
///
/// Next: guards lend the value; only the lock owns it.
#[fact]
fn the_value_is_dropped_once() {
    let drops = Arc::new(AtomicUsize::new(0));
    let lock = RwLock::new(Counted(Arc::clone(&drops)));
    drop(lock.read());
    drop(WriteGuard::downgrade(lock.write().expect("the lock is not poisoned")));
    expect_eq!(drops.load(Ordering::SeqCst), 0, "drops of the value, after the guards were dropped");
    drop(lock);
    expect_eq!(drops.load(Ordering::SeqCst), 1, "drops of the value, after the lock was dropped");

    let lock = RwLock::new(Counted(Arc::clone(&drops)));
    let value = lock.into_inner();
    expect_eq!(drops.load(Ordering::SeqCst), 1, "drops of a second value before and after into_inner");
    drop(value);
    expect_eq!(drops.load(Ordering::SeqCst), 2, "drops, after the value taken out by into_inner was dropped");
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

// Many threads.

/// Eight threads that each add 1 a thousand times bring the value to 8000.
///
/// Next: two write guards were alive at once, or a guard led to a copy.
#[fact]
fn eight_writers_lose_no_increment() {
    let lock = Arc::new(RwLock::new(0u64));
    let writers: Vec<Actor<()>> = (0..8)
        .map(|n| {
            let lock = Arc::clone(&lock);
            actor(&format!("writer {n}"), move || {
                for _ in 0..1000 {
                    let mut guard = lock.write().expect("the lock is not poisoned");
                    let value = black_box(*guard);
                    *guard = value + 1;
                }
            })
        })
        .collect();
    writers.into_iter().for_each(Actor::finish);
    expect_eq!(value(&lock), 8000, "the value, after 8 × 1000 additions");
}

/// Readers, writers and downgrading writers by the hundred all get through, and no reader sees a half-written value.
///
/// Next: find a pair of events after which nobody wakes a thread that could go on.
#[fact]
fn a_crowd_gets_through_and_sees_whole_values() {
    let lock = Arc::new(RwLock::new([0u64; 2]));
    let whole = |[left, right]: [u64; 2]| {
        expect_eq!(left, right, "the two halves of a value that writers change together");
    };
    let actors: Vec<Actor<()>> = (0..6)
        .map(|n| {
            let lock = Arc::clone(&lock);
            actor(&format!("thread {n}"), move || {
                for round in 0..300 {
                    if (n + round) % 3 > 0 {
                        whole(*lock.read().expect("the lock is not poisoned"));
                        continue;
                    }
                    let mut guard = lock.write().expect("the lock is not poisoned");
                    guard[0] += 1;
                    guard[1] = black_box(guard[0]);
                    if round % 2 == 0 {
                        whole(*WriteGuard::downgrade(guard));
                    }
                }
            })
        })
        .collect();
    actors.into_iter().for_each(Actor::finish);
    expect_eq!(value(&lock), [600; 2], "the value, after 6 × 100 writers added 1 to both halves");
}
