//! A task without an executor.

use crate::explorable::sync::Arc;
use crate::explorable::sync::atomic::{AtomicUsize, Ordering};
use std::pin::Pin;
use std::task::{Context, Poll, Wake, Waker};

/// A task that a test polls by hand: its waker counts, and does nothing else.
#[derive(Debug, Default)]
pub struct ManualTask(Arc<Wakes>);

#[derive(Debug, Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl ManualTask {
    /// A task that nobody has woken.
    pub fn new() -> Self {
        Self::default()
    }

    /// How often the task has been woken so far.
    #[track_caller]
    pub fn wakes(&self) -> usize {
        self.0.0.load(Ordering::SeqCst)
    }

    /// How many hold on to the task: itself, and each clone of its waker.
    pub fn holders(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// Polls a future once, as this task.
    pub fn poll<F: Future>(&self, future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(&Waker::from(Arc::clone(&self.0))))
    }
}

#[cfg(all(test, not(feature = "explore")))]
mod tests {
    use super::*;
    use std::pin::pin;

    #[test]
    fn a_task_counts_its_wakes() {
        let task = ManualTask::new();
        let mut polls = 0;
        let mut future = pin!(std::future::poll_fn(|context| {
            polls += 1;
            context.waker().wake_by_ref();
            if polls == 2 { Poll::Ready(context.waker().clone()) } else { Poll::Pending }
        }));
        assert!(task.poll(future.as_mut()).is_pending());
        assert_eq!(task.wakes(), 1);
        let Poll::Ready(waker) = task.poll(future.as_mut()) else { panic!("it is ready in its second poll") };
        assert_eq!(task.holders(), 2);
        waker.wake();
        assert_eq!((task.wakes(), task.holders()), (3, 1));
    }
}
