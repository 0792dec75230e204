use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use std::thread;

pub(super) fn a_lock_is_set_once() -> (usize, bool) {
    let lock = Arc::new(OnceLock::new());
    let threads: Vec<_> = (0..3)
        .map(|number| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || (number, lock.set(number)))
        })
        .collect();
    let results: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    let winner = results.iter().find(|(_, result)| result.is_ok()).unwrap().0;
    let losers = results.iter().filter(|(number, result)| *result == Err(*number)).count();
    (losers, lock.get() == Some(&winner))
}

pub(super) fn get_or_init_runs_one_closure() -> (u32, u32) {
    let lock = OnceLock::new();
    let calls = Mutex::new(0);
    let make = || {
        *calls.lock().unwrap() += 1;
        20
    };
    let sum = thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| *lock.get_or_init(make))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    (sum, calls.into_inner().unwrap())
}

pub(super) fn a_panic_leaves_it_empty() -> (bool, Option<u32>, u32) {
    let lock = OnceLock::new();
    let panicked = catch_unwind(AssertUnwindSafe(|| lock.get_or_init(|| resume_unwind(Box::new(0))))).is_err();
    (panicked, lock.get().copied(), *lock.get_or_init(|| 5))
}

pub(super) fn wait_sees_the_value() -> u32 {
    let lock = OnceLock::new();
    thread::scope(|scope| {
        scope.spawn(|| lock.set(2).unwrap());
        *lock.wait()
    })
}

pub(super) fn owned_access() -> (Option<u32>, Option<u32>, Option<u32>, Option<u32>) {
    let mut lock = OnceLock::from(1);
    *lock.get_mut().unwrap() += 1;
    let taken = lock.take();
    let empty = lock.get_mut().copied();
    lock.set(9).unwrap();
    (taken, empty, lock.clone().into_inner(), OnceLock::default().into_inner())
}

pub(super) fn comparisons() -> (bool, bool, bool) {
    let (empty, one) = (OnceLock::new(), OnceLock::from(1));
    (empty == one, one == one.clone(), empty == OnceLock::new())
}

pub(super) fn a_lazy_value_is_made_once() -> (u32, u32) {
    let calls = Arc::new(Mutex::new(0));
    let theirs = Arc::clone(&calls);
    let lazy = LazyLock::new(move || {
        *theirs.lock().unwrap() += 1;
        30
    });
    let sum = thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| *lazy)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u32>() + *LazyLock::force(&lazy)
    });
    let calls = *calls.lock().unwrap();
    (sum, calls)
}

pub(super) fn a_panic_poisons_a_lazy_value() -> (u32, String, bool) {
    let lazy: LazyLock<u32> = LazyLock::new(|| resume_unwind(Box::new(4u32)));
    let first = catch_unwind(|| *lazy).unwrap_err();
    let second = catch_unwind(|| *lazy).unwrap_err();
    let text = second.downcast_ref::<&str>().map(|text| text.to_string());
    let text = text.or_else(|| second.downcast_ref::<String>().cloned()).unwrap();
    (*first.downcast::<u32>().unwrap(), text, LazyLock::get(&lazy).is_none())
}

pub(super) fn lazy_owned_access() -> (bool, u32, u32, u32, Option<u32>) {
    let mut lazy = LazyLock::new(|| 1);
    let empty = LazyLock::get_mut(&mut lazy).is_none();
    let first = *LazyLock::force_mut(&mut lazy);
    *lazy += 1;
    let second = *lazy;
    *LazyLock::get_mut(&mut lazy).unwrap() += 1;
    (empty, first, second, *lazy, LazyLock::get(&lazy).copied())
}

pub(super) fn statics_start_anew() -> (u32, u32) {
    static ONCE: OnceLock<u32> = OnceLock::new();
    static LAZY: LazyLock<Mutex<u32>> = LazyLock::new(|| Mutex::new(0));
    // Each execution of the explored program is as the only one of the real program.
    ONCE.set(1).unwrap();
    let other = thread::spawn(|| *LAZY.lock().unwrap() += 1);
    *LAZY.lock().unwrap() += 1;
    other.join().unwrap();
    (*ONCE.get().unwrap(), *LAZY.lock().unwrap())
}

pub(super) fn values_are_dropped() -> Vec<usize> {
    let counted = Arc::new(());
    let count = || Arc::strong_count(&counted);
    let (in_lock, in_lazy) = (Arc::clone(&counted), Arc::clone(&counted));
    let (lock, lazy) = (OnceLock::from(in_lock), LazyLock::new(move || in_lazy));
    let mut counts = vec![count()];
    let not_forced = Arc::clone(&counted);
    drop(LazyLock::new(move || not_forced));
    counts.push(count());
    drop(lock);
    counts.push(count());
    counts.push(Arc::strong_count(&lazy));
    drop(lazy);
    counts.push(count());
    counts
}

pub(super) fn debug_output() -> Vec<String> {
    let lock = OnceLock::new();
    let lazy = LazyLock::new(|| 'l');
    let before = format!("{lock:?} {lazy:?}");
    lock.set('o').unwrap();
    LazyLock::force(&lazy);
    vec![before, format!("{lock:?} {lazy:?}"), format!("{:?}", *LazyLock::<u8>::default())]
}
