use std::panic::{AssertUnwindSafe, Location, catch_unwind, panic_any, resume_unwind};
use std::sync::{Arc, Mutex};
use std::thread;

pub(super) fn payloads_come_through() -> (&'static str, String, u32, bool) {
    let word = catch_unwind(|| panic!("a word")).unwrap_err();
    let two = 2;
    let text = catch_unwind(|| panic!("{two} words")).unwrap_err();
    let any = catch_unwind(|| panic_any(3u32)).unwrap_err();
    let fine = catch_unwind(|| 4);
    (
        *word.downcast::<&'static str>().unwrap(),
        *text.downcast::<String>().unwrap(),
        *any.downcast::<u32>().unwrap(),
        fine.is_ok(),
    )
}

pub(super) fn a_resumed_panic_keeps_its_payload() -> u32 {
    let outer = catch_unwind(|| {
        let inner = catch_unwind(|| panic_any(8u32)).unwrap_err();
        resume_unwind(inner);
    });
    *outer.unwrap_err().downcast::<u32>().unwrap()
}

/// Notes whether its thread panics when it is dropped.
struct Notes(Arc<Mutex<Vec<bool>>>);

impl Drop for Notes {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(thread::panicking());
    }
}

pub(super) fn panicking_is_told() -> (Vec<bool>, bool) {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let theirs = Arc::clone(&notes);
    drop(Notes(Arc::clone(&notes)));
    thread::spawn(move || {
        let _notes = Notes(theirs);
        resume_unwind(Box::new(0));
    })
    .join()
    .unwrap_err();
    let seen = notes.lock().unwrap().clone();
    (seen, thread::panicking())
}

#[track_caller]
fn line() -> u32 {
    Location::caller().line()
}

pub(super) fn locations() -> u32 {
    line()
}

pub(super) fn nested_panics() -> Vec<bool> {
    struct Catches(Arc<Mutex<Vec<bool>>>);
    impl Drop for Catches {
        fn drop(&mut self) {
            // A panic in a destructor, caught there, does not end the one that is going on.
            let caught = catch_unwind(|| resume_unwind(Box::new(1))).is_err();
            self.0.lock().unwrap().extend([caught, thread::panicking()]);
        }
    }
    let seen = Arc::default();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _catches = Catches(Arc::clone(&seen));
        resume_unwind(Box::new(2));
    }));
    let mut seen = seen.lock().unwrap().clone();
    seen.extend([panicked.is_err(), thread::panicking()]);
    seen
}
