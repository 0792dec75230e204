//! A task for each producer and each consumer, in a set that is aborted as a whole; consumers take turns at the one receiver.

use std::error::Error;
use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

/// What a run has done that came to its natural end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many items each source has produced, in the order of the sources.
    pub produced: Vec<usize>,
    /// How many items each consumer has handled, one entry for each consumer.
    pub handled: Vec<usize>,
}

/// Why a run has stopped early: `work` has refused an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure<T, E> {
    /// The item that was refused.
    pub item: Arc<T>,
    /// What `work` said about it.
    pub error: E,
    /// How many items were handled (`work` returned `Ok`) in the whole run.
    pub handled: usize,
}

impl<T: fmt::Debug, E: fmt::Display> fmt::Display for Failure<T, E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "item {:?} failed after {} were handled: {}", self.item, self.handled, self.error)
    }
}

impl<T: fmt::Debug, E: Error + 'static> Error for Failure<T, E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

enum Part<T, E> {
    Produced(usize, usize),
    Handled(usize, usize),
    Failed(Arc<T>, E),
}

/// Handles every item of every source exactly once. Must be awaited within a tokio runtime.
///
/// # Errors
/// When `work` returns an error the run stops.
///
/// # Panics
/// If `consumers` or `capacity` is 0, and if a source or `work` panics.
pub async fn run<S, N, T, W, F, E>(
    sources: Vec<S>,
    consumers: usize,
    capacity: usize,
    work: W,
) -> Result<Summary, Failure<T, E>>
where
    S: FnMut() -> N + Send + 'static,
    N: Future<Output = Option<T>> + Send + 'static,
    T: Send + Sync + 'static,
    W: Fn(Arc<T>) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: Send + 'static,
{
    assert!(consumers > 0 && capacity > 0, "a run needs a consumer and a place in the buffer");
    let mut summary = Summary { produced: vec![0; sources.len()], handled: vec![0; consumers] };
    let (sender, receiver) = mpsc::channel::<Arc<T>>(capacity);
    let (receiver, work) = (Arc::new(Mutex::new(receiver)), Arc::new(work));
    let all_handled = Arc::new(AtomicUsize::new(0));
    let mut parts = JoinSet::new();
    for (index, mut source) in sources.into_iter().enumerate() {
        let sender = sender.clone();
        parts.spawn(async move {
            let mut count = 0;
            while let Some(item) = source().await {
                count += 1;
                if sender.send(Arc::new(item)).await.is_err() {
                    break;
                }
            }
            Part::Produced(index, count)
        });
    }
    drop(sender);
    for index in 0..consumers {
        let (receiver, work, all_handled) = (Arc::clone(&receiver), Arc::clone(&work), Arc::clone(&all_handled));
        parts.spawn(async move {
            let mut count = 0;
            loop {
                let taken = receiver.lock().await.recv().await;
                let Some(item) = taken else { return Part::Handled(index, count) };
                if let Err(error) = work(Arc::clone(&item)).await {
                    return Part::Failed(item, error);
                }
                count += 1;
                all_handled.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    drop((receiver, work));
    let (mut failed, mut panicked) = (None, None);
    while let Some(ended) = parts.join_next().await {
        match ended {
            Ok(Part::Produced(index, count)) => summary.produced[index] = count,
            Ok(Part::Handled(index, count)) => summary.handled[index] = count,
            Ok(Part::Failed(item, error)) => {
                parts.abort_all();
                failed.get_or_insert((item, error));
            }
            Err(error) => {
                if let Ok(payload) = error.try_into_panic() {
                    parts.abort_all();
                    panicked = Some(payload);
                }
            }
        }
    }
    if let Some(payload) = panicked {
        resume_unwind(payload);
    }
    match failed {
        Some((item, error)) => Err(Failure { item, error, handled: all_handled.load(Ordering::Relaxed) }),
        None => Ok(summary),
    }
}
