//! What handles say, all ways to wait, and futures that tell of their end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use subject::ReturnWhen::{AllCompleted, FirstCompleted, FirstError};
use subject::{Task, TaskError};

pub(super) const MODES: [subject::ReturnWhen; 3] = [FirstCompleted, FirstError, AllCompleted];

/// What a task says, twice over.
pub(super) fn states<T: Clone + Send + Sync + 'static>(task: &Task<T>) -> (bool, Result<T, TaskError>) {
    (task.done(), task.result().cloned())
}

pub(super) fn outputs<T: Clone + Send + Sync + 'static>(tasks: &[Task<T>]) -> Vec<Result<T, TaskError>> {
    tasks.iter().map(|task| task.result().cloned()).collect()
}

/// A future that joins a task through a handle of its own.
pub(super) fn join_of<T: Clone + Send + Sync + 'static>(
    task: &Task<T>,
) -> impl Future<Output = Result<T, TaskError>> + Send + 'static + use<T> {
    let task = task.clone();
    async move { task.join().await.cloned() }
}

pub(super) struct OnDrop<F: FnMut()>(pub(super) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        self.0();
    }
}

/// A guard, and whether it has been dropped.
pub(super) fn guard() -> (Arc<AtomicBool>, OnDrop<impl FnMut() + Send + 'static>) {
    let dropped = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&dropped);
    (dropped, OnDrop(move || theirs.store(true, SeqCst)))
}

/// The future, holding on to something until it is dropped, also after it was ready and before it was polled.
pub(super) fn holding<G: Send + 'static, T>(
    guard: G,
    future: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = T> + Send + 'static {
    let mut future = Box::pin(future);
    std::future::poll_fn(move |context| {
        let _ = &guard;
        future.as_mut().poll(context)
    })
}
