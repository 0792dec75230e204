//! The caller is one of the workers; items lie in slots that a counter hands out, and every worker brings its share home.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Work for one thread, and the name of that thread. Complete: nothing to do here.
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

/// What became of a job that panicked. Complete: nothing to do here.
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

/// Runs all jobs at the same time, each on a thread that bears its name, and returns when all have ended.
pub fn run_all<T: Send>(jobs: Vec<Job<'_, T>>) -> Vec<Result<T, JobPanic>> {
    thread::scope(|scope| {
        let mut running = Vec::with_capacity(jobs.len());
        for Job { name, work } in jobs {
            let handle = thread::Builder::new().name(name.clone()).spawn_scoped(scope, work).expect("a thread");
            running.push((name, handle));
        }
        running
            .into_iter()
            .map(|(job, handle)| handle.join().map_err(|payload| JobPanic { job, message: message(payload) }))
            .collect()
    })
}

fn message(payload: Box<dyn Any + Send>) -> Option<String> {
    match payload.downcast::<String>() {
        Ok(text) => Some(*text),
        Err(payload) => payload.downcast_ref::<&'static str>().map(|text| text.to_string()),
    }
}

/// Calls `f` with each item, up to `workers` calls at a time, and returns what it returns, in the order of the items.
///
/// # Panics
/// If `workers` is 0, and with the panic of the first item whose call panicked.
pub fn parallel_map<T, R, F>(items: Vec<T>, workers: usize, f: F) -> Vec<R>
where
    T: Send,
    R: Send,
    F: Fn(T) -> R + Sync,
{
    assert_ne!(workers, 0, "parallel_map needs a worker");
    let count = items.len();
    let slots: Vec<Mutex<Option<T>>> = items.into_iter().map(|item| Mutex::new(Some(item))).collect();
    let next = AtomicUsize::new(0);
    let share = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(slot) = slots.get(index) else { return done };
            let item = slot.lock().unwrap().take().expect("every index is handed out once");
            done.push((index, catch_unwind(AssertUnwindSafe(|| f(item)))));
        }
    };
    let mut all = thread::scope(|scope| {
        let others: Vec<_> = (1..workers.min(count)).map(|_| scope.spawn(&share)).collect();
        let mut all = share();
        for other in others {
            all.extend(other.join().expect("a worker catches every panic"));
        }
        all
    });
    all.sort_unstable_by_key(|(index, _)| *index);
    let results: Result<Vec<R>, _> = all.into_iter().map(|(_, result)| result).collect();
    results.unwrap_or_else(|payload| resume_unwind(payload))
}
