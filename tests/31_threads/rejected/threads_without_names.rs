//! caught-by: behaviour — each_job_runs_on_a_thread_with_its_name
//! The name is kept for the report, and the thread never learns it.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
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
            let thread = scope.spawn(work);
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
