//! The programs "CS" of SCTBench that compute something wrong, depending on who comes first.

use super::super::bug::Version;
use super::super::platform::hint;
use super::super::platform::sync::atomic::Ordering::SeqCst;
use super::super::platform::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize};
use super::super::platform::sync::{Condvar, Mutex};
use super::super::platform::thread;
use std::collections::VecDeque;

/// A deposit is refused once money has been withdrawn, and whoever balances the books does not expect it.
pub(crate) fn account(version: Version) {
    struct Account {
        balance: i32,
        touched: bool,
    }
    let account = Mutex::new(Account { balance: 100, touched: false });
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut account = account.lock().unwrap();
            if !account.touched || version.is_mended() {
                account.balance += 20;
            }
        });
        scope.spawn(|| {
            let mut account = account.lock().unwrap();
            account.balance -= 30;
            account.touched = true;
        });
    });
    assert_eq!(account.lock().unwrap().balance, 90);
}

/// The total is announced before its last term has been added.
pub(crate) fn arithmetic_prog(version: Version) {
    let (number, changed) = (Mutex::new(0), Condvar::new());
    let (total, done) = (Mutex::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            for term in 1..=3 {
                let mut number = changed.wait_while(number.lock().unwrap(), |number| *number != 0).unwrap();
                *number = term;
                changed.notify_one();
            }
        });
        scope.spawn(|| {
            for round in 1..=3 {
                let mut number = changed.wait_while(number.lock().unwrap(), |number| *number == 0).unwrap();
                let term = std::mem::take(&mut *number);
                drop(number);
                changed.notify_one();
                if !version.is_mended() {
                    done.store(round == 3, SeqCst);
                }
                *total.lock().unwrap() += term;
                done.store(round == 3, SeqCst);
            }
        });
        if done.load(SeqCst) {
            assert_eq!(*total.lock().unwrap(), 6);
        }
    });
}

/// A request asks whether the driver stops, and only then says that it is under way: the driver stops in between.
pub(crate) fn bluetooth_driver(version: Version) {
    let stopping = AtomicBool::new(false);
    let stopped = AtomicBool::new(false);
    let pending = AtomicI32::new(1);
    let leave = || {
        if pending.fetch_sub(1, SeqCst) == 1 {
            stopped.store(true, SeqCst);
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            stopping.store(true, SeqCst);
            leave();
        });
        scope.spawn(|| {
            if version.is_mended() {
                pending.fetch_add(1, SeqCst);
                if !stopping.load(SeqCst) {
                    assert!(!stopped.load(SeqCst));
                }
            } else if !stopping.load(SeqCst) {
                pending.fetch_add(1, SeqCst);
                assert!(!stopped.load(SeqCst));
            } else {
                return;
            }
            leave();
        });
    });
}

/// The writer of a ring announces a place before it has filled it.
pub(crate) fn circular_buffer(version: Version) {
    let places = [const { AtomicI32::new(0) }; 3];
    let written = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for (index, place) in places.iter().enumerate() {
                if version.is_mended() {
                    place.store(index as i32 + 1, SeqCst);
                    written.store(index + 1, SeqCst);
                } else {
                    written.store(index + 1, SeqCst);
                    place.store(index as i32 + 1, SeqCst);
                }
            }
        });
        for (index, place) in places.iter().enumerate() {
            while written.load(SeqCst) <= index {
                hint::spin_loop();
            }
            assert_eq!(place.load(SeqCst), index as i32 + 1);
        }
    });
}

/// A file system looks for a free block under the block's lock, and takes it under another acquisition of that lock: two files
/// get the same block.
pub(crate) fn fsbench(version: Version) {
    let busy = [const { Mutex::new(false) }; 3];
    let owner = [const { AtomicI32::new(0) }; 3];
    thread::scope(|scope| {
        for file in 1..=3 {
            let (busy, owner) = (&busy, &owner);
            scope.spawn(move || {
                for (busy, owner) in busy.iter().zip(owner) {
                    let mut guard = busy.lock().unwrap();
                    if *guard {
                        continue;
                    }
                    if !version.is_mended() {
                        drop(guard);
                        guard = busy.lock().unwrap();
                    }
                    *guard = true;
                    assert_eq!(owner.swap(file, SeqCst), 0, "the block has a file");
                    return;
                }
            });
        }
    });
}

/// A third thread takes for granted that it comes before the work of the other two is complete.
pub(crate) fn lazy01(version: Version) {
    let data = Mutex::new(0);
    thread::scope(|scope| {
        let first = scope.spawn(|| *data.lock().unwrap() += 1);
        let check = scope.spawn(|| assert!(*data.lock().unwrap() < 3));
        if version.is_mended() {
            first.join().unwrap();
            check.join().unwrap();
        }
        scope.spawn(|| *data.lock().unwrap() += 2);
    });
}

/// Whether there is something in the queue is asked under one acquisition of the lock, and it is taken under another.
pub(crate) fn queue(version: Version) {
    let queue = Mutex::new(VecDeque::from([1, 2, 3]));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..2 {
                    if version.is_mended() {
                        queue.lock().unwrap().pop_front();
                    } else if !queue.lock().unwrap().is_empty() {
                        queue.lock().unwrap().pop_front().expect("it was not empty");
                    }
                }
            });
        }
    });
}

/// Setters write one variable and then the other; whoever reads both sees a pair that no setter has written.
fn reorder(version: Version, setters: usize) {
    let (one, other) = (AtomicI32::new(0), AtomicI32::new(0));
    let lock = Mutex::new(());
    thread::scope(|scope| {
        for _ in 0..setters {
            scope.spawn(|| {
                let _lock = version.is_mended().then(|| lock.lock().unwrap());
                one.store(1, SeqCst);
                other.store(-1, SeqCst);
            });
        }
        scope.spawn(|| {
            let _lock = version.is_mended().then(|| lock.lock().unwrap());
            let pair = (one.load(SeqCst), other.load(SeqCst));
            assert!(pair == (0, 0) || pair == (1, -1), "{pair:?}");
        });
    });
}

/// Two setters, one checker.
pub(crate) fn reorder_3(version: Version) {
    reorder(version, 2);
}

/// Nine setters, one checker: every setter that comes through first hides the bug.
pub(crate) fn reorder_10(version: Version) {
    reorder(version, 9);
}

/// Nineteen setters, one checker.
pub(crate) fn reorder_20(version: Version) {
    reorder(version, 19);
}

/// "Something has been pushed" is taken for "there is something": two poppers wait for the first push only.
pub(crate) fn stack(version: Version) {
    let (stack, pushed) = (Mutex::new((Vec::new(), false)), Condvar::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            for value in 0..2 {
                let mut stack = stack.lock().unwrap();
                stack.0.push(value);
                stack.1 = true;
                drop(stack);
                pushed.notify_all();
            }
        });
        for _ in 0..2 {
            scope.spawn(|| {
                let nothing = |stack: &mut (Vec<i32>, bool)| match version {
                    Version::Broken => !stack.1,
                    Version::Mended => stack.0.is_empty(),
                };
                let mut stack = pushed.wait_while(stack.lock().unwrap(), nothing).unwrap();
                stack.0.pop().expect("something has been pushed");
            });
        }
    });
}

/// Each step is locked, but what comes out depends on the order of the steps of two threads.
pub(crate) fn stateful01(version: Version) {
    let (first, second) = (Mutex::new(10), Mutex::new(10));
    thread::scope(|scope| {
        let adds = scope.spawn(|| {
            *first.lock().unwrap() += 1;
            *second.lock().unwrap() += 1;
        });
        if version.is_mended() {
            adds.join().unwrap();
        }
        scope.spawn(|| {
            *first.lock().unwrap() += 5;
            *second.lock().unwrap() *= 2;
        });
    });
    assert_eq!((*first.lock().unwrap(), *second.lock().unwrap()), (16, 22));
}

/// Each of three threads takes over what the one before it has written, but nothing makes them run in that order.
pub(crate) fn token_ring(version: Version) {
    let places = Mutex::new([1, 0, 0, 0]);
    thread::scope(|scope| {
        for index in 1..4 {
            let places = &places;
            let thread = scope.spawn(move || {
                let mut places = places.lock().unwrap();
                places[index] = places[index - 1] + 1;
            });
            if version.is_mended() {
                thread.join().unwrap();
            }
        }
    });
    assert_eq!(*places.lock().unwrap(), [1, 2, 3, 4]);
}

/// Two values that belong together are written in two stages under two locks.
fn twostages(version: Version, writers: usize) {
    let (first, second) = (Mutex::new(0), Mutex::new(0));
    thread::scope(|scope| {
        for _ in 0..writers {
            scope.spawn(|| {
                let mut one = first.lock().unwrap();
                *one = 1;
                let kept = if version.is_mended() {
                    Some(one)
                } else {
                    drop(one);
                    None
                };
                *second.lock().unwrap() = 2;
                drop(kept);
            });
        }
        scope.spawn(|| {
            let one = *first.lock().unwrap();
            if one == 0 {
                return;
            }
            assert_eq!(*second.lock().unwrap(), one + 1);
        });
    });
}

/// One writer, one reader.
pub(crate) fn twostage(version: Version) {
    twostages(version, 1);
}

/// Nineteen writers, one reader: it must meet the very first of them half-way.
pub(crate) fn twostage_20(version: Version) {
    twostages(version, 19);
}

/// Some threads guard a value with one lock, one with another.
fn wronglocks(version: Version, threads: usize) {
    let value = AtomicI32::new(0);
    let (right, wrong) = (Mutex::new(()), Mutex::new(()));
    let locks: Vec<&Mutex<()>> =
        (0..threads).map(|index| if index == 0 && !version.is_mended() { &wrong } else { &right }).collect();
    thread::scope(|scope| {
        for lock in locks {
            let value = &value;
            scope.spawn(move || {
                let _lock = lock.lock().unwrap();
                let before = value.load(SeqCst);
                value.store(before + 1, SeqCst);
                assert_eq!(value.load(SeqCst), before + 1);
            });
        }
    });
}

/// Eight threads.
pub(crate) fn wronglock(version: Version) {
    wronglocks(version, 8);
}

/// Four threads.
pub(crate) fn wronglock_3(version: Version) {
    wronglocks(version, 4);
}
