//! caught-by: timing — a_deep_buffer_is_filled_and_emptied
//! The buffer is a `Vec`, and the first item is taken with `remove(0)`.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub produced: Vec<usize>,
    pub handled: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure<T, E> {
    pub item: Arc<T>,
    pub error: E,
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
    state: Mutex<(Vec<T>, usize)>,
    room: Semaphore,
    stock: Notify,
}

impl<T> Buffer<T> {
    fn new(open_sources: usize, capacity: usize) -> Self {
        let state = Mutex::new((Vec::new(), open_sources));
        Buffer { state, room: Semaphore::new(capacity), stock: Notify::new() }
    }

    async fn put(&self, item: T) {
        self.room.acquire().await.expect("nobody closes it").forget();
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0.push(item);
        self.stock.notify_one();
    }

    async fn take(&self) -> Option<T> {
        loop {
            {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                if !state.0.is_empty() {
                    let item = state.0.remove(0);
                    if !state.0.is_empty() {
                        self.stock.notify_one();
                    }
                    self.room.add_permits(1);
                    return Some(item);
                }
                if state.1 == 0 {
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
