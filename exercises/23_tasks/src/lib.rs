//! Tasks with a handle that can be asked: what `asyncio.create_task` and `asyncio.wait` do, on tokio.
//!
//! The brief is in `README.md`. The signatures stay as they are; an `async fn` may become a function that returns a
//! future of yours. What `Task` consists of is up to you.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

/// Starts a task that runs the future, beside the caller and by itself, and returns a handle to it.
///
/// The output must be `Sync` because all handles, on whatever threads, lend out the same value.
///
/// # Panics
/// Outside of a tokio runtime.
///
/// # Examples
/// ```
/// use tasks::{TaskError, create_task};
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() {
///     let task = create_task(async { 6 * 7 });
///     assert_eq!(task.result(), Err(TaskError::NotDone));
///     assert_eq!(task.join().await, Ok(&42));
///     assert_eq!(task.result(), Ok(&42));
/// }
/// ```
pub fn create_task<F>(future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + Sync + 'static,
{
    drop(future);
    todo!("start a task")
}

/// A handle to a task. Clones are handles to the same task; dropping the handles does not stop it.
pub struct Task<T> {
    output: PhantomData<T>,
}

impl<T: Send + Sync + 'static> Task<T> {
    /// Whether the task has ended: with its output, cancelled, or by a panic. Once it is done it stays so.
    pub fn done(&self) -> bool {
        todo!("has it ended?")
    }

    /// What became of the task. Never waits.
    ///
    /// # Errors
    /// [`TaskError::NotDone`] if the task has not ended yet; otherwise why it has no output.
    pub fn result(&self) -> Result<&T, TaskError> {
        todo!("what became of it?")
    }

    /// Asks the task to end at the await where it stands, or comes to next. Returns whether it was asked in time: `false`
    /// means that the task is done already and nothing has changed.
    ///
    /// # Examples
    /// ```
    /// use tasks::{TaskError, create_task};
    ///
    /// #[tokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let task = create_task(std::future::pending::<()>());
    ///     assert!(task.cancel());
    ///     assert!(!task.done()); // asked, but it has had no opportunity to end
    ///     assert_eq!(task.join().await, Err(TaskError::Cancelled));
    ///     assert!(!task.cancel());
    /// }
    /// ```
    pub fn cancel(&self) -> bool {
        todo!("ask it to end")
    }

    /// Waits until the task is done, then is as [`result`](Task::result). Any number may wait for the same task.
    ///
    /// # Errors
    /// [`TaskError::Cancelled`] or [`TaskError::Panicked`] if the task has no output.
    pub async fn join(&self) -> Result<&T, TaskError> {
        todo!("wait for its end")
    }
}

impl<T> Clone for Task<T> {
    fn clone(&self) -> Self {
        todo!("another handle to the same task")
    }
}

/// Waits until enough of the tasks are done, or the time is up. Returns the tasks that are done and those that are not,
/// each in the order of the arguments.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use tasks::{ReturnWhen, create_task, wait};
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() {
///     let delays = [20, 1].map(|milliseconds| {
///         create_task(async move { tokio::time::sleep(Duration::from_millis(milliseconds)).await })
///     });
///     let (done, pending) = wait(delays, ReturnWhen::FirstCompleted, None).await;
///     assert_eq!((done.len(), pending.len()), (1, 1));
///     let (done, pending) = wait(pending, ReturnWhen::AllCompleted, Some(Duration::from_secs(60))).await;
///     assert_eq!((done.len(), pending.len()), (1, 0));
/// }
/// ```
pub async fn wait<T: Send + Sync + 'static>(
    tasks: impl IntoIterator<Item = Task<T>>,
    return_when: ReturnWhen,
    timeout: Option<Duration>,
) -> (Vec<Task<T>>, Vec<Task<T>>) {
    let tasks: Vec<_> = tasks.into_iter().collect();
    todo!("wait for {} tasks: {return_when:?}, at most {timeout:?}", tasks.len())
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
