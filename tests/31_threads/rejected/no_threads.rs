//! caught-by: compile_fail — an_item_must_be_send
//! Calls one after the other, on the caller's thread; what need not be `Send` gives it away.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
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
    F: Fn(T) -> R,
{
    assert!(workers > 0, "no workers");
    let call = |item| catch_unwind(AssertUnwindSafe(|| f(item)));
    let results: Vec<thread::Result<R>> = items.into_iter().map(call).collect();
    results.into_iter().map(|result| result.unwrap_or_else(|payload| resume_unwind(payload))).collect()
}
