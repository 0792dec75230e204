//! No task but the caller's: producers and consumers are futures that the run polls itself, around a list with two semaphores.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use tokio::sync::Semaphore;

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

struct Buffer<T> {
    items: Mutex<VecDeque<T>>,
    room: Semaphore,
    /// A permit for each item; and at the end one for each consumer, for which there is none.
    filled: Semaphore,
    open_sources: AtomicUsize,
}

impl<T> Buffer<T> {
    async fn put(&self, item: T) {
        if let Ok(permit) = self.room.acquire().await {
            permit.forget();
        }
        self.items.lock().unwrap().push_back(item);
        self.filled.add_permits(1);
    }

    async fn take(&self) -> Option<T> {
        if let Ok(permit) = self.filled.acquire().await {
            permit.forget();
        }
        let item = self.items.lock().unwrap().pop_front()?;
        self.room.add_permits(1);
        Some(item)
    }

    fn source_ends(&self, consumers: usize) {
        if self.open_sources.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.filled.add_permits(consumers);
        }
    }
}

enum Part<T, E> {
    Produced(usize, usize),
    Handled(usize, usize),
    Failed(Arc<T>, E),
}

type Parts<T, E> = Vec<Pin<Box<dyn Future<Output = Part<T, E>> + Send>>>;

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
    if consumers == 0 || capacity == 0 {
        panic!("there must be somebody to work, and room for an item");
    }
    let mut summary = Summary { produced: vec![0; sources.len()], handled: vec![0; consumers] };
    let buffer = Arc::new(Buffer {
        items: Mutex::new(VecDeque::new()),
        room: Semaphore::new(capacity),
        filled: Semaphore::new(0),
        open_sources: AtomicUsize::new(sources.len() + 1),
    });
    let (work, handled) = (Arc::new(work), Arc::new(AtomicUsize::new(0)));
    let mut parts: Parts<T, E> = Vec::new();
    for (index, mut source) in sources.into_iter().enumerate() {
        let buffer = Arc::clone(&buffer);
        parts.push(Box::pin(async move {
            let mut count = 0;
            while let Some(item) = source().await {
                count += 1;
                buffer.put(item).await;
            }
            buffer.source_ends(consumers);
            Part::Produced(index, count)
        }));
    }
    buffer.source_ends(consumers);
    for index in 0..consumers {
        let (buffer, work, handled) = (Arc::clone(&buffer), Arc::clone(&work), Arc::clone(&handled));
        parts.push(Box::pin(async move {
            let mut count = 0;
            while let Some(item) = buffer.take().await {
                let item = Arc::new(item);
                match work(Arc::clone(&item)).await {
                    Ok(()) => count += 1,
                    Err(error) => return Part::Failed(item, error),
                }
                handled.fetch_add(1, Ordering::Relaxed);
            }
            Part::Handled(index, count)
        }));
    }
    drop(work);
    poll_fn(move |context| {
        let mut place = 0;
        while place < parts.len() {
            match parts[place].as_mut().poll(context) {
                Poll::Pending => {
                    place += 1;
                    continue;
                }
                Poll::Ready(Part::Produced(index, count)) => summary.produced[index] = count,
                Poll::Ready(Part::Handled(index, count)) => summary.handled[index] = count,
                Poll::Ready(Part::Failed(item, error)) => {
                    parts.clear();
                    let handled = handled.load(Ordering::Relaxed);
                    return Poll::Ready(Err(Failure { item, error, handled }));
                }
            }
            drop(parts.swap_remove(place));
        }
        if parts.is_empty() { Poll::Ready(Ok(summary.clone())) } else { Poll::Pending }
    })
    .await
}
