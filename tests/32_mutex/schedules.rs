//! Stories of a few threads that share one lock, each told along every schedule, in weak memory.
//!
//! The value is `Tracked`: two threads that the lock does not keep apart are noticed even if their accesses never meet, and so is
//! a lock that keeps them apart but does not tell the second one what the first one has done.

use harness::{Actor, Tracked, actor, expect, expect_eq, quiesce, scenario};
use std::hint;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, PoisonError, TryLockError};
use std::thread;
use subject::Lock;

type Shared = Arc<Lock<Tracked<u32>>>;

fn shared() -> Shared {
    Arc::new(Lock::new(Tracked::new(0)))
}

fn add(lock: &Shared) {
    lock.lock().unwrap().write(|value| *value += 1);
}

fn value(lock: &Shared) -> u32 {
    lock.lock().unwrap().get()
}

/// A thread that adds 1 once.
fn adding(name: &str, lock: &Shared) -> Actor<()> {
    let lock = Arc::clone(lock);
    actor(name, move || add(&lock))
}

/// How long somebody stays inside: another number of moments on each schedule, 0 if nothing is unusual.
///
/// Whoever spins before it parks comes near its `park` only if the holder stays for about as long as it spins, which may be a
/// hundred looks or none. So the number is drawn: a load that nothing orders after sixteen stores reads any of them.
struct Stay(Arc<[AtomicUsize; 2]>);

impl Stay {
    fn drawn() -> Stay {
        let digits = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let theirs = Arc::clone(&digits);
        let stores =
            move || theirs.iter().for_each(|digit| (0..16).rev().for_each(|n| digit.store(n, Ordering::Relaxed)));
        actor("dice", stores);
        quiesce(); // The stores have been made, yet this thread knows of none.
        Stay(digits)
    }

    fn inside(self) {
        let [high, low] = &*self.0;
        let moments = 16 * high.load(Ordering::Relaxed) + low.load(Ordering::Relaxed);
        (0..moments).for_each(|_| hint::spin_loop());
    }
}

// One at a time.

/// Two threads take the lock twice each, in any order: one is in at a time, and sees what the one before has done.
///
/// Next: taking the lock must acquire what releasing it has released: which operation on the state does which?
#[scenario(weak_memory, negated)]
fn two_threads_take_turns() {
    let lock = shared();
    let theirs = Arc::clone(&lock);
    let other = actor("other", move || {
        add(&theirs);
        add(&theirs);
    });
    add(&lock);
    add(&lock);
    other.finish();
    expect_eq!(value(&lock), 4, "the value 0, after two threads added 1 twice each");
}

/// Three threads take the lock once each, in any order: one is in at a time, and each gets its turn.
///
/// Next: read the lanes from their end: which thread was wrong about another one, and when had it looked?
#[scenario(weak_memory)]
fn three_threads_take_turns() {
    let lock = shared();
    let actors = ["first", "second", "third"].map(|name| adding(name, &lock));
    actors.into_iter().for_each(Actor::finish);
    expect_eq!(value(&lock), 3, "the value 0, after three threads added 1 each");
}

/// Whoever gets in with `try_lock` is alone, and sees what the one before has done.
///
/// Next: `try_lock` takes the same lock: what `lock` needs to acquire, it needs too.
#[scenario(weak_memory)]
fn try_lock_takes_turns_too() {
    let lock = shared();
    let theirs = Arc::clone(&lock);
    let trying = actor("trying", move || match theirs.try_lock() {
        Ok(guard) => guard.write(|value| *value += 1),
        Err(_) => add(&theirs),
    });
    add(&lock);
    trying.finish();
    expect_eq!(value(&lock), 2, "the value 0, after two threads added 1 each");
}

// Nobody is forgotten.

/// A thread that is about to park while the lock is released gets in.
///
/// Next: between its last look and its sleep the lock may be released. Who wakes it then, and how does that one know?
#[scenario(weak_memory)]
fn a_release_meets_a_thread_about_to_park() {
    let lock = shared();
    let stay = Stay::drawn();
    let inside = lock.lock().unwrap();
    let late = adding("late", &lock);
    stay.inside();
    drop(inside);
    late.finish();
}

/// Of two threads that wait each gets in, though they come while the lock is released.
///
/// Next: one wakeup, two who wait: who wakes the second one?
#[scenario(weak_memory)]
fn a_release_meets_two_threads_about_to_park() {
    let lock = shared();
    let stay = Stay::drawn();
    let inside = lock.lock().unwrap();
    let late = ["late 1", "late 2"].map(|name| adding(name, &lock));
    stay.inside();
    drop(inside);
    late.into_iter().for_each(Actor::finish);
}

/// Two threads are parked; the lock is released, and a third one takes it at this moment. All get in.
///
/// Next: a thread that was woken in vain waits again. Does whoever releases the lock next know that somebody waits?
#[scenario(weak_memory, negated)]
fn a_newcomer_gets_in_before_those_who_are_woken() {
    let lock = shared();
    let inside = lock.lock().unwrap();
    let parked = ["parked 1", "parked 2"].map(|name| adding(name, &lock));
    quiesce();
    drop(inside);
    add(&lock);
    parked.into_iter().for_each(Actor::finish);
    expect_eq!(value(&lock), 3, "the value 0, after three threads added 1 each");
}

/// A thread that was woken in vain is about to park again; the lock is released and taken once more at this moment. It gets in.
///
/// Next: a thread that is about to park sees that somebody holds the lock. Does that one know that somebody waits?
#[scenario(weak_memory)]
fn the_lock_is_taken_again_as_a_thread_is_about_to_park() {
    let lock = shared();
    let inside = lock.lock().unwrap();
    let parked = adding("parked", &lock);
    quiesce();
    drop(inside);
    let newcomer = lock.lock().unwrap();
    hint::spin_loop();
    drop(newcomer);
    let newcomer = lock.lock().unwrap();
    quiesce();
    drop(newcomer);
    parked.finish();
    expect_eq!(value(&lock), 1, "the value 0, after one thread added 1");
}

/// A refused `try_lock` costs nobody a wakeup.
///
/// Next: what does `try_lock` change before it knows that it cannot get in?
#[scenario(weak_memory)]
fn a_refused_try_lock_keeps_nobody_waiting() {
    let lock = shared();
    let inside = lock.lock().unwrap();
    let parked = adding("parked", &lock);
    quiesce();
    let theirs = Arc::clone(&lock);
    let trying = actor("trying", move || drop(theirs.try_lock()));
    drop(inside);
    parked.finish();
    trying.finish();
    match lock.try_lock() {
        Ok(_) => {}
        Err(TryLockError::Poisoned(_)) => harness::unmet("try_lock, when nobody has panicked", "Ok", "Poisoned"),
        Err(TryLockError::WouldBlock) => harness::unmet("try_lock of a free lock", "Ok", "WouldBlock"),
    }
}

// Parking is shared.

/// An `unpark` from elsewhere, at any moment, lets nobody in while the lock is held.
///
/// Next: `park` has returned: what does that say about the lock?
#[scenario(weak_memory)]
fn an_unpark_from_elsewhere_is_not_the_lock() {
    let lock = shared();
    let me = thread::current();
    let stranger = actor("stranger", move || me.unpark());
    let theirs = Arc::clone(&lock);
    let holder = actor("holder", move || {
        let guard = theirs.lock().unwrap();
        quiesce();
        guard.write(|value| *value += 1);
    });
    add(&lock);
    holder.finish();
    stranger.finish();
    expect_eq!(value(&lock), 2, "the value 0, after two threads added 1 each");
}

/// Two threads are parked, and the second one is unparked from elsewhere as the lock is released. Both get in.
///
/// Next: a thread may get in though it was not the one that was called. Is it still on the list then, before somebody else?
#[scenario(weak_memory)]
fn whoever_was_woken_from_elsewhere_swallows_no_wakeup() {
    let lock = shared();
    let inside = lock.lock().unwrap();
    let first = adding("first", &lock);
    quiesce();
    let theirs = Arc::clone(&lock);
    let (handle, handed) = channel();
    let second = actor("second", move || {
        handle.send(thread::current()).unwrap();
        add(&theirs);
    });
    let handle = handed.recv().unwrap();
    quiesce();
    let stranger = actor("stranger", move || handle.unpark());
    drop(inside);
    first.finish();
    second.finish();
    stranger.finish();
}

// Poison.

/// A thread that panics half way lets the next one in, and that one is told.
///
/// Next: the lock must be poisoned *before* it is released.
#[scenario(panics, weak_memory)]
fn whoever_sees_what_a_panicking_thread_left_is_told() {
    let lock = shared();
    let theirs = Arc::clone(&lock);
    let panicking = actor("panicking", move || {
        let guard = theirs.lock().unwrap();
        guard.set(1);
        panic!("it gives up half way");
    });
    let result = lock.lock();
    let told = result.is_err();
    let sees_it = result.unwrap_or_else(PoisonError::into_inner).get() == 1;
    let words = |told| if told { "a PoisonError" } else { "Ok" };
    let when = if sees_it { "after" } else { "before" };
    expect!(told == sees_it, format!("lock, {when} a thread that panicked"), words(sees_it), words(told));
    expect!(panicking.join().is_err(), "a thread that panics", "the panic ends it", "it went on");
}
