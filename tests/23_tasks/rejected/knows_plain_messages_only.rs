//! caught-by: behaviour — panics_become_values
//! Looks for a `&str` in the payload, and finds none if the message was formatted.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// Starts a task that runs the future, beside the caller and by itself, and returns a handle to it.
///
/// The output must be `Sync` because all handles, on whatever threads, lend out the same value.
pub fn create_task<F>(future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + Sync + 'static,
{
    let ending = Arc::new(Ending { outcome: OnceLock::new(), watches: Mutex::default() });
    let running = Running { future: Some(Box::pin(future)), ending: Arc::clone(&ending) };
    Task { ending, abort: tokio::spawn(running).abort_handle() }
}

/// A handle to a task. Clones are handles to the same task; dropping the handles does not stop it.
pub struct Task<T> {
    ending: Arc<Ending<T>>,
    abort: AbortHandle,
}

impl<T: Send + Sync + 'static> Task<T> {
    /// Whether the task has ended: with its output, cancelled, or by a panic. Once it is done it stays so.
    pub fn done(&self) -> bool {
        self.ending.outcome.get().is_some()
    }

    /// What became of the task. Never waits.
    pub fn result(&self) -> Result<&T, TaskError> {
        match self.ending.outcome.get() {
            Some(outcome) => outcome.as_ref().map_err(TaskError::clone),
            None => Err(TaskError::NotDone),
        }
    }

    /// Asks the task to end at the await where it stands, or comes to next. Returns whether it was asked in time: `false`
    /// means that the task is done already and nothing has changed.
    pub fn cancel(&self) -> bool {
        if self.done() {
            return false;
        }
        self.abort.abort();
        true
    }

    /// Waits until the task is done, then is as [`result`](Task::result). Any number may wait for the same task.
    pub async fn join(&self) -> Result<&T, TaskError> {
        Watching::new(std::slice::from_ref(self), ReturnWhen::AllCompleted).enough().await;
        self.result()
    }
}

impl<T> Clone for Task<T> {
    fn clone(&self) -> Self {
        Task { ending: Arc::clone(&self.ending), abort: self.abort.clone() }
    }
}

/// Waits until enough of the tasks are done, or the time is up. Returns the tasks that are done and those that are not,
/// each in the order of the arguments.
pub async fn wait<T: Send + Sync + 'static>(
    tasks: impl IntoIterator<Item = Task<T>>,
    return_when: ReturnWhen,
    timeout: Option<Duration>,
) -> (Vec<Task<T>>, Vec<Task<T>>) {
    let tasks: Vec<_> = tasks.into_iter().collect();
    if !tasks.is_empty() {
        let watching = Watching::new(&tasks, return_when);
        match timeout {
            // Whether time ran out makes no difference: what counts is which tasks are done.
            Some(timeout) => drop(tokio::time::timeout(timeout, watching.enough()).await),
            None => watching.enough().await,
        }
    }
    // Each task is looked at once, so that none is in both lists or in neither.
    tasks.into_iter().partition(Task::done)
}

/// What [`wait`] waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnWhen {
    /// One of the tasks is done, in whatever way.
    FirstCompleted,
    /// One of the tasks has panicked, or all are done.
    FirstError,
    /// All tasks are done.
    AllCompleted,
}

/// Why a task has no output to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskError {
    /// The task has not ended yet.
    NotDone,
    /// The task was cancelled before it came to its end.
    Cancelled,
    /// The task panicked, with this message.
    Panicked(String),
}

impl TaskError {
    fn panicked(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&'static str>().map(|text| String::from(*text));
        TaskError::Panicked(text.unwrap_or_else(|| String::from("Box<dyn Any>")))
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskError::NotDone => formatter.write_str("the task is not done"),
            TaskError::Cancelled => formatter.write_str("the task was cancelled"),
            TaskError::Panicked(message) => write!(formatter, "the task panicked: {message}"),
        }
    }
}

impl Error for TaskError {}

/// What a task and its handles share.
struct Ending<T> {
    /// Written once. That it is written *is* that the task is done: there is no second flag to contradict it.
    outcome: OnceLock<Result<T, TaskError>>,
    /// Whom to tell of the end. Under a lock, so that a watch is either entered before the end takes them all, or comes
    /// late enough to see the outcome.
    watches: Mutex<Vec<Arc<Watch>>>,
}

impl<T> Ending<T> {
    /// The task has ended. Only its first end counts.
    fn come(&self, outcome: Result<T, TaskError>) {
        // Written before anybody is told: whoever is told will look.
        let outcome = self.outcome.get_or_init(|| outcome);
        let watches = std::mem::take(&mut *lock(&self.watches));
        for watch in watches {
            watch.tell(outcome);
        }
    }

    /// Has the watch told of the end: at once, if that has come already.
    fn watch(&self, watch: &Arc<Watch>) {
        let mut watches = lock(&self.watches);
        match self.outcome.get() {
            Some(outcome) => watch.tell(outcome),
            None => watches.push(Arc::clone(watch)),
        }
    }

    fn unwatch(&self, watch: &Arc<Watch>) {
        lock(&self.watches).retain(|entered| !Arc::ptr_eq(entered, watch));
    }
}

/// The future that tokio runs.
struct Running<F: Future> {
    /// `None` when the task has ended.
    future: Option<Pin<Box<F>>>,
    ending: Arc<Ending<F::Output>>,
}

impl<F: Future> Running<F> {
    fn end(&mut self, outcome: Result<F::Output, TaskError>) {
        // Its destructor first: when the task is done, nothing of it is left.
        self.future = None;
        self.ending.come(outcome);
    }
}

impl<F: Future> Future for Running<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let future = self.future.as_mut().expect("a task that has ended is not polled");
        // A future that has panicked is dropped and never polled again: nothing can see its broken state.
        let outcome = match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(payload) => Err(TaskError::panicked(&*payload)),
        };
        self.end(outcome);
        Poll::Ready(())
    }
}

impl<F: Future> Drop for Running<F> {
    /// tokio drops a task that was aborted, or whose runtime goes; and one that has ended, which changes nothing.
    fn drop(&mut self) {
        self.end(Err(TaskError::Cancelled));
    }
}

/// One `join` or `wait`, as the tasks see it.
struct Watch {
    return_when: ReturnWhen,
    /// How many of the tasks have not ended. A lock rather than an atomic: it also orders what the tasks did before.
    missing: Mutex<usize>,
    enough: Notify,
}

impl Watch {
    fn tell<T>(&self, outcome: &Result<T, TaskError>) {
        let are_all_done = {
            let mut missing = lock(&self.missing);
            *missing -= 1;
            *missing == 0
        };
        let is_enough = match self.return_when {
            ReturnWhen::FirstCompleted => true,
            ReturnWhen::FirstError => are_all_done || matches!(outcome, Err(TaskError::Panicked(_))),
            ReturnWhen::AllCompleted => are_all_done,
        };
        if is_enough {
            // One waits for it, and may come later: `notify_one` is kept for it.
            self.enough.notify_one();
        }
    }
}

/// A watch that is entered with tasks for as long as this lives.
struct Watching<'a, T> {
    tasks: &'a [Task<T>],
    watch: Arc<Watch>,
}

impl<'a, T> Watching<'a, T> {
    fn new(tasks: &'a [Task<T>], return_when: ReturnWhen) -> Self {
        let watch = Arc::new(Watch { return_when, missing: Mutex::new(tasks.len()), enough: Notify::new() });
        for task in tasks {
            task.ending.watch(&watch);
        }
        Watching { tasks, watch }
    }

    async fn enough(&self) {
        self.watch.enough.notified().await;
    }
}

impl<T> Drop for Watching<'_, T> {
    fn drop(&mut self) {
        for task in self.tasks {
            task.ending.unwatch(&self.watch);
        }
    }
}

/// The locks are never held across code that can panic, so a poisoned one is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
