//! Producers and consumers on threads, with a bounded buffer between them and an orderly end on every path.
//!
//! `README.md` beside this folder says exactly what [`run`] has to do. [`Summary`] and [`Failure`] are complete: leave them
//! as they are.

use std::error::Error;
use std::fmt;

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
    pub item: T,
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

/// Handles every item of every source exactly once, and returns when all threads of the run have ended.
///
/// Each source is read by a producer thread of its own; `consumers` threads call `work`, side by side. At most `capacity`
/// items lie in the buffer between them, so that a producer which is too fast waits.
///
/// ```
/// use producer_consumer_threads::run;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// let sum = AtomicU32::new(0);
/// let summary = run(vec![1..=50, 51..=100], 3, 8, |n| {
///     sum.fetch_add(*n, Ordering::Relaxed);
///     Ok::<(), ()>(())
/// })
/// .unwrap();
/// assert_eq!(sum.into_inner(), 5050);
/// assert_eq!(summary.produced, [50, 50]);
/// assert_eq!(summary.handled.iter().sum::<usize>(), 100);
/// ```
///
/// # Errors
/// When `work` returns an error the run stops: no further item is begun, no source is asked again, what lies in the buffer is
/// dropped. The first failure is returned, with its item.
///
/// ```
/// use producer_consumer_threads::run;
///
/// let failure = run(vec![1..], 1, 2, |n| if *n == 4 { Err("I do not like it") } else { Ok(()) }).unwrap_err();
/// assert_eq!((failure.item, failure.error, failure.handled), (4, "I do not like it", 3));
/// ```
///
/// # Panics
/// If `consumers` or `capacity` is 0, before anything is started. If a source or `work` panics: the run stops as it does
/// after an error, and when all its threads have ended the panic goes on in the caller, payload and all, even if `work`
/// had also failed.
///
/// ```
/// use producer_consumer_threads::run;
///
/// let caller = std::thread::spawn(|| run(vec![1..], 2, 2, |n| if *n == 4 { panic!("a bug") } else { Ok::<(), ()>(()) }));
/// assert_eq!(caller.join().unwrap_err().downcast_ref(), Some(&"a bug"));
/// ```
pub fn run<S, T, E, W>(sources: Vec<S>, consumers: usize, capacity: usize, work: W) -> Result<Summary, Failure<T, E>>
where
    S: Iterator<Item = T> + Send,
    T: Send,
    E: Send,
    W: Fn(&T) -> Result<(), E> + Sync,
{
    let _ = (sources, consumers, capacity, work);
    todo!("start the producers and the consumers, and let none of them wait for ever")
}
