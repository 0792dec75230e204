//! Sources and work of all kinds, and what counts and writes down what happens to their items.

use super::clock::seconds;
use harness::Log;
use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tokio::time::sleep;

pub(super) type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;
pub(super) type Source<T> = Box<dyn FnMut() -> Answer<Option<T>> + Send>;

/// A source that takes so long for each item, and no time for its end.
pub(super) fn source<T: Send + 'static>(
    items: impl IntoIterator<Item = T, IntoIter: Send + 'static>,
    each: f64,
) -> Source<T> {
    let mut items = items.into_iter();
    Box::new(move || {
        let item = items.next();
        Box::pin(async move {
            if item.is_some() && each > 0.0 {
                sleep(seconds(each)).await;
            }
            item
        })
    })
}

/// A source whose items are ready.
pub(super) fn ready<T: Send + 'static>(items: impl IntoIterator<Item = T, IntoIter: Send + 'static>) -> Source<T> {
    source(items, 0.0)
}

/// Work that takes so long for each item and refuses nothing.
pub(super) fn taking<T: Send + Sync + 'static>(
    each: f64,
) -> impl Fn(Arc<T>) -> Answer<Result<(), &'static str>> + Send + Sync {
    move |_| {
        Box::pin(async move {
            if each > 0.0 {
                sleep(seconds(each)).await;
            }
            Ok(())
        })
    }
}

/// Work that writes down the items that it is called with, in that order.
pub(super) fn logging<A, W: Fn(Arc<usize>) -> A>(log: &Log<usize>, work: W) -> impl Fn(Arc<usize>) -> A + use<A, W> {
    let log = log.clone();
    move |item| {
        log.add(*item);
        work(item)
    }
}

/// A number that several tasks change.
pub(super) type Count = Arc<AtomicUsize>;

pub(super) fn count() -> Count {
    Count::default()
}

/// Counts what is alive: made, and not dropped yet.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) number: usize,
    live: Count,
}

impl Counted {
    pub(super) fn new(number: usize, live: &Count) -> Counted {
        live.fetch_add(1, SeqCst);
        Counted { number, live: Arc::clone(live) }
    }

    /// Another one. A closure that calls this owns all of `self`.
    fn another(&self, number: usize) -> Counted {
        Counted::new(number, &self.live)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.live.fetch_sub(1, SeqCst);
    }
}

/// A source without end that owns a [`Counted`], as do its items and its futures.
pub(super) fn holding_source(live: &Count, calls: &Count, pause: fn(usize) -> f64) -> Source<Counted> {
    let (kept, calls) = (Counted::new(0, live), calls.clone());
    Box::new(move || {
        let number = calls.fetch_add(1, SeqCst);
        let (item, held) = (kept.another(number), kept.another(0));
        Box::pin(async move {
            sleep(seconds(pause(number))).await;
            drop(held);
            Some(item)
        })
    })
}

/// Work that owns a [`Counted`], as do its futures, and refuses everything.
pub(super) fn holding_work(
    live: &Count,
    calls: &Count,
    pause: fn(usize) -> f64,
) -> impl Fn(Arc<Counted>) -> Answer<Result<(), ()>> + use<> {
    let (kept, calls) = (Counted::new(0, live), calls.clone());
    move |item| {
        calls.fetch_add(1, SeqCst);
        let held = kept.another(0);
        Box::pin(async move {
            sleep(seconds(pause(item.number))).await;
            drop(held);
            Err(())
        })
    }
}
