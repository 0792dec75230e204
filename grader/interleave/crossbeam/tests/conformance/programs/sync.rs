//! Wait groups, parkers and sharded locks.

use super::*;

pub(crate) fn a_wait_group_waits_for_its_members() -> String {
    let group = WaitGroup::new();
    let done = Arc::new(AtomicCell::new(0i32));
    for _ in 0..3 {
        let (group, done) = (group.clone(), Arc::clone(&done));
        thread::spawn(move || {
            done.fetch_add(1);
            drop(group);
        });
    }
    let alone = WaitGroup::default();
    let debug = format!("{alone:?} {:?}", (alone.clone(), &alone).1);
    alone.wait();
    group.wait();
    format!("{} {debug}", done.load())
}

pub(crate) fn all_who_wait_in_a_group_go_on() -> String {
    let group = WaitGroup::new();
    let waiters: Vec<_> = (0..2)
        .map(|number| {
            let group = group.clone();
            thread::spawn(move || {
                group.wait();
                number
            })
        })
        .collect();
    group.wait();
    let ended: Vec<i32> = waiters.into_iter().map(|waiter| waiter.join().unwrap()).collect();
    format!("{ended:?}")
}

pub(crate) fn a_parker_has_one_token() -> String {
    let parker = Parker::new();
    let unparker = parker.unparker().clone();
    unparker.unpark();
    unparker.unpark();
    parker.park();
    let start = Instant::now();
    parker.park_timeout(PAUSE);
    let waited = start.elapsed() >= PAUSE;
    parker.park_deadline(Instant::now());
    let other = thread::spawn(move || unparker.unpark());
    parker.park();
    other.join().unwrap();
    parker.unparker().unpark();
    parker.park_timeout(LONG);
    format!("{waited} {parker:?} {:?}", parker.unparker())
}

pub(crate) fn a_parker_survives_being_a_pointer() -> String {
    let parker = Parker::new();
    let unparker = Unparker::into_raw(parker.unparker().clone());
    let pointer = Parker::into_raw(parker);
    let same = unparker == pointer;
    // SAFETY: both are made into what they were, once.
    let (parker, unparker) = unsafe { (Parker::from_raw(pointer), Unparker::from_raw(unparker)) };
    let other = thread::spawn(move || unparker.unpark());
    parker.park();
    other.join().unwrap();
    format!("{same}")
}

pub(crate) fn a_parked_thread_sees_what_was_before_the_unpark() -> String {
    let parker = Parker::default();
    let (unparker, cell) = (parker.unparker().clone(), Arc::new(AtomicCell::new(0)));
    let theirs = Arc::clone(&cell);
    let other = thread::spawn(move || {
        theirs.store(5);
        unparker.unpark();
    });
    parker.park();
    let seen = cell.load();
    other.join().unwrap();
    seen.to_string()
}

pub(crate) fn a_sharded_lock_excludes_writers() -> String {
    let lock = ShardedLock::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut value = lock.write().unwrap();
                let read = *value;
                thread::yield_now();
                *value = read + 1;
            });
        }
        scope.spawn(|| *lock.read().unwrap());
    });
    let reader = lock.read().unwrap();
    let tried = (lock.try_read().is_ok(), lock.try_write().is_err());
    let debug = format!("{lock:?} {reader:?} {reader}");
    drop(reader);
    let writer = lock.write().unwrap();
    let held = (lock.try_read().is_err(), lock.try_write().is_err(), format!("{lock:?} {writer}"));
    drop(writer);
    format!("{tried:?} {debug} {held:?} {:?} {:?}", lock.is_poisoned(), lock.into_inner())
}

pub(crate) fn a_sharded_lock_is_poisoned_by_writers_only() -> String {
    let lock = Arc::new(ShardedLock::new(1));
    let theirs = Arc::clone(&lock);
    let reader = thread::spawn(move || {
        let _guard = theirs.read().unwrap();
        panic!("a reader");
    });
    let after_reader = (reader.join().is_err(), lock.is_poisoned());
    let theirs = Arc::clone(&lock);
    let writer = thread::spawn(move || {
        *theirs.write().unwrap() = 2;
        let _guard = theirs.write().unwrap();
        panic!("a writer");
    });
    let after_writer = (writer.join().is_err(), lock.is_poisoned());
    let value = lock.read().map_or_else(|poisoned| **poisoned.get_ref(), |guard| *guard);
    format!("{after_reader:?} {after_writer:?} {value} {}", lock.try_write().is_err())
}
