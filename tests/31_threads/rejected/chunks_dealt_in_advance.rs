//! caught-by: timing — a_few_items_take_much_longer
//! Every worker gets a stretch of the list; who has the long items in its stretch is still at work when the others have gone home.

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
    T: Send,
    R: Send,
    F: Fn(T) -> R + Sync,
{
    assert!(workers > 0, "no workers");
    let mut shares: Vec<Vec<(usize, T)>> = (0..workers.min(items.len())).map(|_| Vec::new()).collect();
    let (count, dealt) = (items.len(), shares.len());
    for (index, item) in items.into_iter().enumerate() {
        shares[index * dealt / count].push((index, item));
    }
    let mut results: Vec<Option<thread::Result<R>>> = (0..count).map(|_| None).collect();
    thread::scope(|scope| {
        let f = &f;
        let work = |share: Vec<(usize, T)>| {
            move || {
                let call = |(index, item)| (index, catch_unwind(AssertUnwindSafe(|| f(item))));
                share.into_iter().map(call).collect::<Vec<_>>()
            }
        };
        let threads: Vec<_> = shares.into_iter().map(|share| scope.spawn(work(share))).collect();
        for (index, result) in threads.into_iter().flat_map(|thread| thread.join().unwrap()) {
            results[index] = Some(result);
        }
    });
    let results = results.into_iter().map(|result| result.unwrap());
    results.map(|result| result.unwrap_or_else(|payload| resume_unwind(payload))).collect()
}
