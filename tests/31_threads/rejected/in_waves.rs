//! caught-by: behaviour — a_slow_item_holds_up_nobody
//! A thread for each of the next few items, and the next few when all of these have ended: each wave is as slow as its slowest item.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::resume_unwind;
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
    T: Send,
    R: Send,
    F: Fn(T) -> R + Sync,
{
    assert!(workers > 0, "no workers");
    let mut items = items.into_iter();
    let mut results: Vec<thread::Result<R>> = Vec::new();
    while items.len() > 0 {
        thread::scope(|scope| {
            let f = &f;
            let wave = items.by_ref().take(workers);
            let threads: Vec<_> = wave.map(|item| scope.spawn(move || f(item))).collect();
            results.extend(threads.into_iter().map(|thread| thread.join()));
        });
    }
    results.into_iter().map(|result| result.unwrap_or_else(|payload| resume_unwind(payload))).collect()
}
