use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

type Shared = Arc<(Mutex<u32>, Condvar)>;

fn shared() -> Shared {
    Arc::default()
}

pub(super) fn a_notified_waiter_goes_on() -> u32 {
    let shared = shared();
    let theirs = Arc::clone(&shared);
    let waiter = thread::spawn(move || {
        let mut value = theirs.0.lock().unwrap();
        while *value == 0 {
            value = theirs.1.wait(value).unwrap();
        }
        *value += 1;
        *value
    });
    *shared.0.lock().unwrap() = 7;
    shared.1.notify_one();
    waiter.join().unwrap()
}

pub(super) fn all_waiters_go_on() -> u32 {
    let shared = shared();
    let waiters: Vec<_> = (0..2)
        .map(|_| {
            let theirs = Arc::clone(&shared);
            thread::spawn(move || *theirs.1.wait_while(theirs.0.lock().unwrap(), |value| *value == 0).unwrap())
        })
        .collect();
    *shared.0.lock().unwrap() = 4;
    shared.1.notify_all();
    waiters.into_iter().map(|waiter| waiter.join().unwrap()).sum()
}

pub(super) fn wait_while_returns_when_it_may() -> (u32, bool) {
    let (mutex, condvar) = &*shared();
    let value = condvar.wait_while(mutex.lock().unwrap(), |value| *value > 0).unwrap();
    let seen = *value;
    drop(value);
    condvar.notify_one();
    condvar.notify_all();
    let never = Duration::from_secs(3600);
    (seen, condvar.wait_timeout_while(mutex.lock().unwrap(), never, |_| false).unwrap().1.timed_out())
}

pub(super) fn time_outs_are_told() -> (u32, bool, bool) {
    let (mutex, condvar) = &*shared();
    let moment = Duration::from_millis(1);
    let mut value = mutex.lock().unwrap();
    // A single wait may end for no reason, so that it is repeated until it does not.
    loop {
        let result;
        (value, result) = condvar.wait_timeout(value, moment).unwrap();
        if result.timed_out() {
            break;
        }
    }
    let (value, result) = condvar.wait_timeout_while(value, moment, |value| *value == 0).unwrap();
    let copy = result;
    (*value, result.timed_out(), copy == result)
}

pub(super) fn wait_timeout_ms_says_false() -> bool {
    let (mutex, condvar) = &*shared();
    let mut value = mutex.lock().unwrap();
    loop {
        let notified;
        (value, notified) = condvar.wait_timeout_ms(value, 1).unwrap();
        if !notified {
            return notified;
        }
    }
}

pub(super) fn a_condition_that_comes_in_time() -> (u32, bool) {
    let shared = shared();
    let theirs = Arc::clone(&shared);
    let waiter = thread::spawn(move || {
        let ages = Duration::MAX;
        let (value, result) = theirs.1.wait_timeout_while(theirs.0.lock().unwrap(), ages, |value| *value == 0).unwrap();
        (*value, result.timed_out())
    });
    *shared.0.lock().unwrap() = 3;
    shared.1.notify_one();
    waiter.join().unwrap()
}

pub(super) fn a_poisoned_lock_is_told_after_the_wait() -> (bool, bool, u32) {
    let shared = shared();
    let theirs = Arc::clone(&shared);
    let panics = thread::spawn(move || {
        let mut value = theirs.0.lock().unwrap();
        *value = 1;
        theirs.1.notify_all();
        std::panic::resume_unwind(Box::new("on purpose"));
    });
    let panicked = panics.join().is_err();
    let moment = Duration::from_millis(1);
    let value = shared.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let poisoned = shared.1.wait_timeout(value, moment).is_err();
    let value = shared.1.wait_while(shared.0.lock().unwrap_err().into_inner(), |value| *value == 0);
    (panicked, poisoned, *value.unwrap())
}

pub(super) fn debug_output() -> String {
    let (mutex, condvar) = (Mutex::new(()), Condvar::default());
    let (_value, result) = condvar.wait_timeout_while(mutex.lock().unwrap(), Duration::ZERO, |()| true).unwrap();
    format!("{:?} {result:?}", Condvar::new())
}
