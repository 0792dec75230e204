use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex};
use std::thread;

type Log = Arc<Mutex<Vec<&'static str>>>;

/// Says when it is dropped, and where it stood.
struct Told(Log, &'static str);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(self.1);
    }
}

pub(super) fn a_value_per_thread() -> (u32, u32) {
    std::thread_local! {
        static VALUE: Cell<u32> = const { Cell::new(1) };
    }
    VALUE.set(10);
    let theirs = thread::spawn(|| {
        VALUE.with(|value| value.set(value.get() + 1));
        VALUE.get()
    });
    let theirs = theirs.join().unwrap();
    (VALUE.get(), theirs)
}

pub(super) fn shortcuts() -> (u32, u32, Vec<u32>, Vec<u32>, usize) {
    std::thread_local! {
        static CELL: Cell<u32> = Cell::new(u32::from(true));
        static LIST: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) }
    }
    // On a thread of their own: the scenario's thread has them in every execution anew, the test's for good.
    let run = || {
        let replaced = CELL.replace(2);
        let taken = CELL.take();
        LIST.set(vec![1]);
        LIST.with_borrow_mut(|list| list.push(2));
        let length = LIST.with_borrow(Vec::len);
        let before = LIST.replace(vec![3]);
        (replaced, taken, before, LIST.take(), length)
    };
    thread::spawn(run).join().unwrap()
}

pub(super) fn values_go_in_reverse_order() -> Vec<&'static str> {
    std::thread_local! {
        static FIRST: RefCell<Option<Told>> = const { RefCell::new(None) };
        static SECOND: RefCell<Option<Told>> = const { RefCell::new(None) };
        static THIRD: RefCell<Option<Told>> = const { RefCell::new(None) };
    }
    let log = Log::default();
    let theirs = Arc::clone(&log);
    thread::spawn(move || {
        let told = |name| Some(Told(Arc::clone(&theirs), name));
        // The order of first use counts, not that of declaration.
        SECOND.set(told("second"));
        FIRST.set(told("first"));
        THIRD.set(told("third"));
    })
    .join()
    .unwrap();
    let mut order = log.lock().unwrap().clone();
    // `std` promises no order among the values of a thread; that all are dropped is what counts.
    order.sort_unstable();
    order
}

pub(super) fn an_access_after_destruction_fails() -> (bool, String) {
    struct Looks(Arc<Mutex<(bool, String)>>);
    impl Drop for Looks {
        fn drop(&mut self) {
            let seen = SELF.try_with(|_| ());
            *self.0.lock().unwrap() = (seen.is_ok(), seen.map_or_else(|error| error.to_string(), |()| String::new()));
        }
    }
    std::thread_local! {
        static SELF: RefCell<Option<Looks>> = const { RefCell::new(None) };
    }
    let seen = Arc::default();
    let theirs = Arc::clone(&seen);
    thread::spawn(move || SELF.set(Some(Looks(theirs)))).join().unwrap();
    let seen = seen.lock().unwrap();
    seen.clone()
}

pub(super) fn joining_waits_for_destructors() -> Vec<&'static str> {
    std::thread_local! {
        static VALUE: RefCell<Option<Told>> = const { RefCell::new(None) };
    }
    let log = Log::default();
    let theirs = Arc::clone(&log);
    // Not so for scoped threads: `std`'s scope may end before their thread-local values have gone, the stand-in's does not.
    thread::spawn(move || {
        let body = Arc::clone(&theirs);
        VALUE.set(Some(Told(theirs, "destructor")));
        body.lock().unwrap().push("body");
    })
    .join()
    .unwrap();
    log.lock().unwrap().push("joined");
    let log = log.lock().unwrap();
    log.clone()
}

pub(super) fn values_begin_when_first_used() -> (Vec<&'static str>, String) {
    std::thread_local! {
        static LOG: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
        static VALUE: u32 = {
            LOG.with_borrow_mut(|log| log.push("made"));
            1
        };
    }
    let log = thread::spawn(|| {
        LOG.with_borrow_mut(|log| log.push("begun"));
        VALUE.with(|_| ());
        VALUE.with(|_| ());
        LOG.take()
    });
    (log.join().unwrap(), format!("{VALUE:?}"))
}
