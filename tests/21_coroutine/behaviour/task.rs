//! An executor that is played by hand.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use subject::Sleep;

/// An executor that is played by hand: it counts its wakes, and can wait for one.
pub(super) struct Task {
    wakes: Arc<Wakes>,
    receiver: mpsc::Receiver<()>,
}

struct Wakes {
    count: AtomicUsize,
    sender: mpsc::Sender<()>,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.count.fetch_add(1, SeqCst);
        let _ = self.sender.send(());
    }
}

impl Task {
    pub(super) fn new() -> Task {
        let (sender, receiver) = mpsc::channel();
        Task { wakes: Arc::new(Wakes { count: AtomicUsize::new(0), sender }), receiver }
    }

    pub(super) fn poll(&self, nap: &mut Sleep) -> Poll<()> {
        Pin::new(nap).poll(&mut Context::from_waker(&Waker::from(Arc::clone(&self.wakes))))
    }

    /// Waits for a wake.
    pub(super) fn woken(&self) {
        self.receiver.recv().expect("the task keeps a sender");
    }

    pub(super) fn wakes(&self) -> usize {
        self.wakes.count.load(SeqCst)
    }

    /// Clones of its waker that are alive.
    pub(super) fn holders(&self) -> usize {
        Arc::strong_count(&self.wakes) - 1
    }
}
