//! Cancelling is a flag of our own that the running task looks at; a semaphore without permits is closed at the end, and that ends
//! every join; a `wait` gets a message from each task.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// Starts a task that runs the future, beside the caller and by itself, and returns a handle to it.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn create_task<F>(future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + Sync + 'static,
{
    let shared = Arc::new(Shared { outcome: OnceLock::new(), ended: Semaphore::new(0), control: Mutex::default() });
    let driver = Driver { future: Some(Box::pin(future)), shared: Arc::clone(&shared) };
    drop(tokio::spawn(driver));
    Task { shared }
}

/// A handle to a task.
pub struct Task<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    outcome: OnceLock<Result<T, TaskError>>,
    ended: Semaphore,
    control: Mutex<Control>,
}

#[derive(Default)]
struct Control {
    asked: bool,
    driver: Option<Waker>,
    /// Whom to tell, each by a number of its own.
    subscribers: BTreeMap<u64, UnboundedSender<bool>>,
    numbers: u64,
}

struct Driver<F: Future> {
    future: Option<Pin<Box<F>>>,
    shared: Arc<Shared<F::Output>>,
}

impl<F: Future> Driver<F> {
    fn finish(&mut self, outcome: Result<F::Output, TaskError>) {
        drop(self.future.take());
        let panicked = matches!(outcome, Err(TaskError::Panicked(_)));
        let mut control = self.shared.control.lock().unwrap();
        let _ = self.shared.outcome.set(outcome);
        let subscribers = std::mem::take(&mut control.subscribers);
        let driver = control.driver.take();
        drop(control);
        drop(driver);
        self.shared.ended.close();
        for subscriber in subscribers.into_values() {
            let _ = subscriber.send(panicked);
        }
    }
}

impl<F: Future> Future for Driver<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let before = {
            let mut control = self.shared.control.lock().unwrap();
            if control.asked { Err(()) } else { Ok(control.driver.replace(waker)) }
        };
        if before.is_err() {
            self.finish(Err(TaskError::Cancelled));
            return Poll::Ready(());
        }
        drop(before);
        let Some(future) = self.future.as_mut() else { return Poll::Ready(()) };
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Ready(output)) => self.finish(Ok(output)),
            Ok(Poll::Pending) => {
                if !self.shared.control.lock().unwrap().asked {
                    return Poll::Pending;
                }
                self.finish(Err(TaskError::Cancelled));
            }
            Err(payload) => {
                let message = match payload.downcast::<String>() {
                    Ok(text) => *text,
                    Err(other) => other.downcast_ref::<&str>().copied().unwrap_or("Box<dyn Any>").to_owned(),
                };
                self.finish(Err(TaskError::Panicked(message)));
            }
        }
        Poll::Ready(())
    }
}

impl<F: Future> Drop for Driver<F> {
    fn drop(&mut self) {
        if self.future.is_some() {
            self.finish(Err(TaskError::Cancelled));
        }
    }
}

impl<T: Send + Sync + 'static> Task<T> {
    /// Whether the task has ended.
    pub fn done(&self) -> bool {
        !matches!(self.result(), Err(TaskError::NotDone))
    }

    /// What became of the task. Never waits.
    ///
    /// # Errors
    /// [`TaskError::NotDone`] if the task has not ended yet; otherwise why it has no output.
    pub fn result(&self) -> Result<&T, TaskError> {
        match self.shared.outcome.get() {
            None => Err(TaskError::NotDone),
            Some(Ok(output)) => Ok(output),
            Some(Err(error)) => Err(error.clone()),
        }
    }

    /// Asks the task to end at the await where it stands, or comes to next. Returns whether it was asked in time.
    pub fn cancel(&self) -> bool {
        let mut control = self.shared.control.lock().unwrap();
        if self.done() {
            return false;
        }
        control.asked = true;
        let driver = control.driver.take();
        drop(control);
        if let Some(driver) = driver {
            driver.wake();
        }
        true
    }

    /// Waits until the task is done, then is as [`result`](Task::result).
    ///
    /// # Errors
    /// [`TaskError::Cancelled`] or [`TaskError::Panicked`] if the task has no output.
    pub async fn join(&self) -> Result<&T, TaskError> {
        if !self.done() {
            let permit = self.shared.ended.acquire().await;
            debug_assert!(permit.is_err());
        }
        self.result()
    }
}

impl<T> Clone for Task<T> {
    fn clone(&self) -> Self {
        Task { shared: self.shared.clone() }
    }
}

struct Subscriptions<'a, T>(Vec<(&'a Shared<T>, u64)>);

impl<T> Drop for Subscriptions<'_, T> {
    fn drop(&mut self) {
        for (shared, number) in &self.0 {
            let sender = shared.control.lock().unwrap().subscribers.remove(number);
            drop(sender);
        }
    }
}

/// Waits until enough of the tasks are done, or the time is up. Returns the tasks that are done and those that are not,
/// each in the order of the arguments.
pub async fn wait<T: Send + Sync + 'static>(
    tasks: impl IntoIterator<Item = Task<T>>,
    return_when: ReturnWhen,
    timeout: Option<Duration>,
) -> (Vec<Task<T>>, Vec<Task<T>>) {
    let tasks = tasks.into_iter().collect::<Vec<_>>();
    {
        let (sender, mut receiver) = unbounded_channel();
        let mut subscriptions = Subscriptions(Vec::with_capacity(tasks.len()));
        let (mut missing, mut enough) = (tasks.len(), tasks.is_empty());
        let tell = |panicked: bool, missing: &mut usize| {
            *missing -= 1;
            *missing == 0
                || match return_when {
                    ReturnWhen::FirstCompleted => true,
                    ReturnWhen::FirstError => panicked,
                    ReturnWhen::AllCompleted => false,
                }
        };
        for task in &tasks {
            let mut control = task.shared.control.lock().unwrap();
            match task.shared.outcome.get() {
                Some(outcome) => {
                    let panicked = matches!(outcome, Err(TaskError::Panicked(_)));
                    enough |= tell(panicked, &mut missing);
                }
                None => {
                    control.numbers += 1;
                    let number = control.numbers;
                    control.subscribers.insert(number, sender.clone());
                    drop(control);
                    subscriptions.0.push((&task.shared, number));
                }
            }
        }
        drop(sender);
        if !enough && timeout != Some(Duration::ZERO) {
            let messages = async {
                while let Some(panicked) = receiver.recv().await {
                    if tell(panicked, &mut missing) {
                        break;
                    }
                }
            };
            match timeout {
                Some(timeout) => drop(tokio::time::timeout(timeout, messages).await),
                None => messages.await,
            }
        }
        drop(subscriptions);
    }
    tasks.into_iter().partition(|task| task.done())
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
