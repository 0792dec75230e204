//! Two ways to start threads and to get everything back from them: results, order, and panics. README.md says what they must do.
//!
//! ```
//! use threads::{Job, parallel_map, run_all};
//!
//! let words = vec!["one", "three", "five"];
//! assert_eq!(parallel_map(words, 2, |word| word.len()), [3, 5, 4]);
//!
//! let results = run_all(vec![Job::new("good", || 1), Job::new("bad", || panic!("out of tea"))]);
//! assert_eq!(results[0], Ok(1));
//! assert_eq!(results[1].as_ref().unwrap_err().to_string(), "job 'bad' panicked: out of tea");
//! ```

use std::error::Error;
use std::fmt;

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
///
/// The results are in the order of the jobs. The panic of a job is its result, and stops no other job.
///
/// ```
/// # use threads::{Job, run_all};
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
    for Job { name, work } in jobs {
        let _ = (name, work);
    }
    todo!("start them all, then wait for them all")
}

/// Calls `f` with each item, up to `workers` calls at a time, and returns what it returns, in the order of the items.
///
/// A worker that has finished an item takes the next one that nobody has taken. Returns when all calls have ended.
///
/// # Panics
/// If `workers` is 0. And if calls of `f` panicked: when all items are done, the panic of the first of these items goes on here.
///
/// ```
/// # use threads::parallel_map;
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
    let _ = (items, workers, f);
    todo!("a few workers that share the items")
}
