//! Facts about a lock that spins briefly and then parks. Each tells a story with a few threads and looks at it whenever all have
//! come to rest.

use harness::{Actor, actor, cpu_time, expect, expect_eq, fact, quiesce};
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Barrier, PoisonError, TryLockError, TryLockResult};
use std::thread::{self, Thread};
use std::time::Duration;
use subject::Lock;

/// A thread that takes the lock and holds it until it is told to leave. It has come to rest: inside, or waiting.
struct Holder {
    actor: Actor<()>,
    thread: Thread,
    inside: Arc<AtomicBool>,
    leave: Sender<()>,
}

impl Holder {
    /// Whether it has the lock, or had it. Exact after `quiesce`.
    fn has_entered(&self) -> bool {
        self.inside.load(Ordering::SeqCst)
    }

    /// Lets it release the lock and end, which it must do. Then all have come to rest again.
    fn leave(self) {
        self.leave.send(()).expect("a holder waits to be told");
        quiesce();
        expect!(
            self.actor.has_finished(),
            format!("'{}', which releases the lock", self.actor.name()),
            "it releases the lock and goes its way",
            "it waits"
        );
        self.actor.finish();
    }
}

/// Starts a thread that takes the lock, makes a change, and stays.
fn holder<T: Send + Sync + 'static>(
    name: &str,
    lock: &Arc<Lock<T>>,
    change: impl FnOnce(&mut T) + Send + 'static,
) -> Holder {
    let (leave, told) = channel();
    let (handle, handed) = channel();
    let inside = Arc::new(AtomicBool::new(false));
    let (theirs, lock) = (Arc::clone(&inside), Arc::clone(lock));
    let actor = actor(name, move || {
        handle.send(thread::current()).expect("somebody wants the handle");
        let mut guard = lock.lock().expect("the lock is not poisoned");
        change(&mut guard);
        theirs.store(true, Ordering::SeqCst);
        // An error means that the fact has failed already: nothing to add.
        let _ = told.recv();
        drop(guard);
    });
    let thread = handed.recv().expect("every thread has a handle");
    quiesce();
    Holder { actor, thread, inside, leave }
}

fn entered(holder: &Holder, about: &str) {
    expect!(holder.has_entered(), about, "it has the lock", "it waits");
}

fn waits(holder: &Holder, about: &str) {
    expect!(!holder.has_entered(), about, "it waits", "it has the lock");
}

/// One after another, in any order, all of these get in and leave.
fn all_get_their_turn(mut waiting: Vec<Holder>, when: &str) {
    while !waiting.is_empty() {
        let inside = waiting.iter().filter(|holder| holder.has_entered()).count();
        expect_eq!(inside, 1, format!("how many of {} waiting threads have the lock, {when}", waiting.len()));
        let inside = waiting.iter().position(Holder::has_entered).expect("one of them has entered");
        waiting.remove(inside).leave();
    }
}

#[derive(Debug, PartialEq)]
enum Tried {
    Entered,
    WouldBlock,
    Poisoned,
}

/// How a `try_lock` ended. A guard that came of it is released at once.
fn tried<G>(result: TryLockResult<G>) -> Tried {
    match result {
        Ok(_) => Tried::Entered,
        Err(TryLockError::WouldBlock) => Tried::WouldBlock,
        Err(TryLockError::Poisoned(_)) => Tried::Poisoned,
    }
}

/// The value of a lock that nobody holds or waits for.
fn value<T: Copy>(lock: &Lock<T>) -> T {
    match lock.try_lock() {
        Ok(guard) => *guard,
        Err(error) => harness::unmet("try_lock, when nobody holds the lock or waits for it", "Ok", error.to_string()),
    }
}

/// A lock whose holder panicked half way: the value is 1.
fn poisoned() -> Lock<i32> {
    let lock = Arc::new(Lock::new(0));
    let theirs = Arc::clone(&lock);
    let panicking = actor("panicking", move || {
        let mut guard = theirs.lock().expect("the lock is not poisoned");
        *guard = 1;
        panic!("it gives up half way");
    });
    expect!(panicking.join().is_err(), "a thread that panics", "the panic ends it", "it went on");
    match Arc::into_inner(lock) {
        Some(lock) => lock,
        None => harness::unmet("the lock's last owner", "it has the lock alone", "something else keeps the lock alive"),
    }
}

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

// One at a time.

/// What a holder has written is what the next one reads, and what `get_mut` and `into_inner` lead to.
///
/// Next: `Deref` and `DerefMut` lead to the one value inside the lock; nothing is copied.
#[fact]
fn a_change_is_seen_by_the_next_holder() {
    let mut lock = Lock::new(String::from("a"));
    lock.lock().expect("the lock is not poisoned").push('b');
    expect_eq!(lock.lock().expect("the lock is not poisoned").as_str(), "ab", "the value \"a\" with 'b' appended");
    lock.try_lock().expect("nobody holds the lock").push('c');
    expect_eq!(lock.try_lock().expect("nobody holds the lock").as_str(), "abc", "the value, after one more append");
    lock.get_mut().expect("the lock is not poisoned").push('d');
    expect_eq!(lock.lock().expect("the lock is not poisoned").as_str(), "abcd", "the value, after one by get_mut");
    expect_eq!(lock.into_inner().expect("the lock is not poisoned"), "abcd", "what into_inner returns");
}

/// A thread waits while another one holds the lock, gets in when that one leaves, and sees what it has written.
///
/// Next: `lock` returns only when the guard of the last holder has been dropped.
#[fact]
fn a_second_thread_waits_for_the_first() {
    let lock = Arc::new(Lock::new(0));
    let first = holder("first", &lock, |value| *value += 1);
    entered(&first, "the first thread that wants a free lock");
    let second = holder("second", &lock, |value| *value *= 10);
    waits(&second, "a second thread, while the first one holds the lock");
    first.leave();
    entered(&second, "a second thread that waited, after the first one has left");
    second.leave();
    expect_eq!(value(&lock), 10, "the value 0, after one thread added 1 and the next one multiplied by 10");
}

/// Of several waiting threads one enters at a time, and each gets its turn.
///
/// Next: one wakeup per release is enough, if whoever was woken sees to it that its own release wakes the next.
#[fact]
fn waiting_threads_enter_one_at_a_time() {
    let lock = Arc::new(Lock::new(0));
    let first = holder("first", &lock, |_| ());
    let waiting = ["thread 1", "thread 2", "thread 3"].map(|name| holder(name, &lock, |value| *value += 1));
    first.leave();
    all_get_their_turn(waiting.into(), "after the holder they waited for has left");
    expect_eq!(value(&lock), 3, "the value 0, after three threads added 1 each");
}

/// A thread that comes while others wait gets its turn, and so do they.
///
/// Next: newcomers may go first or last, but the list of those who wait must survive them.
#[fact]
fn whoever_comes_later_gets_its_turn_too() {
    let lock = Arc::new(Lock::new(0));
    let first = holder("first", &lock, |_| ());
    let mut waiting = Vec::from(["early 1", "early 2"].map(|name| holder(name, &lock, |_| ())));
    first.leave();
    waiting.extend(["late 1", "late 2"].map(|name| holder(name, &lock, |_| ())));
    all_get_their_turn(waiting, "two of which came after the first release");
    expect_eq!(tried(lock.try_lock()), Tried::Entered, "try_lock, after all have left");
}

/// Locks are independent: a release wakes a thread that waits for this lock, not one that waits for another.
///
/// Next: where are those who wait written down, and how does a release know which of them are its own?
#[fact]
fn a_release_wakes_a_thread_of_its_own_lock() {
    let (left, right) = (Arc::new(Lock::new(0)), Arc::new(Lock::new(0)));
    let holds_left = holder("holds left", &left, |_| ());
    let holds_right = holder("holds right", &right, |_| ());
    let wants_left = holder("wants left", &left, |_| ());
    let wants_right = holder("wants right", &right, |_| ());
    holds_right.leave();
    entered(&wants_right, "a thread that waits for a lock, after that lock was released");
    waits(&wants_left, "a thread that waits for another lock, which is still held");
    wants_right.leave();
    holds_left.leave();
    entered(&wants_left, "a thread that waits for a lock, after that lock was released");
    wants_left.leave();
}

// Waiting.

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

// Trying.

/// `try_lock` takes a free lock, and its guard holds it.
///
/// Next: a `try_lock` that succeeds leaves the same marks as `lock`.
#[fact]
fn a_try_that_succeeds_holds_the_lock() {
    let lock = Arc::new(Lock::new(0));
    let guard = lock.try_lock().expect("the lock is free");
    let waiting = holder("waiting", &lock, |_| ());
    waits(&waiting, "a thread, while the guard of a try_lock is alive");
    drop(guard);
    quiesce();
    entered(&waiting, "a thread that waited, after the guard of that try_lock was dropped");
    waiting.leave();
}

/// `try_lock` fails with `WouldBlock`, and at once, while anybody holds the lock, the calling thread included.
///
/// Next: `try_lock` takes the lock if it is free, in one step, and does nothing else.
#[fact]
fn a_try_never_waits() {
    let lock = Arc::new(Lock::new(0));
    let first = holder("first", &lock, |_| ());
    expect_eq!(tried(lock.try_lock()), Tried::WouldBlock, "try_lock, while another thread holds the lock");
    let waiting = holder("waiting", &lock, |_| ());
    expect_eq!(tried(lock.try_lock()), Tried::WouldBlock, "try_lock, while one thread holds the lock and one waits");
    first.leave();
    expect_eq!(tried(lock.try_lock()), Tried::WouldBlock, "try_lock, while a thread that waited holds the lock");
    waiting.leave();
    let guard = lock.lock().expect("the lock is not poisoned");
    expect_eq!(tried(lock.try_lock()), Tried::WouldBlock, "try_lock, while the same thread holds the lock");
    drop(guard);
    expect_eq!(tried(lock.try_lock()), Tried::Entered, "try_lock, after all have left");
}

/// A `try_lock` that is refused leaves no trace: those who wait are woken as if it had not been.
///
/// Next: what does the refused call write into the state before it knows that it is refused?
#[fact]
fn a_refused_try_leaves_no_trace() {
    let lock = Arc::new(Lock::new(0));
    let first = holder("first", &lock, |_| ());
    let waiting = ["thread 1", "thread 2"].map(|name| holder(name, &lock, |_| ()));
    expect_eq!(tried(lock.try_lock()), Tried::WouldBlock, "try_lock, while one thread holds the lock and two wait");
    first.leave();
    all_get_their_turn(waiting.into(), "after a try_lock was refused");
    expect_eq!(tried(lock.try_lock()), Tried::Entered, "try_lock, after all have left");
}

// Poisoning.

/// A thread that panics while it holds the lock poisons it: from then on every way in says so.
///
/// Next: a guard that is dropped can ask whether its thread is panicking.
#[fact(panics)]
fn a_panic_of_a_holder_poisons_the_lock() {
    let lock = poisoned();
    expect!(lock.is_poisoned(), "is_poisoned, after a holder's panic", "true", "false");
    expect!(lock.lock().is_err(), "lock, after a holder's panic", "a PoisonError", "Ok");
    expect_eq!(tried(lock.try_lock()), Tried::Poisoned, "try_lock, after a holder's panic");
    expect!(lock.is_poisoned(), "is_poisoned, after others have been in since", "true", "false");
}

/// `get_mut` and `into_inner` of a poisoned lock are errors that lead to the value.
///
/// Next: `PoisonError::new` wraps anything, not only a guard.
#[fact(panics)]
fn the_value_of_a_poisoned_lock_comes_in_an_error() {
    let mut lock = poisoned();
    match lock.get_mut() {
        Ok(_) => harness::unmet("get_mut, after a holder's panic", "a PoisonError", "Ok"),
        Err(error) => expect_eq!(*error.into_inner(), 1, "the value in the error of get_mut"),
    }
    match lock.into_inner() {
        Ok(_) => harness::unmet("into_inner, after a holder's panic", "a PoisonError", "Ok"),
        Err(error) => expect_eq!(error.into_inner(), 1, "the value in the error of into_inner"),
    }
}

/// The guard inside a `PoisonError` is a guard like any other: it leads to the value and holds the lock.
///
/// Next: the error carries the very guard that the call would have returned.
#[fact(panics)]
fn the_guard_in_a_poison_error_holds_the_lock() {
    let lock = poisoned();
    let guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
    expect_eq!(*guard, 1, "the value that the panicking thread left, through the guard in the error of lock");
    expect_eq!(tried(lock.try_lock()), Tried::WouldBlock, "try_lock, while the guard in an error of lock is alive");
    drop(guard);
    let Err(TryLockError::Poisoned(error)) = lock.try_lock() else {
        harness::unmet("try_lock, after that guard was dropped", "a PoisonError", "Ok, or WouldBlock");
    };
    let guard = error.into_inner();
    expect_eq!(tried(lock.try_lock()), Tried::WouldBlock, "try_lock, while the guard in an error of try_lock is alive");
    drop(guard);
    expect_eq!(tried(lock.try_lock()), Tried::Poisoned, "try_lock, after those guards were dropped");
}

/// A thread that waits while the holder panics gets in, and is told of the poison.
///
/// Next: a panic releases the lock like any other end of the guard. Look at the poison when a thread gets in, not when it comes.
#[fact(panics)]
fn a_thread_that_waited_is_told_of_the_poison() {
    let lock = Arc::new(Lock::new(0));
    let (panic, told) = channel::<()>();
    let theirs = Arc::clone(&lock);
    let panicking = actor("panicking", move || {
        let _guard = theirs.lock().expect("the lock is not poisoned");
        let _ = told.recv();
        panic!("it gives up");
    });
    quiesce();
    let theirs = Arc::clone(&lock);
    let waiting = actor("waiting", move || theirs.lock().is_err());
    quiesce();
    panic.send(()).expect("a holder waits to be told");
    quiesce();
    expect!(waiting.has_finished(), "a thread that waited while the holder panicked", "it gets in", "it still waits");
    expect!(waiting.finish(), "the lock of a thread that waited while the holder panicked", "a PoisonError", "Ok");
    expect!(panicking.join().is_err(), "a thread that panics", "the panic ends it", "it went on");
}

/// Adds 1 under the lock when it is dropped.
struct AddsAtTheEnd(Arc<Lock<i32>>);

impl Drop for AddsAtTheEnd {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }
}

/// A guard that is taken and dropped while its thread is already panicking does not poison the lock.
///
/// Next: compare whether the thread panics when the guard is dropped with whether it did when the guard was made.
#[fact(panics)]
fn a_panic_older_than_the_guard_does_not_poison() {
    let lock = Arc::new(Lock::new(0));
    let theirs = Arc::clone(&lock);
    let panicking = actor("panicking", move || {
        let _adds_at_the_end = AddsAtTheEnd(theirs);
        panic!("this panic has nothing to do with the lock");
    });
    expect!(panicking.join().is_err(), "a thread that panics", "the panic ends it", "it went on");
    expect!(!lock.is_poisoned(), "is_poisoned, after a guard was taken and dropped in an older panic", "false", "true");
    expect_eq!(value(&lock), 1, "the value 0, after that guard added 1");
}

/// A panic that is caught while the guard is alive does not poison the lock.
///
/// Next: what counts is whether the guard is dropped in the course of a panic.
#[fact(panics)]
fn a_panic_that_leaves_the_guard_alone_does_not_poison() {
    let lock = Lock::new(0);
    let mut guard = lock.lock().expect("the lock is not poisoned");
    let caught = catch_unwind(AssertUnwindSafe(|| panic!("somebody further in gives up")));
    expect!(caught.is_err(), "a panic that is caught", "it is an error", "it is none");
    *guard += 1;
    drop(guard);
    expect!(!lock.is_poisoned(), "is_poisoned, after a panic that was caught inside", "false", "true");
    expect_eq!(value(&lock), 1, "the value 0, after the holder went on and added 1");
}

/// `clear_poison` makes the lock as good as new.
///
/// Next: the poison is one flag, in one place.
#[fact(panics)]
fn clear_poison_clears_the_poison() {
    let mut lock = poisoned();
    lock.clear_poison();
    expect!(!lock.is_poisoned(), "is_poisoned, after clear_poison", "false", "true");
    expect!(lock.lock().is_ok(), "lock, after clear_poison", "Ok", "a PoisonError");
    expect_eq!(tried(lock.try_lock()), Tried::Entered, "try_lock, after clear_poison");
    expect!(lock.get_mut().is_ok(), "get_mut, after clear_poison", "Ok", "a PoisonError");
    expect!(lock.into_inner().is_ok(), "into_inner, after clear_poison", "Ok", "a PoisonError");
}

/// `is_poisoned` and `clear_poison` do not wait for whoever holds the lock, and a lock that is merely held is not poisoned.
///
/// Next: they look at a flag beside the value, not at the value.
#[fact]
fn asking_about_the_poison_does_not_wait() {
    let lock = Arc::new(Lock::new(0));
    let first = holder("first", &lock, |_| ());
    let waiting = holder("waiting", &lock, |_| ());
    let theirs = Arc::clone(&lock);
    let asking = actor("asking", move || {
        let held = theirs.is_poisoned();
        theirs.clear_poison();
        held
    });
    quiesce();
    expect!(
        asking.has_finished(),
        "is_poisoned and clear_poison, while a thread holds the lock",
        "they return",
        "they wait"
    );
    expect!(!asking.finish(), "is_poisoned, while a thread holds the lock and nobody has panicked", "false", "true");
    waits(&waiting, "a thread that waits, after a clear_poison while another one holds the lock");
    first.leave();
    entered(&waiting, "that thread, after the holder has left");
    waiting.leave();
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
    let lock = Lock::new(Counted(Arc::clone(&drops)));
    drop(lock.lock());
    drop(lock.try_lock());
    expect_eq!(drops.load(Ordering::SeqCst), 0, "drops of the value, after the guards were dropped");
    drop(lock);
    expect_eq!(drops.load(Ordering::SeqCst), 1, "drops of the value, after the lock was dropped");

    let lock = Lock::new(Counted(Arc::clone(&drops)));
    let value = lock.into_inner();
    expect_eq!(drops.load(Ordering::SeqCst), 1, "drops of a second value before and after into_inner");
    drop(value);
    expect_eq!(drops.load(Ordering::SeqCst), 2, "drops, after the value taken out by into_inner was dropped");
}

/// A lock around a value of size zero keeps threads apart like any other.
///
/// Next: the state of the lock does not hang on the value's address or size.
#[fact]
fn a_value_of_size_zero_is_locked_too() {
    let lock = Arc::new(Lock::new(()));
    let first = holder("first", &lock, |()| ());
    let second = holder("second", &lock, |()| ());
    waits(&second, "a second thread, while the first one holds a lock around ()");
    first.leave();
    entered(&second, "a thread that waited for a lock around (), after the first one has left");
    second.leave();
}

// Many threads.

/// Eight threads that each add 1 a thousand times bring the value to 8000.
///
/// Next: two guards were alive at once, or a guard led to a copy.
#[fact]
fn eight_threads_lose_no_addition() {
    let lock = Arc::new(Lock::new(0u64));
    let adding: Vec<Actor<()>> = (0..8)
        .map(|n| {
            let lock = Arc::clone(&lock);
            actor(&format!("thread {n}"), move || {
                for _ in 0..1000 {
                    let mut guard = lock.lock().expect("the lock is not poisoned");
                    let value = black_box(*guard);
                    *guard = value + 1;
                }
            })
        })
        .collect();
    adding.into_iter().for_each(Actor::finish);
    expect_eq!(value(&lock), 8000, "the value, after 8 × 1000 additions");
}
