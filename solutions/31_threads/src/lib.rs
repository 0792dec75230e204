//! Two ways to start threads and to get everything back from them: results, order, and panics. README.md says what they must do.
//!
//! ```
//! use solution_threads::{Job, parallel_map, run_all};
//!
//! let words = vec!["one", "three", "five"];
//! assert_eq!(parallel_map(words, 2, |word| word.len()), [3, 5, 4]);
//!
//! let results = run_all(vec![Job::new("good", || 1), Job::new("bad", || panic!("out of tea"))]);
//! assert_eq!(results[0], Ok(1));
//! assert_eq!(results[1].as_ref().unwrap_err().to_string(), "job 'bad' panicked: out of tea");
//! ```

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
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

/// Runs all jobs at the same time, each on a thread that bears its name, and returns when all have ended.
///
/// The results are in the order of the jobs. The panic of a job is its result, and stops no other job.
///
/// ```
/// # use solution_threads::{Job, run_all};
/// use std::sync::mpsc::channel;
///
/// let (ask, asked) = channel();
/// let (answer, answered) = channel();
/// let results = run_all(vec![
///     Job::new("asking", move || {
///         ask.send("how are you?").unwrap();
///         answered.recv().unwrap()
///     }),
///     Job::new("answering", move || {
///         let question = asked.recv().unwrap();
///         let name = std::thread::current().name().unwrap().to_owned();
///         answer.send(format!("{question} fine, says '{name}'")).unwrap();
///         "done".to_owned()
///     }),
/// ]);
/// assert_eq!(results, [Ok("how are you? fine, says 'answering'".to_owned()), Ok("done".to_owned())]);
/// ```
pub fn run_all<T: Send>(jobs: Vec<Job<'_, T>>) -> Vec<Result<T, JobPanic>> {
    thread::scope(|scope| {
        let start = |Job { name, work }| {
            let thread = thread::Builder::new().name(name).spawn_scoped(scope, work);
            thread.expect("the system has room for one more thread")
        };
        // All are started before the first is waited for: a chain of lazy `map`s would run one job after the other.
        let threads: Vec<_> = jobs.into_iter().map(start).collect();
        threads.into_iter().map(end).collect()
    })
}

/// Waits for the end of a job's thread.
fn end<T>(thread: thread::ScopedJoinHandle<'_, T>) -> Result<T, JobPanic> {
    let job = thread.thread().name().unwrap_or_default().to_owned();
    thread.join().map_err(|payload| JobPanic { job, message: text_of(payload) })
}

/// The message of a panic: `panic!("literal")` carries a `&'static str`, `panic!("{formatted}")` a `String`.
fn text_of(payload: Box<dyn Any + Send>) -> Option<String> {
    let literal = match payload.downcast::<String>() {
        Ok(text) => return Some(*text),
        Err(other) => other.downcast::<&'static str>(),
    };
    literal.ok().map(|text| text.to_string())
}

/// Calls `f` with each item, up to `workers` calls at a time, and returns what it returns, in the order of the items.
///
/// A worker that has finished an item takes the next one that nobody has taken. Returns when all calls have ended.
///
/// # Panics
/// If `workers` is 0. And if calls of `f` panicked: when all items are done, the panic of the first of these items goes on here.
///
/// ```
/// # use solution_threads::parallel_map;
/// let text = String::from("a bc def");
/// let words: Vec<&str> = text.split(' ').collect();
/// assert_eq!(parallel_map(words, 2, |word| &word[..1]), ["a", "b", "d"]);
/// ```
pub fn parallel_map<T, R, F>(items: Vec<T>, workers: usize, f: F) -> Vec<R>
where
    T: Send,
    R: Send,
    F: Fn(T) -> R + Sync,
{
    assert!(workers > 0, "parallel_map needs at least one worker");
    let mut results: Vec<Option<thread::Result<R>>> = items.iter().map(|_| None).collect();
    let workers = workers.min(items.len());
    // Why this lock: it is held while an item is taken, and never while `f` runs.
    let queue = Mutex::new(items.into_iter().enumerate());
    let next = || queue.lock().expect("nothing panics while an item is taken").next();
    let work = || {
        let mut done = Vec::new();
        while let Some((index, item)) = next() {
            // A panic must not keep this worker from its next item. What `f` captured may be left half changed; nobody but
            // the caller can see it, and the caller gets the panic.
            done.push((index, panic::catch_unwind(AssertUnwindSafe(|| f(item)))));
        }
        done
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            for (index, result) in thread.join().expect("a worker catches what its items raise") {
                results[index] = Some(result);
            }
        }
    });
    // In the order of the items, so that it is the first panic in this order that goes on, however the threads were scheduled.
    let all = results.into_iter().map(|result| result.expect("every item was taken"));
    all.map(|result| result.unwrap_or_else(|payload| panic::resume_unwind(payload))).collect()
}
