//! The programs "CS" of SCTBench whose threads wait for ever: for each other, or for a wakeup that has gone by.

use super::super::bug::Version;
use super::super::platform::sync::{Condvar, Mutex};
use super::super::platform::thread;

/// The first of a group to come takes a lock for the group, and holds the group's own lock meanwhile; the last to leave
/// needs the group's own lock to give the other one up. Two groups share both.
pub(crate) fn carter01(version: Version) {
    let (door, room) = (Mutex::new(0), Mutex::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                if version.is_mended() {
                    let mut room = room.lock().unwrap();
                    *door.lock().unwrap() += 1;
                    *room += 1;
                    return;
                }
                let mut at_door = door.lock().unwrap();
                *at_door += 1;
                let mut room = room.lock().unwrap();
                drop(at_door);
                *room += 1;
                *door.lock().unwrap() -= 1;
            });
        }
    });
}

/// Two locks in two orders.
pub(crate) fn deadlock01(version: Version) {
    let (first, second) = (Mutex::new(0), Mutex::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut one = first.lock().unwrap();
            *second.lock().unwrap() += 1;
            *one += 1;
        });
        scope.spawn(|| {
            if version.is_mended() {
                let mut one = first.lock().unwrap();
                *second.lock().unwrap() += 1;
                *one += 1;
            } else {
                let mut two = second.lock().unwrap();
                *first.lock().unwrap() += 1;
                *two += 1;
            }
        });
    });
}

/// Every philosopher holds the fork on one side and waits for the other.
fn din_phil(version: Version, count: usize) {
    let forks: Vec<Mutex<u32>> = (0..count).map(|_| Mutex::new(0)).collect();
    thread::scope(|scope| {
        for seat in 0..count {
            let forks = &forks;
            scope.spawn(move || {
                let (mut one, mut other) = (seat, (seat + 1) % count);
                if version.is_mended() && one > other {
                    (one, other) = (other, one);
                }
                let mut one = forks[one].lock().unwrap();
                let mut other = forks[other].lock().unwrap();
                *one += 1;
                *other += 1;
            });
        }
    });
}

/// Two philosophers.
pub(crate) fn din_phil2(version: Version) {
    din_phil(version, 2);
}

/// Five philosophers: all of them must have been stopped half-way.
pub(crate) fn din_phil5(version: Version) {
    din_phil(version, 5);
}

/// A second phase takes the lock that the first one still holds.
pub(crate) fn phase01(version: Version) {
    let (first, second) = (Mutex::new(0), Mutex::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut phase = first.lock().unwrap();
            *phase += 1;
            *second.lock().unwrap() += 1;
            if version.is_mended() {
                drop(phase);
            }
            *first.lock().unwrap() += 1;
        });
    });
}

/// The condition is checked, the lock given up and taken again, and then waited: the notification comes in between.
pub(crate) fn sync01(version: Version) {
    let (ready, changed) = (Mutex::new(false), Condvar::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            if version.is_mended() {
                drop(changed.wait_while(ready.lock().unwrap(), |ready| !*ready).unwrap());
            } else if !*ready.lock().unwrap() {
                drop(changed.wait(ready.lock().unwrap()).unwrap());
            }
        });
        *ready.lock().unwrap() = true;
        changed.notify_one();
    });
}

/// Producer and consumer tell each other only at the edges, full and empty, and only one of those who wait: with two consumers,
/// one of them is never told.
pub(crate) fn sync02(version: Version) {
    let (items, not_empty) = (Mutex::new(0), Condvar::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut items = not_empty.wait_while(items.lock().unwrap(), |items| *items == 0).unwrap();
                *items -= 1;
            });
        }
        for _ in 0..2 {
            let mut items = items.lock().unwrap();
            *items += 1;
            if *items == 1 || version.is_mended() {
                not_empty.notify_one();
            }
        }
    });
}
