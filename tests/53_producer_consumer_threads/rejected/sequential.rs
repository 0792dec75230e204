//! caught-by: compile_fail — an_item_must_be_send
//! No threads at all: one source after another, one item after another; and so nothing has to be `Send`.

use std::error::Error;
use std::fmt;

/// What a run has done that came to its natural end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many items each source has produced.
    pub produced: Vec<usize>,
    /// How many items each consumer has handled.
    pub handled: Vec<usize>,
}

/// Why a run has stopped early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure<T, E> {
    /// The item that was refused.
    pub item: T,
    /// What `work` said about it.
    pub error: E,
    /// How many items were handled in the whole run.
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

/// Handles every item of every source exactly once.
pub fn run<S, T, E, W>(sources: Vec<S>, consumers: usize, capacity: usize, work: W) -> Result<Summary, Failure<T, E>>
where
    S: Iterator<Item = T>,
    W: Fn(&T) -> Result<(), E>,
{
    assert!(consumers > 0, "a run needs at least one consumer");
    assert!(capacity > 0, "a run needs room for at least one item");
    let mut summary = Summary { produced: vec![0; sources.len()], handled: vec![0; consumers] };
    let mut handled = 0;
    for (source, produced) in sources.into_iter().zip(&mut summary.produced) {
        for item in source {
            *produced += 1;
            if let Err(error) = work(&item) {
                return Err(Failure { item, error, handled });
            }
            summary.handled[handled % consumers] += 1;
            handled += 1;
        }
    }
    Ok(summary)
}
