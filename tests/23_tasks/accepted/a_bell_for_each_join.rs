//! tokio's `Notify` tells those who join; a `wait` polls joins, each with a waker of its own, and only those that were woken.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// Starts a task that runs the future, beside the caller and by itself, and returns a handle to it.
///
/// The output must be `Sync` because all handles, on whatever threads, lend out the same value.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn create_task<F>(future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + Sync + 'static,
{
    let ending = Arc::new(Ending { outcome: OnceLock::new(), told: Notify::new() });
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
    ///
    /// # Errors
    /// [`TaskError::NotDone`] if the task has not ended yet; otherwise why it has no output.
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
    ///
    /// # Errors
    /// [`TaskError::Cancelled`] or [`TaskError::Panicked`] if the task has no output.
    pub async fn join(&self) -> Result<&T, TaskError> {
        let mut told = pin!(self.ending.told.notified());
        // Entered before the look: an end that comes after the look is told.
        told.as_mut().enable();
        if !self.done() {
            told.await;
        }
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
    let enough = async {
        let mut joins: Vec<_> = tasks.iter().map(|task| Some(Box::pin(task.join()))).collect();
        let mut missing = joins.len();
        // At first all are to be polled, and later those that were woken.
        let rung = Arc::new(Rung::new(((0..missing).collect(), None)));
        let bell = |place| Waker::from(Arc::new(Bell { place, rung: Arc::clone(&rung) }));
        let bells: Vec<_> = (0..missing).map(bell).collect();
        std::future::poll_fn(|context| {
            let waiting = (Vec::new(), Some(context.waker().clone()));
            let woken = std::mem::replace(&mut *rung.lock().expect("nothing panics under this lock"), waiting);
            for place in woken.0 {
                let (join, context) = (&mut joins[place], &mut Context::from_waker(&bells[place]));
                let Some(Poll::Ready(result)) = join.as_mut().map(|join| join.as_mut().poll(context)) else { continue };
                *join = None;
                missing -= 1;
                let is_enough = match return_when {
                    ReturnWhen::FirstCompleted => true,
                    ReturnWhen::FirstError => matches!(result, Err(TaskError::Panicked(_))),
                    ReturnWhen::AllCompleted => false,
                };
                if is_enough {
                    return Poll::Ready(());
                }
            }
            if missing == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    };
    match timeout {
        Some(timeout) => drop(tokio::time::timeout(timeout, enough).await),
        None => enough.await,
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

impl TaskError {
    fn panicked(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&'static str>().map(|text| String::from(*text));
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
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
    /// Used when the outcome has been written.
    told: Notify,
}

impl<T> Ending<T> {
    fn come(&self, outcome: Result<T, TaskError>) {
        if self.outcome.set(outcome).is_ok() {
            self.told.notify_waiters();
        }
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

/// The joins of a `wait` that are to be polled, and its waker until that is used.
type Rung = Mutex<(Vec<usize>, Option<Waker>)>;

/// The waker of one join of a `wait`.
struct Bell {
    place: usize,
    rung: Arc<Rung>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        let mut rung = self.rung.lock().expect("nothing panics under this lock");
        rung.0.push(self.place);
        let waker = rung.1.take();
        drop(rung);
        waker.into_iter().for_each(Waker::wake);
    }
}
