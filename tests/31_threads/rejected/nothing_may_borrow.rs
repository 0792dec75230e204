//! caught-by: compile_fail — everything_may_borrow
//! Threads that are not scoped want everything to be `'static`.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

pub struct Job<'env, T> {
    name: String,
    work: Box<dyn FnOnce() -> T + Send + 'env>,
}

impl<'env, T> Job<'env, T> {
    pub fn new(name: impl Into<String>, work: impl FnOnce() -> T + Send + 'env) -> Job<'env, T> {
        Job { name: name.into(), work: Box::new(work) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobPanic {
    pub job: String,
    pub message: Option<String>,
}

impl fmt::Display for JobPanic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(formatter, "job '{}' panicked: {message}", self.job),
            None => write!(formatter, "job '{}' panicked", self.job),
        }
    }
}

impl Error for JobPanic {}

fn message(payload: &(dyn Any + Send)) -> Option<String> {
    let literal = payload.downcast_ref::<&str>().map(|text| text.to_string());
    literal.or_else(|| payload.downcast_ref::<String>().cloned())
}

pub fn run_all<T: Send>(jobs: Vec<Job<'_, T>>) -> Vec<Result<T, JobPanic>> {
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for Job { name, work } in jobs {
            let thread = thread::Builder::new().name(name.clone()).spawn_scoped(scope, work).unwrap();
            threads.push((name, thread));
        }
        let mut results = Vec::new();
        for (job, thread) in threads {
            results.push(thread.join().map_err(|payload| JobPanic { job, message: message(&*payload) }));
        }
        results
    })
}

pub fn parallel_map<T, R, F>(items: Vec<T>, workers: usize, f: F) -> Vec<R>
where
    T: Send + 'static,
    R: Send + 'static,
    F: Fn(T) -> R + Send + Sync + 'static,
{
    assert!(workers > 0, "no workers");
    let count = items.len();
    let items: Vec<Mutex<Option<T>>> = items.into_iter().map(|item| Mutex::new(Some(item))).collect();
    let shared = Arc::new((items, f, AtomicUsize::new(0)));
    let start = |_| {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            let (items, f, next) = &*shared;
            let mut done = Vec::new();
            loop {
                let index = next.fetch_add(1, SeqCst);
                if index >= count {
                    return done;
                }
                let item = items[index].lock().unwrap().take().unwrap();
                done.push((index, catch_unwind(AssertUnwindSafe(|| f(item)))));
            }
        })
    };
    let threads: Vec<_> = (0..workers.min(count)).map(start).collect();
    let mut done: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result.unwrap_or_else(|payload| resume_unwind(payload))).collect()
}
