//! One thread at a time has the lock, and all that wait get their turn.

use super::holder::{Tried, all_get_their_turn, entered, holder, tried, value, waits};
use harness::{Actor, actor, expect_eq, fact};
use std::hint::black_box;
use std::sync::Arc;
use subject::Lock;

/// What a holder has written is what the next one reads, and what `get_mut` and `into_inner` lead to.
///
/// Next: `Deref` and `DerefMut` lead to the one value inside the lock; nothing is copied.
#[fact(negated)]
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
#[fact(negated)]
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
