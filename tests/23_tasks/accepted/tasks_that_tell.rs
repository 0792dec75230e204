//! A second task awaits the first and tells how it ended, over a `watch` channel; a `wait` starts one more task for each that it
//! waits for.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// Starts a task that runs the future, beside the caller and by itself, and returns a handle to it.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn create_task<F>(future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + Sync + 'static,
{
    let work = tokio::spawn(future);
    let abort = work.abort_handle();
    let shared = Arc::new(Shared { outcome: OnceLock::new(), end: watch::Sender::new(End::NotYet) });
    let reporter = Reporter(Arc::clone(&shared));
    tokio::spawn(async move {
        let outcome = work.await.map_err(|error| match error.try_into_panic() {
            Err(_) => TaskError::Cancelled,
            Ok(payload) => TaskError::Panicked(match payload.downcast::<String>() {
                Ok(text) => *text,
                Err(other) => other.downcast_ref::<&str>().copied().unwrap_or("Box<dyn Any>").to_owned(),
            }),
        });
        reporter.report(outcome);
    });
    Task { shared, abort }
}

/// A handle to a task.
pub struct Task<T> {
    shared: Arc<Shared<T>>,
    abort: AbortHandle,
}

struct Shared<T> {
    outcome: OnceLock<Result<T, TaskError>>,
    /// Told after the outcome was written.
    end: watch::Sender<End>,
}

#[derive(PartialEq)]
enum End {
    NotYet,
    Quiet,
    Panicked,
}

/// Says that the task was cancelled if it is dropped with its runtime.
struct Reporter<T>(Arc<Shared<T>>);

impl<T> Reporter<T> {
    fn report(&self, outcome: Result<T, TaskError>) {
        let end = if matches!(outcome, Err(TaskError::Panicked(_))) { End::Panicked } else { End::Quiet };
        if self.0.outcome.set(outcome).is_ok() {
            self.0.end.send_replace(end);
        }
    }
}

impl<T> Drop for Reporter<T> {
    fn drop(&mut self) {
        self.report(Err(TaskError::Cancelled));
    }
}

impl<T: Send + Sync + 'static> Task<T> {
    /// Whether the task has ended.
    pub fn done(&self) -> bool {
        self.shared.outcome.get().is_some()
    }

    /// What became of the task. Never waits.
    ///
    /// # Errors
    /// [`TaskError::NotDone`] if the task has not ended yet; otherwise why it has no output.
    pub fn result(&self) -> Result<&T, TaskError> {
        self.shared.outcome.get().map_or(Err(TaskError::NotDone), |outcome| outcome.as_ref().map_err(Clone::clone))
    }

    /// Asks the task to end at the await where it stands, or comes to next. Returns whether it was asked in time.
    pub fn cancel(&self) -> bool {
        let is_in_time = !self.done();
        if is_in_time {
            self.abort.abort();
        }
        is_in_time
    }

    /// Waits until the task is done, then is as [`result`](Task::result).
    ///
    /// # Errors
    /// [`TaskError::Cancelled`] or [`TaskError::Panicked`] if the task has no output.
    pub async fn join(&self) -> Result<&T, TaskError> {
        let mut end = self.shared.end.subscribe();
        drop(end.wait_for(|end| *end != End::NotYet).await.is_ok());
        self.result()
    }
}

impl<T> Clone for Task<T> {
    fn clone(&self) -> Self {
        Task { shared: Arc::clone(&self.shared), abort: self.abort.clone() }
    }
}

/// Waits until enough of the tasks are done, or the time is up. Returns the tasks that are done and those that are not,
/// each in the order of the arguments.
pub async fn wait<T: Send + Sync + 'static>(
    tasks: impl IntoIterator<Item = Task<T>>,
    return_when: ReturnWhen,
    timeout: Option<Duration>,
) -> (Vec<Task<T>>, Vec<Task<T>>) {
    let tasks: Vec<Task<T>> = tasks.into_iter().collect();
    let is_enough = |panicked| match return_when {
        ReturnWhen::FirstCompleted => true,
        ReturnWhen::FirstError => panicked,
        ReturnWhen::AllCompleted => false,
    };
    let (done, pending): (Vec<_>, Vec<_>) = tasks.iter().partition(|task| task.done());
    let ends_at_once = done.iter().any(|task| is_enough(matches!(task.result(), Err(TaskError::Panicked(_)))));
    if !ends_at_once && !pending.is_empty() {
        // They hold on to the channel, not to the output.
        let mut forwarders = JoinSet::new();
        for task in pending {
            let mut end = task.shared.end.subscribe();
            forwarders.spawn(async move {
                matches!(end.wait_for(|end| *end != End::NotYet).await.as_deref(), Ok(End::Panicked))
            });
        }
        let enough = async {
            while let Some(panicked) = forwarders.join_next().await {
                if panicked.is_ok_and(is_enough) {
                    break;
                }
            }
        };
        match timeout {
            Some(timeout) => drop(tokio::time::timeout(timeout, enough).await),
            None => enough.await,
        }
    }
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
