use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::thread;

pub(super) fn increments_add_up() -> u32 {
    let mutex = Arc::new(Mutex::new(0));
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let mutex = Arc::clone(&mutex);
            thread::spawn(move || {
                for _ in 0..3 {
                    *mutex.lock().unwrap() += 1;
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let mutex = Arc::into_inner(mutex).unwrap();
    mutex.into_inner().unwrap()
}

pub(super) fn a_held_lock_cannot_be_tried() -> (bool, String, bool) {
    let mutex = Arc::new(Mutex::new(()));
    let guard = mutex.lock().unwrap();
    let theirs = Arc::clone(&mutex);
    let (blocks, text) = thread::spawn(move || match theirs.try_lock() {
        Err(error @ TryLockError::WouldBlock) => (true, error.to_string()),
        _ => (false, String::new()),
    })
    .join()
    .unwrap();
    drop(guard);
    (blocks, text, mutex.try_lock().is_ok())
}

pub(super) fn a_panic_poisons() -> (bool, u32, String, bool) {
    let mutex = Arc::new(Mutex::new(1));
    let theirs = Arc::clone(&mutex);
    thread::spawn(move || {
        let mut value = theirs.lock().unwrap();
        *value = 2;
        resume_unwind(Box::new("on purpose"));
    })
    .join()
    .unwrap_err();
    let error = mutex.lock().unwrap_err();
    let text = error.to_string();
    let value = *error.into_inner();
    (mutex.is_poisoned(), value, text, matches!(mutex.try_lock(), Err(TryLockError::Poisoned(_))))
}

pub(super) fn a_caught_panic_poisons() -> (bool, bool) {
    let mutex = Mutex::new(());
    let panicked = catch_unwind(|| {
        let _guard = mutex.lock();
        panic!("on purpose");
    });
    (panicked.is_err(), mutex.is_poisoned())
}

pub(super) fn a_guard_taken_while_unwinding_does_not_poison() -> (bool, u32) {
    struct Locks<'a>(&'a Mutex<u32>);
    impl Drop for Locks<'_> {
        fn drop(&mut self) {
            *self.0.lock().unwrap() += 1;
        }
    }
    let mutex = Mutex::new(0);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _locks = Locks(&mutex);
        resume_unwind(Box::new("on purpose"));
    }));
    assert!(panicked.is_err());
    (mutex.is_poisoned(), mutex.into_inner().unwrap())
}

fn poisoned() -> Mutex<u32> {
    let mutex = Mutex::new(6);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _guard = mutex.lock();
        resume_unwind(Box::new("on purpose"));
    }));
    assert!(panicked.is_err());
    mutex
}

pub(super) fn poison_can_be_cleared() -> (bool, bool) {
    let mutex = poisoned();
    mutex.clear_poison();
    (mutex.is_poisoned(), mutex.lock().is_ok())
}

pub(super) fn owned_access() -> (u32, bool, u32) {
    let mut mutex = Mutex::from(1);
    *mutex.get_mut().unwrap() += 1;
    let mut broken = poisoned();
    let told = broken.get_mut().is_err();
    (mutex.into_inner().unwrap(), told, broken.into_inner().unwrap_or_else(PoisonError::into_inner))
}

pub(super) fn unsized_values() -> (String, usize) {
    let mutex: Arc<Mutex<dyn Fn(u32) -> String + Send>> = Arc::new(Mutex::new(|number| format!("<{number}>")));
    let slice: Box<Mutex<[u8]>> = Box::new(Mutex::new([1, 2]));
    let text = mutex.lock().unwrap()(3);
    let length = slice.lock().unwrap().len();
    (text, length)
}

pub(super) fn a_static_lock() -> u32 {
    static MUTEX: Mutex<u32> = Mutex::new(0);
    // Where it differs on purpose: the value of a `static` mutex outlives an execution of the explored program.
    *MUTEX.lock().unwrap() = 0;
    let other = thread::spawn(|| *MUTEX.lock().unwrap() += 1);
    *MUTEX.lock().unwrap() += 1;
    other.join().unwrap();
    let value = MUTEX.lock().unwrap();
    *value
}

pub(super) fn debug_output() -> Vec<String> {
    let mutex = Mutex::<char>::default();
    let mut shown = vec![format!("{mutex:?}")];
    let guard = mutex.lock().unwrap();
    shown.push(format!("{mutex:?} {guard:?} {guard}"));
    drop(guard);
    shown.push(format!("{:?} {:?}", poisoned(), poisoned().lock()));
    shown
}
