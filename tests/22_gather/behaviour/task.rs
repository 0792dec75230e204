//! What polls a gather: a task whose waker counts, or a runtime on tokio's paused clock.

use harness::{paused_clock, unmet};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use tokio::time::Instant;

/// The task that waits for a gather: a waker that counts, and wakes the thread that created it.
pub(super) struct Task {
    waker: Arc<TaskWaker>,
}

struct TaskWaker {
    wakes: AtomicUsize,
    thread: std::thread::Thread,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, SeqCst);
        self.thread.unpark();
    }
}

impl Task {
    pub(super) fn new() -> Self {
        Self { waker: Arc::new(TaskWaker { wakes: AtomicUsize::new(0), thread: std::thread::current() }) }
    }

    pub(super) fn wakes(&self) -> usize {
        self.waker.wakes.load(SeqCst)
    }

    pub(super) fn poll<G: Future>(&self, gathered: Pin<&mut G>) -> Poll<G::Output> {
        gathered.poll(&mut Context::from_waker(&Waker::from(Arc::clone(&self.waker))))
    }

    /// Polls as often as it is woken, until the end. The first poll has been made.
    pub(super) fn run<G: Future>(&self, mut gathered: Pin<&mut G>) -> G::Output {
        let mut seen = 0;
        loop {
            while self.wakes() == seen {
                std::thread::park();
            }
            seen = self.wakes();
            if let Poll::Ready(output) = self.poll(gathered.as_mut()) {
                return output;
            }
        }
    }
}

/// Runs a gather on tokio's paused clock; returns its output and how much virtual time it took.
pub(super) fn on_paused_clock<G: Future>(gathered: G) -> (G::Output, Duration) {
    const MOST_POLLS: usize = 1000;
    paused_clock!().block_on(async {
        let start = Instant::now();
        let mut gathered = pin!(gathered);
        let mut polls = 0;
        let output = std::future::poll_fn(|context| {
            polls += 1;
            // The clock only moves on when the task is idle.
            if polls > MOST_POLLS {
                unmet(
                    "a gather of a few children that sleep",
                    "it is polled when a child was woken, a few times altogether",
                    format!("it woke its own task over and over: {MOST_POLLS} polls"),
                );
            }
            gathered.as_mut().poll(context)
        })
        .await;
        (output, start.elapsed())
    })
}
