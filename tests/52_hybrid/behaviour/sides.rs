//! A worker and an owner on threads of their own, handlers that wait at gates, and what must not be left of them.

use super::wire::End;
use harness::{Actor, actor, expect, open_descriptors, quiesce, threads_alive};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use subject::{ItemError, dispatch, serve};
use tokio::sync::Semaphore;

/// A worker on a thread of its own, and the owner's end of its stream.
pub(super) fn worker<H: AsyncFn(u64) -> u64 + Send + 'static>(handler: H) -> (Actor<String>, End) {
    let (owner, stream) = End::pair();
    let worker = actor("worker", move || match serve(stream, handler) {
        Ok(()) => "Ok".to_owned(),
        Err(error) => format!("Err({:?})", error.kind()),
    });
    (worker, owner)
}

pub(super) type Results = Vec<Result<u64, ItemError>>;

/// An owner on a thread of its own, and the workers' ends of its streams.
pub(super) fn owner(workers: usize, items: Vec<u64>, in_flight: usize) -> (Actor<Results>, Vec<End>) {
    let (workers, streams): (Vec<_>, Vec<_>) = (0..workers).map(|_| End::pair()).unzip();
    (actor("owner", move || dispatch(streams, &items, in_flight)), workers)
}

/// Open descriptors and threads, when nothing goes on any more: a thread that is about to end has ended.
pub(super) fn what_there_is() -> (usize, usize) {
    quiesce();
    (open_descriptors(), threads_alive())
}

/// The result of an owner that must have come to its end by now.
#[track_caller]
pub(super) fn results(owner: Actor<Results>) -> Results {
    quiesce();
    expect!(owner.has_finished(), "dispatch, when each item must have its result", "it returns", "it still waits");
    owner.finish()
}

/// Handlers that wait until a fact lets them go on, and what is known of them.
#[derive(Clone)]
pub(super) struct Gates(Arc<(Vec<Semaphore>, AtomicUsize, AtomicUsize)>);

impl Gates {
    pub(super) fn new(count: usize) -> Gates {
        let gates = (0..count).map(|_| Semaphore::new(0)).collect();
        Gates(Arc::new((gates, AtomicUsize::new(0), AtomicUsize::new(0))))
    }

    pub(super) fn open(&self, item: usize) {
        self.0.0[item].add_permits(1);
    }

    /// How many handlers have been begun, and how many of them have been dropped or are done.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.0.1.load(Ordering::SeqCst), self.0.2.load(Ordering::SeqCst))
    }

    /// A handler whose output is ten times the item, when its gate has been opened.
    pub(super) async fn pass(&self, item: u64) -> u64 {
        struct Leaves<'a>(&'a AtomicUsize);
        impl Drop for Leaves<'_> {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        self.0.1.fetch_add(1, Ordering::SeqCst);
        let _leaves = Leaves(&self.0.2);
        let permit = self.0.0[item as usize].acquire().await;
        permit.expect("gates are not closed").forget();
        item * 10
    }
}

/// A worker whose handlers wait at gates.
pub(super) fn gated_worker(gates: &Gates) -> (Actor<String>, End) {
    let gates = gates.clone();
    worker(async move |item| gates.pass(item).await)
}
