//! Producers and consumers on tokio tasks, with a bounded channel between them and an orderly end on every path.
//!
//! [`run`] keeps one task for each source and one for each consumer in a `JoinSet`, which ends them all: when the sources
//! run dry they end by themselves; when something goes wrong, or when the future of `run` is dropped, they are aborted.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic;
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

/// Handles every item of every source exactly once. Must be awaited within a tokio runtime.
///
/// A source is asked for its next item by calling it, and answers with a future; `None` is its end. Each source has a
/// producer of its own; `consumers` calls of `work` overlap. At most `capacity` items lie in the buffer between them, so that
/// a producer which is too fast waits.
///
/// ```
/// use solution_producer_consumer_async::run;
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// let sum = Arc::new(AtomicU32::new(0));
/// let source = |mut numbers: std::ops::RangeInclusive<u32>| move || std::future::ready(numbers.next());
/// let theirs = Arc::clone(&sum);
/// let work = move |number: Arc<u32>| {
///     theirs.fetch_add(*number, Ordering::Relaxed);
///     std::future::ready(Ok::<(), ()>(()))
/// };
/// let summary = runtime.block_on(run(vec![source(1..=50), source(51..=100)], 3, 8, work)).unwrap();
/// assert_eq!(sum.load(Ordering::Relaxed), 5050);
/// assert_eq!(summary.produced, [50, 50]);
/// assert_eq!(summary.handled.iter().sum::<usize>(), 100);
/// ```
///
/// # Errors
/// When `work` returns an error the run stops: everything under way is dropped where it waits, so is what lies in the buffer.
/// The failure is returned, with its item.
///
/// ```
/// use solution_producer_consumer_async::run;
/// use std::sync::Arc;
///
/// let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// let mut numbers = 1..;
/// let source = move || std::future::ready(numbers.next());
/// let work = |number: Arc<u32>| async move { if *number == 4 { Err("I do not like it") } else { Ok(()) } };
/// let failure = runtime.block_on(run(vec![source], 1, 2, work)).unwrap_err();
/// assert_eq!((*failure.item, failure.error, failure.handled), (4, "I do not like it", 3));
/// ```
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
    let (sender, receiver) = mpsc::channel(capacity);
    let handled: Vec<_> = (0..consumers).map(|_| Arc::new(AtomicUsize::new(0))).collect();
    let mut produced = vec![0; sources.len()];

    let mut tasks = JoinSet::new();
    for (index, source) in sources.into_iter().enumerate() {
        tasks.spawn(produce(index, source, sender.clone()));
    }
    // From now on the channel is closed when the last producer ends.
    drop(sender);
    let stock = Arc::new((Mutex::new(receiver), work));
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

/// Sends what a source yields, until it has no more.
async fn produce<S, N, T, E>(index: usize, mut source: S, sender: mpsc::Sender<T>) -> End<T, E>
where
    S: FnMut() -> N,
    N: Future<Output = Option<T>>,
{
    let mut items = 0;
    while let Some(item) = source().await {
        sender.send(item).await.expect("the run holds the receiver until all producers have ended");
        items += 1;
    }
    End::SourceIsDry { index, items }
}

/// Hands items to `work`, until there are no more. The count is shared, for an aborted task returns nothing.
async fn consume<T, W, F, E>(stock: Arc<(Mutex<mpsc::Receiver<T>>, W)>, handled: Arc<AtomicUsize>) -> End<T, E>
where
    W: Fn(Arc<T>) -> F,
    F: Future<Output = Result<(), E>>,
{
    let (receiver, work) = &*stock;
    while let Some(item) = take(receiver).await {
        let item = Arc::new(item);
        if let Err(error) = work(Arc::clone(&item)).await {
            return End::Failed(item, error);
        }
        handled.fetch_add(1, Ordering::Relaxed);
    }
    End::NothingLeft
}

/// A function of its own, so that the guard is gone before the item is worked on: in the head of a `while let` it would live
/// through the body.
async fn take<T>(receiver: &Mutex<mpsc::Receiver<T>>) -> Option<T> {
    receiver.lock().await.recv().await
}
