//! tokio aborts, and the destructor of what it ran tells; who waits is on a list of the task, a `wait` with one tally on all
//! lists.

use std::any::Any;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::task::AbortHandle;

/// Starts a task that runs the future, beside the caller and by itself, and returns a handle to it.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn create_task<F>(future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + Sync + 'static,
{
    let shared = Arc::new(Shared {
        outcome: OnceLock::new(),
        abort: OnceLock::new(),
        listeners: Mutex::new(Listeners { next: 0, list: BTreeMap::new() }),
    });
    let running = Running { future: Some(Box::pin(future)), shared: Some(Arc::clone(&shared)) };
    let handle = tokio::spawn(running);
    let _ = shared.abort.set(handle.abort_handle());
    Task { shared }
}

/// A handle to a task.
pub struct Task<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    outcome: OnceLock<Result<T, TaskError>>,
    abort: OnceLock<AbortHandle>,
    /// Nobody comes on the list once the outcome is there.
    listeners: Mutex<Listeners>,
}

struct Listeners {
    next: u64,
    list: BTreeMap<u64, Listener>,
}

enum Listener {
    Join(Waker),
    Wait(Arc<Mutex<Tally>>),
}

/// What a `wait` still waits for.
struct Tally {
    mode: ReturnWhen,
    missing: usize,
    enough: bool,
    waker: Option<Waker>,
}

impl Tally {
    fn count(&mut self, panicked: bool) {
        self.missing -= 1;
        let early = match self.mode {
            ReturnWhen::FirstCompleted => true,
            ReturnWhen::FirstError => panicked,
            ReturnWhen::AllCompleted => false,
        };
        self.enough |= early || self.missing == 0;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Shared<T> {
    fn end(&self, outcome: Result<T, TaskError>) {
        let panicked = matches!(outcome, Err(TaskError::Panicked(_)));
        let _ = self.outcome.set(outcome);
        let list = std::mem::take(&mut lock(&self.listeners).list);
        for listener in list.into_values() {
            let waker = match listener {
                Listener::Join(waker) => Some(waker),
                Listener::Wait(tally) => {
                    let mut tally = lock(&tally);
                    tally.count(panicked);
                    if tally.enough { tally.waker.take() } else { None }
                }
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// Puts a listener on the list, or says that it is too late.
    fn listen(&self, listener: Listener) -> Result<u64, Listener> {
        let mut listeners = lock(&self.listeners);
        if self.outcome.get().is_some() {
            return Err(listener);
        }
        listeners.next += 1;
        let number = listeners.next;
        listeners.list.insert(number, listener);
        Ok(number)
    }

    fn forget(&self, number: u64) {
        let listener = lock(&self.listeners).list.remove(&number);
        drop(listener);
    }
}

/// What tokio runs.
struct Running<F: Future> {
    future: Option<Pin<Box<F>>>,
    shared: Option<Arc<Shared<F::Output>>>,
}

impl<F: Future> Running<F> {
    fn end(&mut self, outcome: Result<F::Output, TaskError>) {
        self.future = None;
        if let Some(shared) = self.shared.take() {
            shared.end(outcome);
        }
    }
}

impl<F: Future> Future for Running<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(future) = &mut self.future else { return Poll::Ready(()) };
        let outcome = match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(payload) => Err(TaskError::Panicked(text(&*payload))),
        };
        self.end(outcome);
        Poll::Ready(())
    }
}

impl<F: Future> Drop for Running<F> {
    fn drop(&mut self) {
        self.end(Err(TaskError::Cancelled));
    }
}

fn text(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "Box<dyn Any>".to_owned()
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
        match self.shared.outcome.get() {
            None => Err(TaskError::NotDone),
            Some(Ok(output)) => Ok(output),
            Some(Err(error)) => Err(error.clone()),
        }
    }

    /// Asks the task to end at the await where it stands, or comes to next. Returns whether it was asked in time.
    pub fn cancel(&self) -> bool {
        if self.done() {
            return false;
        }
        self.shared.abort.get().expect("it was started").abort();
        true
    }

    /// Waits until the task is done, then is as [`result`](Task::result).
    ///
    /// # Errors
    /// [`TaskError::Cancelled`] or [`TaskError::Panicked`] if the task has no output.
    pub async fn join(&self) -> Result<&T, TaskError> {
        let mut place = Place { shared: &*self.shared, number: None };
        poll_fn(|context| place.poll(context)).await;
        self.result()
    }
}

/// The place of a `join` on the list.
struct Place<'a, T> {
    shared: &'a Shared<T>,
    number: Option<u64>,
}

impl<T> Place<'_, T> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let before = self.number.take();
        if let Some(number) = before {
            self.shared.forget(number);
        }
        match self.shared.listen(Listener::Join(context.waker().clone())) {
            Ok(number) => {
                self.number = Some(number);
                Poll::Pending
            }
            Err(_) => Poll::Ready(()),
        }
    }
}

impl<T> Drop for Place<'_, T> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.shared.forget(number);
        }
    }
}

impl<T> Clone for Task<T> {
    fn clone(&self) -> Self {
        Task { shared: Arc::clone(&self.shared) }
    }
}

/// The tally of a `wait`, and its places on the lists.
struct Places<T> {
    tasks: Vec<Task<T>>,
    numbers: Vec<Option<u64>>,
    tally: Arc<Mutex<Tally>>,
}

impl<T> Drop for Places<T> {
    fn drop(&mut self) {
        for (task, number) in self.tasks.iter().zip(&self.numbers) {
            if let Some(number) = number {
                task.shared.forget(*number);
            }
        }
        let waker = lock(&self.tally).waker.take();
        drop(waker);
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
    let missing = tasks.len();
    let tally = Tally { mode: return_when, missing, enough: missing == 0, waker: None };
    let mut places = Places { tasks, numbers: Vec::new(), tally: Arc::new(Mutex::new(tally)) };
    for task in &places.tasks {
        let number = task.shared.listen(Listener::Wait(Arc::clone(&places.tally)));
        if number.is_err() {
            let panicked = matches!(task.result(), Err(TaskError::Panicked(_)));
            lock(&places.tally).count(panicked);
        }
        places.numbers.push(number.ok());
    }
    let enough = poll_fn(|context| {
        let waker = context.waker().clone();
        let mut tally = lock(&places.tally);
        if tally.enough {
            return Poll::Ready(());
        }
        let before = tally.waker.replace(waker);
        drop(tally);
        drop(before);
        Poll::Pending
    });
    match timeout {
        None => enough.await,
        Some(Duration::ZERO) => {}
        Some(_) if lock(&places.tally).enough => {}
        Some(timeout) => {
            let _ = tokio::time::timeout(timeout, enough).await;
        }
    }
    let all = places.tasks.clone();
    drop(places);
    all.into_iter().partition(Task::done)
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
