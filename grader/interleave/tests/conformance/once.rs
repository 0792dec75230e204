use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, Once};
use std::thread;

pub(super) fn it_runs_once() -> (u32, bool, bool) {
    let once = Arc::new(Once::new());
    let count = Arc::new(Mutex::new(0));
    let before = once.is_completed();
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let (once, count) = (Arc::clone(&once), Arc::clone(&count));
            thread::spawn(move || {
                once.call_once(|| *count.lock().unwrap() += 1);
                *count.lock().unwrap()
            })
        })
        .collect();
    let seen = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    (seen, before, once.is_completed())
}

fn panics(once: &Once) -> String {
    let called = catch_unwind(AssertUnwindSafe(|| once.call_once(|| resume_unwind(Box::new("closure".to_owned())))));
    let payload = called.unwrap_err();
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap().to_owned()
}

pub(super) fn a_panic_poisons() -> (String, String, bool, bool) {
    let once = Arc::new(Once::new());
    let theirs = Arc::clone(&once);
    let first = thread::spawn(move || panics(&theirs)).join().unwrap();
    let second = panics(&once);
    let waiting = catch_unwind(|| once.wait()).is_err();
    (first, second, once.is_completed(), waiting)
}

pub(super) fn force_mends() -> (bool, bool, bool, bool) {
    let once = Once::new();
    panics(&once);
    let still = catch_unwind(AssertUnwindSafe(|| once.call_once_force(|_| resume_unwind(Box::new(0))))).is_err();
    let mut was_poisoned = false;
    once.call_once_force(|state| was_poisoned = state.is_poisoned());
    let mut again = false;
    once.call_once_force(|_| again = true);
    once.call_once(|| again = true);
    (still, was_poisoned, again, once.is_completed())
}

pub(super) fn waiting() -> (bool, u32) {
    let once = Arc::new(Once::new());
    let value = Arc::new(Mutex::new(0));
    let threads: Vec<_> = [Once::wait as fn(&Once), Once::wait_force]
        .into_iter()
        .map(|wait| {
            let (once, value) = (Arc::clone(&once), Arc::clone(&value));
            thread::spawn(move || {
                wait(&once);
                *value.lock().unwrap()
            })
        })
        .collect();
    once.call_once(|| *value.lock().unwrap() = 21);
    let sum = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    (once.is_completed(), sum)
}

pub(super) fn debug_output() -> String {
    let once = Once::new();
    let mut shown = String::new();
    once.call_once_force(|state| shown = format!("{state:?}"));
    format!("{once:?} {shown}")
}
