//! Producers and consumers on tokio tasks, with a bounded channel between them and an orderly end on every path.
//!
//! `README.md` beside this folder says exactly what [`run`] has to do. [`Summary`] and [`Failure`] are complete: leave them
//! as they are.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

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
/// use producer_consumer_async::run;
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
/// use producer_consumer_async::run;
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
    let _ = (sources, consumers, capacity, work);
    todo!("start the producers and the consumers, and let none of them outlive the run")
}
