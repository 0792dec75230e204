use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Barrier, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::thread;

pub(super) fn readers_share() -> (u32, bool) {
    let lock = Arc::new(RwLock::new(5));
    let barrier = Arc::new(Barrier::new(2));
    let (theirs, their_barrier) = (Arc::clone(&lock), Arc::clone(&barrier));
    let reader = thread::spawn(move || {
        let value = theirs.read().unwrap();
        their_barrier.wait();
        *value
    });
    let value = lock.read().unwrap();
    // Both hold the lock here, or nobody would get past.
    barrier.wait();
    let denied = matches!(lock.try_write(), Err(TryLockError::WouldBlock));
    (*value + reader.join().unwrap(), denied)
}

pub(super) fn a_writer_is_alone() -> (u32, bool, bool) {
    let lock = Arc::new(RwLock::new(0));
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || {
                for _ in 0..2 {
                    let before = *lock.read().unwrap();
                    let mut value = lock.write().unwrap();
                    assert!(*value >= before);
                    *value += 1;
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let guard = lock.write().unwrap();
    (*guard, lock.try_read().is_err(), lock.try_write().is_err())
}

fn panic_holding<G>(take: impl FnOnce() -> G) {
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _guard = take();
        resume_unwind(Box::new("on purpose"));
    }));
    assert!(panicked.is_err());
}

pub(super) fn a_panicking_reader_does_not_poison() -> (bool, bool) {
    let lock = RwLock::new(());
    panic_holding(|| lock.read());
    (lock.is_poisoned(), lock.write().is_ok())
}

pub(super) fn a_panicking_writer_poisons() -> (bool, [bool; 4], u32) {
    let lock = Arc::new(RwLock::new(1));
    let theirs = Arc::clone(&lock);
    thread::spawn(move || {
        let mut value = theirs.write().unwrap();
        *value = 2;
        resume_unwind(Box::new("on purpose"));
    })
    .join()
    .unwrap_err();
    // Each guard is dropped before the next is taken.
    let read = lock.read().is_err();
    let written = lock.write().is_err();
    let tried_to_read = matches!(lock.try_read(), Err(TryLockError::Poisoned(_)));
    let tried_to_write = matches!(lock.try_write(), Err(TryLockError::Poisoned(_)));
    let errors = [read, written, tried_to_read, tried_to_write];
    let value = *lock.read().unwrap_or_else(PoisonError::into_inner);
    (lock.is_poisoned(), errors, value)
}

pub(super) fn poison_can_be_cleared() -> (bool, bool, bool) {
    let mut lock = RwLock::new(3);
    panic_holding(|| lock.write());
    let poisoned = (lock.get_mut().is_err(), RwLock::from(3).into_inner().is_ok());
    lock.clear_poison();
    (poisoned.0, poisoned.1, lock.into_inner().is_ok())
}

pub(super) fn downgrading_keeps_writers_out() -> (u32, u32) {
    let lock = Arc::new(RwLock::new(0));
    let mut value = lock.write().unwrap();
    let theirs = Arc::clone(&lock);
    let writer = thread::spawn(move || *theirs.write().unwrap() += 10);
    *value = 1;
    let value: RwLockReadGuard<u32> = RwLockWriteGuard::downgrade(value);
    let seen = *value;
    drop(value);
    writer.join().unwrap();
    (seen, *lock.read().unwrap())
}

pub(super) fn owned_access() -> (u32, u32, bool) {
    let mut lock = RwLock::new(1);
    *lock.get_mut().unwrap() += 1;
    let value = *lock.read().unwrap();
    let poisoned = RwLock::new(0);
    panic_holding(|| poisoned.write());
    (value, lock.into_inner().unwrap(), poisoned.into_inner().is_err())
}

pub(super) fn unsized_values() -> usize {
    let lock: Arc<RwLock<[u32]>> = Arc::new(RwLock::new([1, 2, 3]));
    lock.write().unwrap()[0] = 4;
    lock.read().unwrap().len() + lock.read().unwrap()[0] as usize
}

pub(super) fn debug_output() -> Vec<String> {
    let lock = RwLock::new(Mutex::new('x'));
    let reading = lock.read().unwrap();
    let mut shown = vec![format!("{lock:?} {reading:?}")];
    drop(reading);
    let writing = lock.write().unwrap();
    shown.push(format!("{lock:?} {writing:?}"));
    drop(writing);
    panic_holding(|| lock.write());
    shown.push(format!("{lock:?}"));
    let number = RwLock::<u8>::default();
    shown.push(number.read().unwrap().to_string());
    shown.push(number.write().unwrap().to_string());
    shown
}
