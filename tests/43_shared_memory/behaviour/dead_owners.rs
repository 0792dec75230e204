//! Owners that die: who is told, how often, and how the memory is put right.

use super::objects::{array, dies_with, entered, in_doubt, locking, same_value, trying, value};
use super::other_process::Other;
use harness::{actor, expect, expect_eq, fact, quiesce};
use std::sync::Arc;
use subject::TryLockError;

/// When a process is killed while it holds the lock, the next owner is told; when that has recovered, nobody else is.
///
/// Next: a robust lock reports the death to the next owner once, and wants to be declared consistent.
#[fact(seconds = 8)]
fn the_death_of_an_owner_is_told_once() {
    let value = value(0);
    let mut witness = Other::with(&value);
    for round in 0..2 {
        let mut owner = Other::with(&value);
        expect_eq!(owner.gets(b'l'), "a guard", "lock() in another process");
        expect_eq!(trying(value.try_lock()), "WouldBlock", "try_lock() while it holds the lock");
        owner.kill();
        let died = match round {
            0 => in_doubt(value.lock(), "lock() when the owner was killed"),
            _ => match value.try_lock() {
                Err(TryLockError::OwnerDied(died)) => died,
                other => harness::unmet("try_lock() when the owner was killed", "OwnerDied", trying(other)),
            },
        };
        drop(died.recover());
        expect_eq!(locking(value.lock()), "a guard", "lock() when somebody has recovered");
        expect_eq!(trying(value.try_lock()), "a guard", "try_lock() when somebody has recovered");
        expect_eq!(witness.gets(b'l'), "a guard", "lock() in a third process, when somebody has recovered");
        witness.does(b'u');
    }
}

/// A `lock` that is already waiting when the owner is killed gets the lock, and is told.
///
/// Next: the kernel must know who holds the lock, or it cannot wake anybody when that process is gone.
#[fact(seconds = 8, negated)]
fn a_waiter_is_told_when_the_owner_is_killed() {
    let value = Arc::new(value(0));
    let mut owner = Other::with(&value);
    expect_eq!(owner.gets(b'l'), "a guard", "lock() in another process");
    let waiters = ["first", "second"].map(|name| {
        let theirs = Arc::clone(&value);
        actor(name, move || match theirs.lock() {
            Ok(_) => "a guard",
            Err(died) => {
                drop(died.recover());
                "OwnerDied"
            }
        })
    });
    quiesce();
    expect!(
        waiters.iter().all(|waiter| !waiter.has_finished()),
        "lock() while another process holds it",
        "it waits",
        "it returned"
    );
    owner.kill();
    let mut got = waiters.map(|waiter| waiter.finish());
    got.sort_unstable();
    expect_eq!(
        got,
        ["OwnerDied", "a guard"],
        "what two waiting threads got when the owner was killed, the first of them recovering"
    );
}

/// `OwnerDied` holds the lock, and so does what `recover` makes of it, without a gap.
///
/// Next: `recover` hands over the guard that is inside; it does not lock again.
#[fact]
fn the_news_holds_the_lock() {
    let value = value(0);
    let same = same_value(&value);
    dies_with(&value);
    let died = in_doubt(value.lock(), "lock() when the owner has ended");
    expect_eq!(trying(same.try_lock()), "WouldBlock", "try_lock() while somebody has OwnerDied");
    let mut guard = died.recover();
    expect_eq!(trying(same.try_lock()), "WouldBlock", "try_lock() while somebody has the guard of recover()");
    guard.set(guard.get() + 1);
    drop(guard);
    expect_eq!(trying(same.try_lock()), "a guard", "try_lock() when the guard of recover() was dropped");
    expect_eq!(value.load(), 1, "the value after set() through the guard of recover()");
}

/// Until somebody recovers, the data stay in doubt: everybody who gets the lock is told, in every process.
///
/// Next: the doubt is part of the shared memory; the kernel tells the death only once.
#[fact(seconds = 8)]
fn doubt_stays_until_somebody_recovers() {
    let value = value(0);
    let mut other = Other::with(&value);
    dies_with(&value);
    expect_eq!(locking(value.lock()), "OwnerDied", "lock() when the owner has ended");
    expect_eq!(locking(value.lock()), "OwnerDied", "lock() when OwnerDied was dropped without recover()");
    expect_eq!(
        trying(same_value(&value).try_lock()),
        "OwnerDied",
        "try_lock() through a new object, still without recover()"
    );
    expect_eq!(other.gets(b'l'), "OwnerDied", "lock() in another process, still without recover()");
    other.does(b'u');
    expect_eq!(other.gets(b't'), "OwnerDied", "try_lock() in another process, still without recover()");
    expect_eq!(trying(value.try_lock()), "WouldBlock", "try_lock() while that process has OwnerDied");
    other.does(b'r');
    other.does(b'u');
    expect_eq!(locking(value.lock()), "a guard", "lock() when another process has recovered");
}

/// Who dies with `OwnerDied`, or after it has recovered but still holds the lock, has died as an owner.
///
/// Next: nothing that happened to a lock before makes the next death unheard.
#[fact(seconds = 8)]
fn an_owner_may_die_after_another() {
    let value = value(0);
    for recovers in [false, true] {
        dies_with(&value);
        let mut other = Other::with(&value);
        expect_eq!(other.gets(b'l'), "OwnerDied", "lock() in another process, when an owner has ended");
        if recovers {
            other.does(b'r');
        }
        other.kill();
        let about = if recovers {
            "lock() when that process has recovered and was killed then"
        } else {
            "lock() when that process was killed"
        };
        drop(in_doubt(value.lock(), about).recover());
        expect_eq!(locking(value.lock()), "a guard", "lock() when somebody has recovered");
    }
}

/// A thread that ends while it holds the lock, and a process that exits with it, have died as an owner.
///
/// Next: the owner is a thread, and it need not be killed to be gone.
#[fact(seconds = 8)]
fn who_ends_with_the_lock_has_died() {
    let one = value(0);
    dies_with(&one);
    drop(in_doubt(one.lock(), "lock() when the thread that held it has ended").recover());
    let mut other = Other::with(&one);
    expect_eq!(other.gets(b'l'), "a guard", "lock() in another process");
    other.says(b'x');
    other.finish();
    expect_eq!(trying(one.try_lock()), "OwnerDied", "try_lock() when the process that held it has exited with code 0");
}

/// An array whose owner has died half-way can be seen as it was left, and put right.
///
/// Next: nothing is undone and nothing is lost: `recover` leads to the numbers as they are.
#[fact(negated)]
fn a_half_changed_array_can_be_put_right() {
    let array = array(&[50, 50]);
    std::thread::scope(|scope| {
        let transfer = || {
            let mut guard = array.lock().expect("nobody has died");
            guard[0] -= 20;
            std::mem::forget(guard);
        };
        scope.spawn(transfer).join().expect("leaking does not panic");
    });
    expect_eq!(trying(array.try_lock()), "OwnerDied", "try_lock() of an array whose owner has ended");
    let mut guard = in_doubt(array.lock(), "lock() of an array whose owner has ended").recover();
    expect_eq!(guard[..], [30, 50], "the numbers as the dead owner left them");
    guard[1] = 70;
    drop(guard);
    expect_eq!(entered(array.lock(), "lock() when somebody has recovered")[..], [30, 70], "the numbers after that");
}

/// An object whose guard was leaked can be dropped: the lock stays held, and nothing else comes to harm.
///
/// Next: a robust lock that is held is in a list of its thread, by address. What does that list see when the memory is unmapped?
#[fact]
fn a_leaked_guard_does_no_harm() {
    for leaked in ["the guard of lock()", "the guard of try_lock()", "OwnerDied"] {
        let (value, other) = (Arc::new(value(7)), Arc::new(value(0)));
        if leaked == "OwnerDied" {
            dies_with(&value);
        }
        let (theirs, others) = (same_value(&value), Arc::clone(&other));
        let (tell, wait) = std::sync::mpsc::channel::<()>();
        let leaker = actor("leaker", move || {
            match leaked {
                "the guard of try_lock()" => std::mem::forget(theirs.try_lock()),
                _ => std::mem::forget(theirs.lock()),
            }
            drop(theirs);
            for _ in 0..3 {
                drop(others.lock());
            }
            let _ = wait.recv();
        });
        quiesce();
        expect_eq!(
            trying(value.try_lock()),
            "WouldBlock",
            format!("try_lock() while a thread runs that has leaked {leaked}, and dropped the object")
        );
        expect_eq!(value.load(), 7, format!("the value of a lock when {leaked} was leaked"));
        expect_eq!(
            trying(other.try_lock()),
            "a guard",
            "try_lock() of another lock, which that thread has taken and released since"
        );
        drop(tell);
        leaker.finish();
        expect_eq!(trying(value.try_lock()), "OwnerDied", "try_lock() when that thread has ended");
    }
}

/// The errors of `lock` and `try_lock` have words for people.
///
/// Next: the starter has them.
#[fact]
fn errors_have_words() {
    let value = value(1);
    dies_with(&value);
    let told = value.try_lock().map(drop).map_err(|error| error.to_string()).unwrap_err();
    let died = in_doubt(value.lock(), "lock() when the owner has ended");
    let busy = value.try_lock().map(drop).map_err(|error| error.to_string()).unwrap_err();
    expect!(!told.is_empty() && !died.to_string().is_empty(), "the Display of OwnerDied", "some words", "nothing");
    expect!(!busy.is_empty() && busy != told, "the Display of WouldBlock", "other words", busy);
}
