//! The lock: one guard at a time, waiting for it, and a guard that a panic drops.

use super::objects::{array, entered, locking, same_array, same_value, trying, value};
use super::other_process::{Other, four, inherited};
use harness::{actor, catch_panic, expect, expect_eq, fact, peer, quiesce};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use subject::SharedValue;

/// One guard at a time: `try_lock` is `WouldBlock` while somebody has one, through whichever object, in the same thread too.
///
/// Next: the lock is in the shared memory, not in the object; and it is not a recursive one.
#[fact]
fn one_guard_at_a_time() {
    let one = value(0);
    let two = same_value(&one);
    let guard = entered(one.lock(), "locking a new value");
    expect_eq!(trying(one.try_lock()), "WouldBlock", "try_lock() through the object that is locked");
    expect_eq!(trying(two.try_lock()), "WouldBlock", "try_lock() through another object of the same memory");
    let seen =
        std::thread::scope(|scope| scope.spawn(|| trying(one.try_lock())).join().expect("try_lock does not panic"));
    expect_eq!(seen, "WouldBlock", "try_lock() in another thread");
    drop(guard);
    let guard = two.try_lock().ok();
    expect!(guard.is_some(), "try_lock() when the guard was dropped", "a guard", "none");
    expect_eq!(trying(one.try_lock()), "WouldBlock", "try_lock() while a guard of try_lock() is held");
    drop(guard);

    let one = array(&[1]);
    let two = same_array(&one);
    let guard = entered(one.lock(), "locking a new array");
    expect_eq!(trying(two.try_lock()), "WouldBlock", "try_lock() through another object of a locked array");
    drop(guard);
    expect_eq!(trying(two.try_lock()), "a guard", "try_lock() of an array when the guard was dropped");
}

/// `lock` waits while somebody holds the lock, through whichever object, and goes on when it is released.
///
/// Next: a waiter is woken by an address in shared memory, which is another one in each mapping: the lock must be process-shared.
#[fact]
fn a_waiting_lock_goes_on_when_it_is_released() {
    let value = Arc::new(value(0));
    for other in [Arc::clone(&value), Arc::new(same_value(&value))] {
        let guard = entered(value.lock(), "locking a value that nobody holds");
        let waiters = ["first", "second", "third"].map(|name| {
            let theirs = Arc::clone(&other);
            actor(name, move || locking(theirs.lock()))
        });
        quiesce();
        let waiting = waiters.iter().filter(|waiter| !waiter.has_finished()).count();
        expect_eq!(waiting, 3, "how many of three threads wait in lock() while it is held");
        drop(guard);
        quiesce();
        let waiting = waiters.iter().filter(|waiter| !waiter.has_finished()).count();
        expect_eq!(waiting, 0, "how many of three threads wait in lock() when it was released, and nobody holds it");
        for waiter in waiters {
            expect_eq!(waiter.finish(), "a guard", "what a thread that has waited got");
        }
    }
}

/// A lock that another process holds is held here too, and a `lock` that waits for it goes on when it is released there.
///
/// Next: the lock must be in the memory, and made for several processes.
#[fact(seconds = 8)]
fn another_process_excludes_this_one() {
    let value = Arc::new(value(0));
    let mut other = Other::with(&value);
    expect_eq!(other.gets(b'l'), "a guard", "lock() in another process");
    expect_eq!(trying(value.try_lock()), "WouldBlock", "try_lock() while another process holds the lock");
    let theirs = Arc::clone(&value);
    let waiter = actor("waiter", move || locking(theirs.lock()));
    quiesce();
    expect!(!waiter.has_finished(), "lock() while another process holds the lock", "it waits", "it returned");
    other.does(b'u');
    expect_eq!(waiter.finish(), "a guard", "lock() when the other process has released the lock");
    let guard = entered(value.lock(), "locking when nobody holds the lock");
    expect_eq!(other.gets(b't'), "WouldBlock", "try_lock() in another process while the lock is held here");
    drop(guard);
    expect_eq!(other.gets(b't'), "a guard", "try_lock() in another process when the lock was released here");
}

/// A panic that drops the guard releases the lock, and is not the death of an owner.
///
/// Next: releasing belongs into the guard's `Drop`; unwinding runs it.
#[fact(panics)]
fn a_panic_releases_the_lock() {
    let (value, array) = (value(0), array(&[0]));
    let panicked = catch_panic(|| {
        let _guards = (value.lock(), array.lock());
        panic!("on purpose");
    });
    expect!(panicked.is_err(), "a panic with two guards", "it passes through", "it does not");
    expect_eq!(trying(value.try_lock()), "a guard", "try_lock() of a value whose owner has panicked");
    expect_eq!(trying(array.try_lock()), "a guard", "try_lock() of an array whose owner has panicked");
}

#[peer]
fn adds_under_the_lock(mut stream: UnixStream) {
    let value = SharedValue::from_fd(inherited()).expect("from_fd() takes an inherited descriptor");
    let _ = (stream.write_all(b"!"), stream.read(&mut [0]));
    for _ in 0..5000 {
        let mut guard = value.lock().expect("nobody has died");
        guard.set(guard.get() + 1);
    }
}

/// Four processes that read and write under the lock, 5000 times each, lose no step.
///
/// Next: everything between `lock` and the guard's drop belongs to one owner; does the lock exclude other *processes*?
#[fact(negated)]
fn nothing_is_lost_under_the_lock() {
    let value = value(0);
    four("adds_under_the_lock", &value).into_iter().for_each(Other::finish);
    expect_eq!(value.load(), 20_000, "a value after 4 × 5000 times get() and set() under the lock");
}

/// A process that is killed while it waits for the lock has not died with it, and stands in nobody's way.
///
/// Next: only who *holds* the lock leaves doubt behind.
#[fact(seconds = 8)]
fn a_killed_waiter_is_no_news() {
    let value = Arc::new(value(0));
    let guard = entered(value.lock(), "locking a new value");
    let theirs = Arc::clone(&value);
    let mut other = Other::with(&value);
    other.does(b'w');
    let waiter = actor("waiter", move || locking(theirs.lock()));
    quiesce();
    other.kill();
    expect_eq!(trying(value.try_lock()), "WouldBlock", "try_lock() when a waiter was killed and the lock is held");
    drop(guard);
    expect_eq!(waiter.finish(), "a guard", "lock() of another waiter, when the lock was released");
    expect_eq!(locking(value.lock()), "a guard", "lock() after that");
}
