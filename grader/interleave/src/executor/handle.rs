//! [`JoinHandle`]: what is left in the hand of whoever spawned a task.

use super::head::Head;
use super::runtime::{Runtime, waits};
use crate::engine::{self, Signal};
use std::any::Any;
use std::cell::UnsafeCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Where a task leaves its result.
pub(super) struct Packet<T>(UnsafeCell<Option<Result<T, JoinError>>>);

// SAFETY: the result is handed from the task to its one handle.
unsafe impl<T: Send> Send for Packet<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Packet<T> {}

impl<T> Packet<T> {
    pub(super) fn new() -> Arc<Packet<T>> {
        Arc::new(Packet(UnsafeCell::new(None)))
    }

    pub(super) fn put(&self, result: Result<T, JoinError>) {
        // SAFETY: nothing in here switches tasks; there was nothing before that could be dropped.
        unsafe { engine::with(&self.0, |place| *place = Some(result)) };
    }

    fn take(&self) -> Option<Result<T, JoinError>> {
        // SAFETY: nothing in here switches tasks.
        unsafe { engine::with(&self.0, Option::take) }
    }
}

/// What names a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u32);

impl Id {
    /// That of the running task, if it was spawned.
    #[must_use]
    pub fn of_current() -> Option<Id> {
        Runtime::current_task().map(|task| Id(task.0))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A task that may be awaited: its result, or why there is none. Dropping it lets the task go on by itself.
pub struct JoinHandle<T> {
    pub(super) head: Arc<Head>,
    pub(super) packet: Arc<Packet<T>>,
}

impl<T> Unpin for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// Asks the task to stop: its future is dropped when it next waits. It has stopped when the handle, awaited, says so; a task
    /// that comes to its end first has its result.
    #[track_caller]
    pub fn abort(&self) {
        self.head.abort();
    }

    /// Whether the task has ended.
    #[track_caller]
    #[must_use]
    pub fn is_finished(&self) -> bool {
        engine::point("is_finished", self.head.signal.object());
        self.head.is_finished()
    }

    /// Whether the task has ended, and in which place among all, without a step: for whoever keeps many handles.
    #[doc(hidden)]
    #[must_use]
    pub fn ended_as(&self) -> Option<u64> {
        self.head.ended_as()
    }

    /// Has `waker` called when the task ends, without a step.
    #[doc(hidden)]
    pub fn watch(&self, waker: &Waker) {
        self.head.watch(waker);
    }

    /// As [`JoinHandle::abort`], without a step.
    #[doc(hidden)]
    pub fn abort_quietly(&self) {
        self.head.request_abort();
    }

    /// A handle that can only abort.
    #[must_use]
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle(Arc::clone(&self.head))
    }

    /// What names the task.
    #[must_use]
    pub fn id(&self) -> Id {
        Id(self.head.signal.task().0)
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let head = &self.head;
        engine::point_at("join", head.signal.object(), head.at);
        engine::note(|| engine::name_of(head.signal.task()));
        if head.is_finished() {
            engine::acquire_from(head.signal.task());
            return Poll::Ready(self.packet.take().expect("a handle is not polled after it was ready"));
        }
        self.watch(context.waker());
        waits("join", Some(head.signal.object()), head.at);
        Poll::Pending
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("JoinHandle").field("id", &self.id()).finish()
    }
}

/// A handle that can only abort a task.
#[derive(Clone)]
pub struct AbortHandle(Arc<Head>);

impl AbortHandle {
    /// As [`JoinHandle::abort`].
    #[track_caller]
    pub fn abort(&self) {
        self.0.abort();
    }

    /// As [`JoinHandle::is_finished`].
    #[track_caller]
    #[must_use]
    pub fn is_finished(&self) -> bool {
        engine::point("is_finished", self.0.signal.object());
        self.0.is_finished()
    }

    /// As [`JoinHandle::id`].
    #[must_use]
    pub fn id(&self) -> Id {
        Id(self.0.signal.task().0)
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AbortHandle").field("id", &self.id()).finish()
    }
}

/// Why a task has no result.
pub struct JoinError {
    id: Id,
    /// `None` if it was aborted.
    payload: Option<Box<dyn Any + Send>>,
}

// SAFETY: the payload can only be reached by value or by `&mut`.
unsafe impl Sync for JoinError {}

impl JoinError {
    pub(super) fn new(signal: &Signal, payload: Option<Box<dyn Any + Send>>) -> JoinError {
        JoinError { id: Id(signal.task().0), payload }
    }

    /// Whether the task was aborted.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.payload.is_none()
    }

    /// Whether the task panicked.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        self.payload.is_some()
    }

    /// The payload of the task's panic.
    ///
    /// # Panics
    /// If the task did not panic.
    #[track_caller]
    #[must_use]
    pub fn into_panic(self) -> Box<dyn Any + Send> {
        self.try_into_panic().expect("the task was aborted and did not panic")
    }

    /// The payload of the task's panic.
    ///
    /// # Errors
    /// If the task did not panic: itself.
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send>, JoinError> {
        match self.payload {
            Some(payload) => Ok(payload),
            None => Err(self),
        }
    }

    /// Which task.
    #[must_use]
    pub fn id(&self) -> Id {
        self.id
    }

    fn message(&self) -> Option<&str> {
        let payload = self.payload.as_ref()?;
        let text = payload.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| payload.downcast_ref::<&str>().copied())
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.payload, self.message()) {
            (None, _) => write!(formatter, "task {} was cancelled", self.id),
            (Some(_), None) => write!(formatter, "task {} panicked", self.id),
            (Some(_), Some(message)) => write!(formatter, "task {} panicked with message {message:?}", self.id),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.is_panic() { "JoinError::Panic" } else { "JoinError::Cancelled" };
        formatter.debug_tuple(name).field(&self.id).field(&self.message()).finish()
    }
}

impl std::error::Error for JoinError {}
