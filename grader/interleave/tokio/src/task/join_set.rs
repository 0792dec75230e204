//! [`JoinSet`].

use super::local_set::{LocalSet, spawn_local};
use crate::runtime::Handle;
use interleave::engine::Object;
use interleave::executor::{AbortHandle, Id, JoinError, JoinHandle, waits};
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What comes of a task, and which one it was.
type Joined<T> = Result<(Id, T), JoinError>;

/// The stand-in for `tokio::task::JoinSet`: tasks, to be joined in the order in which they end. Dropping it aborts them.
pub struct JoinSet<T> {
    tasks: Vec<JoinHandle<T>>,
    object: Object,
}

impl<T> JoinSet<T> {
    /// As `tokio::task::JoinSet::new`.
    #[track_caller]
    #[must_use]
    pub fn new() -> Self {
        JoinSet { tasks: Vec::new(), object: Object::new("join set") }
    }

    /// As `tokio::task::JoinSet::len`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// As `tokio::task::JoinSet::is_empty`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
}

impl<T: 'static> JoinSet<T> {
    fn add(&mut self, task: JoinHandle<T>) -> AbortHandle {
        let abort = task.abort_handle();
        self.tasks.push(task);
        abort
    }

    /// As `tokio::task::JoinSet::spawn`.
    ///
    /// # Panics
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.add(Handle::current().spawn(future))
    }

    /// As `tokio::task::JoinSet::spawn_on`.
    #[track_caller]
    pub fn spawn_on<F>(&mut self, future: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.add(handle.spawn(future))
    }

    /// As `tokio::task::JoinSet::spawn_blocking`.
    ///
    /// # Panics
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, action: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.add(Handle::current().spawn_blocking(action))
    }

    /// As `tokio::task::JoinSet::spawn_blocking_on`.
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, action: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.add(handle.spawn_blocking(action))
    }

    /// As `tokio::task::JoinSet::spawn_local`.
    ///
    /// # Panics
    /// If the running task is in no local set, and in no local runtime.
    #[track_caller]
    pub fn spawn_local<F: Future<Output = T> + 'static>(&mut self, future: F) -> AbortHandle {
        self.add(spawn_local(future))
    }

    /// As `tokio::task::JoinSet::spawn_local_on`.
    #[track_caller]
    pub fn spawn_local_on<F: Future<Output = T> + 'static>(&mut self, future: F, set: &LocalSet) -> AbortHandle {
        self.add(set.spawn_local(future))
    }

    /// The task that ended first.
    fn ended(&self) -> Option<usize> {
        let ended = self.tasks.iter().enumerate().filter_map(|(index, task)| Some((task.ended_as()?, index)));
        ended.min().map(|(_, index)| index)
    }

    /// Takes the result of a task that has ended.
    fn take(&mut self, index: usize) -> Joined<T> {
        let mut task = self.tasks.remove(index);
        let id = task.id();
        // Ready at once; the context is not used.
        match Pin::new(&mut task).poll(&mut Context::from_waker(std::task::Waker::noop())) {
            Poll::Ready(result) => result.map(|value| (id, value)),
            Poll::Pending => unreachable!("the task has ended"),
        }
    }

    fn poll_next(&mut self, context: &Context<'_>, at: &'static Location<'static>) -> Poll<Option<Joined<T>>> {
        if self.tasks.is_empty() {
            return Poll::Ready(None);
        }
        if let Some(index) = self.ended() {
            return Poll::Ready(Some(self.take(index)));
        }
        for task in &self.tasks {
            task.watch(context.waker());
        }
        waits("join_next", Some(&self.object), at);
        Poll::Pending
    }

    async fn next(&mut self, at: &'static Location<'static>) -> Option<Joined<T>> {
        let mut polled = false;
        poll_fn(|context| {
            if !std::mem::replace(&mut polled, true) {
                interleave::engine::point_at("join_next", &self.object, at);
            }
            self.poll_next(context, at)
        })
        .await
    }

    /// As `tokio::task::JoinSet::poll_join_next`.
    #[track_caller]
    pub fn poll_join_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.poll_join_next_with_id(context).map(|joined| joined.map(|result| result.map(|(_, value)| value)))
    }

    /// As `tokio::task::JoinSet::poll_join_next_with_id`.
    #[track_caller]
    pub fn poll_join_next_with_id(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<(Id, T), JoinError>>> {
        let at = Location::caller();
        interleave::engine::point_at("poll_join_next", &self.object, at);
        self.poll_next(context, at)
    }

    /// As `tokio::task::JoinSet::join_next`. Dropped half-way it has joined nothing.
    #[track_caller]
    pub fn join_next(&mut self) -> impl Future<Output = Option<Result<T, JoinError>>> {
        let at = Location::caller();
        async move { self.next(at).await.map(|result| result.map(|(_, value)| value)) }
    }

    /// As `tokio::task::JoinSet::join_next_with_id`.
    #[track_caller]
    pub fn join_next_with_id(&mut self) -> impl Future<Output = Option<Result<(Id, T), JoinError>>> {
        self.next(Location::caller())
    }

    /// As `tokio::task::JoinSet::try_join_next`.
    #[track_caller]
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.try_join_next_with_id().map(|result| result.map(|(_, value)| value))
    }

    /// As `tokio::task::JoinSet::try_join_next_with_id`.
    #[track_caller]
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        interleave::engine::point_at("try_join_next", &self.object, Location::caller());
        let index = self.ended()?;
        Some(self.take(index))
    }

    /// As `tokio::task::JoinSet::join_all`.
    ///
    /// # Panics
    /// If a task did, or was aborted.
    #[track_caller]
    pub fn join_all(mut self) -> impl Future<Output = Vec<T>> {
        let at = Location::caller();
        async move {
            let mut results = Vec::with_capacity(self.len());
            while let Some(result) = self.next(at).await {
                match result {
                    Ok((_, value)) => results.push(value),
                    Err(error) if error.is_panic() => interleave::panic::resume_unwind(error.into_panic()),
                    Err(error) => panic!("{error}"),
                }
            }
            results
        }
    }

    /// As `tokio::task::JoinSet::shutdown`.
    #[track_caller]
    pub fn shutdown(&mut self) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            self.abort_at(at);
            while self.next(at).await.is_some() {}
        }
    }
}

impl<T> JoinSet<T> {
    fn abort_at(&self, at: &'static Location<'static>) {
        for task in &self.tasks {
            interleave::engine::point_at("abort", &self.object, at);
            task.abort_quietly();
        }
    }

    /// As `tokio::task::JoinSet::abort_all`.
    #[track_caller]
    pub fn abort_all(&mut self) {
        self.abort_at(Location::caller());
    }

    /// As `tokio::task::JoinSet::detach_all`.
    pub fn detach_all(&mut self) {
        self.tasks.clear();
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.abort_at(self.object.made());
    }
}

impl<T> Default for JoinSet<T> {
    #[track_caller]
    fn default() -> Self {
        JoinSet::new()
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("JoinSet").field("len", &self.len()).finish()
    }
}

impl<T, F> Extend<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    #[track_caller]
    fn extend<I: IntoIterator<Item = F>>(&mut self, futures: I) {
        for future in futures {
            self.spawn(future);
        }
    }
}

impl<T, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Self {
        let mut set = JoinSet::new();
        set.extend(futures);
        set
    }
}
