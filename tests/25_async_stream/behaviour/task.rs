//! The runtime, played by hand: tasks that count their wakes, and polls that may panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use subject::{Stream, next};

/// A task that is played by hand: its waker counts.
pub(super) struct Task(Arc<Wakes>);

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Task {
    pub(super) fn new() -> Self {
        Task(Arc::default())
    }

    pub(super) fn wakes(&self) -> usize {
        self.0.0.load(SeqCst)
    }

    pub(super) fn poll<F: Future>(&self, future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(&Waker::from(Arc::clone(&self.0))))
    }

    /// Polls a `next` of the stream once, and drops it.
    pub(super) fn ask<S: Stream + Unpin>(&self, stream: &mut S) -> Poll<Option<S::Item>> {
        self.poll(pin!(next(stream)))
    }
}

pub(super) fn catch<T>(action: impl FnOnce() -> T) -> std::thread::Result<T> {
    catch_unwind(AssertUnwindSafe(action))
}
