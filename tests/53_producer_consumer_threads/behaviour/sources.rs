//! Sources that are counted, or held up until the story says so.

use harness::Gate;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

pub(super) type Source<T> = Box<dyn Iterator<Item = T> + Send>;

/// Counts the calls of `next`.
pub(super) fn counted<S: Iterator + Send>(
    mut source: S,
    asked: &Arc<AtomicUsize>,
) -> impl Iterator<Item = S::Item> + Send + use<S> {
    let asked = Arc::clone(asked);
    iter::from_fn(move || {
        asked.fetch_add(1, SeqCst);
        source.next()
    })
}

/// A source in which every call of `next` passes the gate.
pub(super) fn gated<S: Iterator + Send>(mut source: S, gate: &Gate) -> impl Iterator<Item = S::Item> + Send + use<S> {
    let gate = gate.clone();
    iter::from_fn(move || {
        gate.pass();
        source.next()
    })
}
