//! A thread that waits: it spins briefly, parks, and goes on when the lock is released, not when something else unparks
//! it.

use super::holder::{Tried, all_get_their_turn, entered, holder, tried, waits};
use harness::{Actor, actor, cpu_time, expect, expect_eq, fact, quiesce};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;
use subject::Lock;

/// Threads that wait are blocked: after a few looks they use no processor time and do not look again every so often.
///
/// Next: park the thread, without a time-out, and let whoever releases the lock unpark it.
#[fact]
fn waiting_costs_nothing() {
    let lock = Arc::new(Lock::new(0));
    let first = holder("first", &lock, |_| ());
    let waiting = ["thread 1", "thread 2"].map(|name| holder(name, &lock, |_| ()));
    // `quiesce` has refused whatever spins or polls; the rest is whether it could be woken.
    for thread in &waiting {
        let standing = thread.actor.standing();
        expect!(
            standing.waits_for_a_sibling(),
            format!("'{}', while another thread holds the lock", thread.actor.name()),
            "it waits for another thread to wake it",
            format!("it {}", standing.describe())
        );
    }
    first.leave();
}

/// The processor time until twenty threads, each of which does `wait`, have come to rest.
fn until_twenty_rest(wait: impl Fn() + Send + Sync + 'static) -> (Duration, Vec<Actor<()>>) {
    let (wait, before) = (Arc::new(wait), cpu_time());
    let waiting = (0..20).map(|n| {
        let wait = Arc::clone(&wait);
        actor(&format!("thread {n}"), move || wait())
    });
    let waiting = waiting.collect();
    quiesce();
    (cpu_time() - before, waiting)
}

/// Spinning is brief: a thread that finds the lock held looks again about a hundred times at most, then parks.
///
/// Next: count the looks. A hundred of them take about as long as parking does; a thousand are wasted.
#[fact(alone)]
fn spinning_is_brief() {
    let gate = Arc::new(Barrier::new(21));
    let theirs = Arc::clone(&gate);
    let (usual, parked) = until_twenty_rest(move || _ = theirs.wait());
    gate.wait();
    parked.into_iter().for_each(Actor::finish);

    let lock = Arc::new(Lock::new(0));
    let guard = lock.lock().expect("the lock is not poisoned");
    let theirs = Arc::clone(&lock);
    let (used, waiting) = until_twenty_rest(move || drop(theirs.lock()));
    drop(guard);
    waiting.into_iter().for_each(Actor::finish);
    let limit = 3 * usual + Duration::from_millis(100);
    expect!(
        used < limit,
        "the processor time that twenty threads use which find the lock held",
        format!("less than {} ms: each parks after about a hundred looks at most", limit.as_millis()),
        format!("{} ms", used.as_millis())
    );
}

/// An `unpark` from elsewhere does not let a waiting thread in, and does not make it give up.
///
/// Next: `park` returns when the lock was released, when somebody else called `unpark`, or for no reason. Which was it?
#[fact]
fn an_unpark_from_elsewhere_lets_nobody_in() {
    let lock = Arc::new(Lock::new(0));
    let first = holder("first", &lock, |_| ());
    let waiting = holder("waiting", &lock, |_| ());
    for _ in 0..3 {
        waiting.thread.unpark();
        quiesce();
        waits(&waiting, "a thread that waits, after an unpark that did not come from the lock");
    }
    first.leave();
    entered(&waiting, "a thread that waited, after the holder has left");
    waiting.leave();
}

/// An `unpark` that came before a thread wants the lock does not let it in either.
///
/// Next: the token of an earlier `unpark` makes the first `park` return at once.
#[fact]
fn an_unpark_from_before_lets_nobody_in() {
    let lock = Arc::new(Lock::new(0));
    let first = holder("first", &lock, |_| ());
    let inside = Arc::new(AtomicBool::new(false));
    let (theirs, entering) = (Arc::clone(&inside), Arc::clone(&lock));
    let late = actor("late", move || {
        thread::current().unpark();
        let guard = entering.lock();
        theirs.store(true, Ordering::SeqCst);
        drop(guard);
    });
    quiesce();
    expect!(
        !inside.load(Ordering::SeqCst),
        "a thread that was unparked before it wanted the lock, while another one holds the lock",
        "it waits",
        "it has the lock"
    );
    first.leave();
    expect!(late.has_finished(), "that thread, after the holder has left", "it gets in", "it still waits");
    late.finish();
}

/// An `unpark` from elsewhere costs no other thread its wakeup.
///
/// Next: a thread that parks again must not be written down twice, nor stay on the list once it is in.
#[fact]
fn an_unpark_from_elsewhere_costs_nobody_a_wakeup() {
    let lock = Arc::new(Lock::new(0));
    let first = holder("first", &lock, |_| ());
    let woken = holder("woken", &lock, |_| ());
    for _ in 0..3 {
        woken.thread.unpark();
        quiesce();
    }
    let others = ["other 1", "other 2"].map(|name| holder(name, &lock, |_| ()));
    let waiting = [woken].into_iter().chain(others).collect();
    first.leave();
    all_get_their_turn(waiting, "one of which was unparked from elsewhere");
    expect_eq!(tried(lock.try_lock()), Tried::Entered, "try_lock, after all have left");
}
