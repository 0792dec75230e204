use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

pub(super) fn results_come_through_join() -> Vec<u32> {
    let threads: Vec<_> = (0..3).map(|number| thread::spawn(move || number * number)).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

pub(super) fn payloads_come_through_join() -> (&'static str, String, u32) {
    let word = thread::spawn(|| panic!("a word")).join().unwrap_err();
    let two = 2;
    let text = thread::spawn(move || panic!("{two} words")).join().unwrap_err();
    let any = thread::spawn(|| panic_any(3u32)).join().unwrap_err();
    (*word.downcast::<&'static str>().unwrap(), *text.downcast::<String>().unwrap(), *any.downcast::<u32>().unwrap())
}

pub(super) fn names_and_ids() -> (Option<String>, bool, bool, bool) {
    let body = || (thread::current().id(), thread::current().name().map(str::to_owned));
    let unnamed = thread::spawn(body);
    let id = unnamed.thread().id();
    let (seen, name) = unnamed.join().unwrap();
    let here = thread::current();
    (name, id == seen, here.id() == thread::current().id(), here.id() == id)
}

pub(super) fn builders() -> (Option<String>, Option<String>, u32, bool) {
    let builder = thread::Builder::new().name("worker".to_owned()).stack_size(64 * 1024);
    let thread = builder.spawn(|| thread::current().name().map(str::to_owned)).unwrap();
    let outside = thread.thread().name().map(str::to_owned);
    let plain = thread::Builder::new().spawn(|| 5).unwrap();
    let null = catch_unwind(|| thread::Builder::new().name("a\0b".to_owned()).spawn(|| ()).is_ok());
    (outside, thread.join().unwrap(), plain.join().unwrap(), null.is_err())
}

pub(super) fn is_finished_after_the_end() -> (bool, bool) {
    let (sender, receiver) = mpsc::channel::<()>();
    let waits = thread::spawn(move || receiver.recv().is_err());
    let before = waits.is_finished();
    drop(sender);
    while !waits.is_finished() {
        thread::yield_now();
    }
    (before, waits.join().unwrap())
}

pub(super) fn parking_takes_the_token() -> u32 {
    let ready = Arc::new(Mutex::new(0));
    let theirs = Arc::clone(&ready);
    let parked = thread::spawn(move || {
        loop {
            let value = *theirs.lock().unwrap();
            if value > 0 {
                return value;
            }
            thread::park();
        }
    });
    *ready.lock().unwrap() = 2;
    parked.thread().unpark();
    parked.join().unwrap()
}

pub(super) fn a_token_is_kept() -> &'static str {
    let here = thread::current();
    here.unpark();
    thread::spawn(move || here.unpark()).join().unwrap();
    // One token, however often it was given.
    thread::park();
    "went on"
}

pub(super) fn park_timeouts_end() -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(2) {
        thread::park_timeout(Duration::from_millis(1));
        thread::park_timeout_ms(1);
    }
    start.elapsed() >= Duration::from_millis(2)
}

pub(super) fn scopes_borrow() -> (Vec<u32>, u32) {
    let mut numbers = vec![1, 2, 3];
    let mut sum = 0;
    thread::scope(|scope| {
        let (left, right) = numbers.split_at_mut(1);
        scope.spawn(|| left[0] *= 10);
        let inner = scope.spawn(|| {
            scope.spawn(|| sum = 5);
            right.iter_mut().for_each(|number| *number *= 100);
            right.len()
        });
        assert_eq!(inner.join().unwrap(), 2);
    });
    (numbers, sum)
}

pub(super) fn a_scope_waits() -> (u32, &'static str) {
    let count = Mutex::new(0);
    let value = thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| *count.lock().unwrap() += 1);
        }
        "its value"
    });
    (count.into_inner().unwrap(), value)
}

pub(super) fn a_panic_in_a_scope() -> (&'static str, u32) {
    let count = Mutex::new(0);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        thread::scope(|scope| {
            scope.spawn(|| resume_unwind(Box::new("lost")));
            scope.spawn(|| *count.lock().unwrap() += 1);
        });
    }));
    let text = *panicked.unwrap_err().downcast::<&'static str>().unwrap();
    (text, count.into_inner().unwrap())
}

pub(super) fn a_joined_panic_in_a_scope() -> (u32, &'static str) {
    thread::scope(|scope| {
        let payload = scope.spawn(|| resume_unwind(Box::new(7u32))).join().unwrap_err();
        (*payload.downcast::<u32>().unwrap(), "no panic")
    })
}

pub(super) fn the_scope_body_panics() -> (&'static str, u32) {
    let count = Mutex::new(0);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        thread::scope(|scope| {
            scope.spawn(|| *count.lock().unwrap() += 1);
            resume_unwind(Box::new("the body's own"))
        })
    }));
    let payload: Box<dyn std::any::Any + Send> = match panicked {
        Ok(()) => unreachable!("it panics"),
        Err(payload) => payload,
    };
    // Threads are waited for even so.
    (*payload.downcast::<&'static str>().unwrap(), count.into_inner().unwrap())
}

pub(super) fn scoped_builders() -> (Option<String>, u32, bool) {
    let number = 6;
    thread::scope(|scope| {
        let builder = thread::Builder::new().name("scoped".to_owned());
        let thread = builder.spawn_scoped(scope, || number + 1).unwrap();
        let name = thread.thread().name().map(str::to_owned);
        while !thread.is_finished() {
            thread::yield_now();
        }
        let id = thread.thread().id();
        (name, thread.join().unwrap(), id == thread::current().id())
    })
}

pub(super) fn unchecked() -> u32 {
    let number = 8;
    // SAFETY: joined before `number` is gone.
    let thread = unsafe { thread::Builder::new().spawn_unchecked(|| &number).unwrap() };
    *thread.join().unwrap()
}

pub(super) fn detached_threads_run() -> u32 {
    let (sender, receiver) = mpsc::channel();
    drop(thread::spawn(move || sender.send(1).unwrap()));
    receiver.recv().unwrap()
}

pub(super) fn sleeping_orders() -> (bool, bool) {
    let start = Instant::now();
    let thread = thread::spawn(move || {
        thread::sleep_ms(1);
        start.elapsed()
    });
    thread::sleep(Duration::from_millis(2));
    let (theirs, mine) = (thread.join().unwrap(), start.elapsed());
    (theirs >= Duration::from_millis(1), mine >= Duration::from_millis(2))
}

pub(super) fn debug_output() -> (Vec<String>, bool) {
    let thread = thread::Builder::new().name("shown".to_owned()).spawn(|| ()).unwrap();
    let (handle, id) = (format!("{thread:?}"), format!("{:?}", thread.thread().id()));
    let shown = format!("{:?}", thread.thread());
    thread.join().unwrap();
    let (scope, scoped) = thread::scope(|scope| (format!("{scope:?}"), format!("{:?}", scope.spawn(|| ()))));
    let cores = thread::available_parallelism().unwrap();
    // Numbers of threads are not the same.
    let number = id.trim_start_matches("ThreadId(").trim_end_matches(')');
    (
        vec![
            handle.split(' ').next().unwrap().to_owned(),
            shown.replace(&id, "…"),
            scope.split(' ').next().unwrap().to_owned(),
            scoped.split(' ').next().unwrap().to_owned(),
        ],
        number.parse::<u64>().is_ok() && cores.get() > 0,
    )
}
