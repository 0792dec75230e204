//! No channel: a `VecDeque`, a semaphore that counts its free places, and a `Notify` that a consumer passes on when more is left.

use std::any::Any;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, Semaphore};
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

/// Handles every item of every source exactly once. Must be awaited within a tokio runtime.
///
/// A source is asked for its next item by calling it, and answers with a future; `None` is its end. Each source has a
/// producer of its own; `consumers` calls of `work` overlap. At most `capacity` items lie in the buffer between them, so that
/// a producer which is too fast waits.
///
/// # Errors
/// When `work` returns an error the run stops: everything under way is dropped where it waits, so is what lies in the buffer.
/// The failure is returned, with its item.
///
/// # Panics
/// If `consumers` or `capacity` is 0, before anything is started. If a source or `work` panics: the run stops as it does
/// after an error, and then the panic goes on in whoever awaits the run, payload and all, even if `work` had also failed.
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
    assert!(consumers > 0, "a run needs at least one consumer");
    assert!(capacity > 0, "a run needs room for at least one item");
    let buffer = Arc::new(Buffer::new(sources.len(), capacity));
    let handled: Vec<_> = (0..consumers).map(|_| Arc::new(AtomicUsize::new(0))).collect();
    let mut produced = vec![0; sources.len()];

    let mut tasks = JoinSet::new();
    for (index, source) in sources.into_iter().enumerate() {
        tasks.spawn(produce(index, source, Arc::clone(&buffer)));
    }
    let stock = Arc::new((buffer, work));
    for handled in &handled {
        tasks.spawn(consume(Arc::clone(&stock), Arc::clone(handled)));
    }

    let (mut failure, mut panicked) = (None, None::<Box<dyn Any + Send>>);
    while let Some(ended) = tasks.join_next().await {
        match ended.map_err(|error| error.try_into_panic()) {
            Ok(End::SourceIsDry { index, items }) => produced[index] = items,
            Ok(End::NothingLeft) | Err(Err(_)) => {}
            Ok(End::Failed(item, error)) => {
                failure = Some((item, error));
                tasks.abort_all();
            }
            Err(Ok(payload)) => {
                panicked = Some(payload);
                tasks.abort_all();
            }
        }
    }
    if let Some(payload) = panicked {
        panic::resume_unwind(payload);
    }
    let handled: Vec<usize> = handled.iter().map(|handled| handled.load(Ordering::Relaxed)).collect();
    match failure {
        None => Ok(Summary { produced, handled }),
        Some((item, error)) => Err(Failure { item, error, handled: handled.iter().sum() }),
    }
}

/// How a task has ended that was neither aborted nor panicked.
enum End<T, E> {
    SourceIsDry { index: usize, items: usize },
    NothingLeft,
    Failed(Arc<T>, E),
}

async fn produce<S, N, T, E>(index: usize, mut source: S, buffer: Arc<Buffer<T>>) -> End<T, E>
where
    S: FnMut() -> N,
    N: Future<Output = Option<T>>,
{
    let mut items = 0;
    while let Some(item) = source().await {
        buffer.put(item).await;
        items += 1;
    }
    buffer.end_of_a_source();
    End::SourceIsDry { index, items }
}

async fn consume<T, W, F, E>(stock: Arc<(Arc<Buffer<T>>, W)>, handled: Arc<AtomicUsize>) -> End<T, E>
where
    W: Fn(Arc<T>) -> F,
    F: Future<Output = Result<(), E>>,
{
    let (buffer, work) = &*stock;
    while let Some(item) = buffer.take().await {
        let item = Arc::new(item);
        if let Err(error) = work(Arc::clone(&item)).await {
            return End::Failed(item, error);
        }
        handled.fetch_add(1, Ordering::Relaxed);
    }
    End::NothingLeft
}

struct Buffer<T> {
    state: Mutex<(VecDeque<T>, usize)>,
    room: Semaphore,
    stock: Notify,
}

impl<T> Buffer<T> {
    fn new(open_sources: usize, capacity: usize) -> Self {
        let state = Mutex::new((VecDeque::new(), open_sources));
        Buffer { state, room: Semaphore::new(capacity.min(Semaphore::MAX_PERMITS)), stock: Notify::new() }
    }

    async fn put(&self, item: T) {
        self.room.acquire().await.expect("nobody closes it").forget();
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0.push_back(item);
        self.stock.notify_one();
    }

    async fn take(&self) -> Option<T> {
        loop {
            {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(item) = state.0.pop_front() {
                    if !state.0.is_empty() {
                        self.stock.notify_one();
                    }
                    self.room.add_permits(1);
                    return Some(item);
                }
                if state.1 == 0 {
                    // The next one hears of the end, too.
                    self.stock.notify_one();
                    return None;
                }
            }
            self.stock.notified().await;
        }
    }

    fn end_of_a_source(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1 -= 1;
        self.stock.notify_one();
    }
}
