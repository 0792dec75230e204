//! Channels: results come home as messages with their place, and the items wait in an iterator behind a lock.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Builder};

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
    let mut results: Vec<Option<Result<T, JobPanic>>> = Vec::new();
    results.resize_with(jobs.len(), || None);
    thread::scope(|scope| {
        let (tell, told) = channel();
        for (index, Job { name, work }) in jobs.into_iter().enumerate() {
            let tell = tell.clone();
            let builder = Builder::new().name(name.clone());
            let started = builder.spawn_scoped(scope, move || {
                let result = catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
                    let text = payload.downcast_ref::<String>().cloned();
                    let message = text.or_else(|| payload.downcast_ref::<&str>().map(|text| String::from(*text)));
                    JobPanic { job: name, message }
                });
                tell.send((index, result)).ok();
            });
            started.unwrap();
        }
        drop(tell);
        for (index, result) in told {
            results[index] = Some(result);
        }
    });
    results.into_iter().flatten().collect()
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
    if workers == 0 {
        panic!("no workers");
    }
    let count = items.len();
    let queue = Mutex::new(items.into_iter().enumerate());
    let (tell, told) = channel();
    thread::scope(|scope| {
        for _ in 0..workers.min(count) {
            let (tell, queue, f) = (tell.clone(), &queue, &f);
            scope.spawn(move || {
                loop {
                    let taken = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((index, item)) = taken else { break };
                    let _ = tell.send((index, catch_unwind(AssertUnwindSafe(|| f(item)))));
                }
            });
        }
    });
    drop(tell);
    let mut results: Vec<Option<R>> = (0..count).map(|_| None).collect();
    let mut first = None;
    for (index, outcome) in told {
        match outcome {
            Ok(result) => results[index] = Some(result),
            Err(payload) if first.as_ref().is_none_or(|(earlier, _)| index < *earlier) => {
                first = Some((index, payload));
            }
            Err(_) => {}
        }
    }
    match first {
        Some((_, payload)) => resume_unwind(payload),
        None => results.into_iter().flatten().collect(),
    }
}
