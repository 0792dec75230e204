//! A few threads for a list of things to do.

use crate::trouble::Trouble;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Hands out items to as many threads as there are jobs; the first trouble ends it.
///
/// # Errors
/// The first that `each` returns.
pub fn in_parallel<'a, T: Sync>(
    items: &'a [T],
    jobs: usize,
    each: impl Fn(usize, &'a T) -> Result<(), Trouble> + Sync,
) -> Result<(), Trouble> {
    let next = AtomicUsize::new(0);
    let trouble = Mutex::new(None);
    std::thread::scope(|scope| {
        let worker = || {
            while let Some((index, item)) = {
                let index = next.fetch_add(1, Ordering::Relaxed);
                items.get(index).map(|item| (index, item))
            } {
                if let Err(error) = each(index, item) {
                    next.store(items.len(), Ordering::Relaxed);
                    trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            }
        };
        for _ in 1..jobs.clamp(1, items.len().max(1)) {
            scope.spawn(worker);
        }
        worker();
    });
    trouble.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}
