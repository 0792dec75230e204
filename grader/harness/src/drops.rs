//! How often the values that a test gives away are dropped.

use crate::explorable::sync::Arc;
use crate::explorable::sync::atomic::{AtomicUsize, Ordering};
use std::ops::Deref;

/// Counts the drops of the values that it has marked.
#[derive(Clone, Debug, Default)]
pub struct DropCount(Arc<AtomicUsize>);

/// A value that is counted when it is dropped.
#[derive(Debug)]
pub struct Counted<T = ()> {
    value: T,
    drops: DropCount,
}

impl DropCount {
    /// A count that begins with none.
    pub fn new() -> Self {
        Self::default()
    }

    /// Marks a value.
    pub fn mark<T>(&self, value: T) -> Counted<T> {
        Counted { value, drops: self.clone() }
    }

    /// A marked value of which nothing matters but its end.
    pub fn token(&self) -> Counted {
        self.mark(())
    }

    /// How many marked values have been dropped so far.
    #[track_caller]
    pub fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Begins again with none. What is marked stays so.
    #[track_caller]
    pub fn reset(&self) {
        self.0.store(0, Ordering::SeqCst);
    }
}

impl<T> Deref for Counted<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Drop for Counted<T> {
    fn drop(&mut self) {
        self.drops.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(all(test, not(feature = "explore")))]
mod tests {
    use super::*;

    #[test]
    fn every_drop_counts_once() {
        let drops = DropCount::new();
        let values: Vec<_> = (1..=3).map(|number| drops.mark(number)).collect();
        assert_eq!((*values[2], drops.get()), (3, 0));
        drop(drops.token());
        assert_eq!(drops.get(), 1);
        drops.reset();
        drop(values);
        assert_eq!(drops.get(), 3);
    }
}
