//! Items and results lie in places of their own, each behind a lock; a counter hands the places out, and the caller only waits.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

/// Work for one thread, and the name of that thread.
pub struct Job<'env, T> {
    name: String,
    work: Box<dyn FnOnce() -> T + Send + 'env>,
}

impl<'env, T> Job<'env, T> {
    /// `work` is to be done on a thread that is called `name`. Names need not differ.
    pub fn new(name: impl Into<String>, work: impl FnOnce() -> T + Send + 'env) -> Job<'env, T> {
        Job { name: name.into(), work: Box::new(work) }
    }
}

/// What became of a job that panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobPanic {
    /// The name of the job.
    pub job: String,
    /// What it panicked with, if that was a text: a `&'static str` or a `String`.
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

/// Runs all jobs at the same time, each on a thread that bears its name, and returns when all have ended.
///
/// The results are in the order of the jobs. The panic of a job is its result, and stops no other job.
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

/// Calls `f` with each item, up to `workers` calls at a time, and returns what it returns, in the order of the items.
///
/// A worker that has finished an item takes the next one that nobody has taken. Returns when all calls have ended.
///
/// # Panics
/// If `workers` is 0. And if calls of `f` panicked: when all items are done, the panic of the first of these items goes on here.
pub fn parallel_map<T, R, F>(items: Vec<T>, workers: usize, f: F) -> Vec<R>
where
    T: Send,
    R: Send,
    F: Fn(T) -> R + Sync,
{
    assert!(workers > 0, "no workers");
    let count = items.len();
    let items: Vec<Mutex<Option<T>>> = items.into_iter().map(|item| Mutex::new(Some(item))).collect();
    let results: Vec<Mutex<Option<thread::Result<R>>>> = (0..count).map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..workers.min(count) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, SeqCst);
                    if index >= count {
                        break;
                    }
                    let item = items[index].lock().unwrap().take().unwrap();
                    let result = catch_unwind(AssertUnwindSafe(|| f(item)));
                    *results[index].lock().unwrap() = Some(result);
                }
            });
        }
    });
    let results = results.into_iter().map(|result| result.into_inner().unwrap().unwrap());
    results.map(|result| result.unwrap_or_else(|payload| resume_unwind(payload))).collect()
}
