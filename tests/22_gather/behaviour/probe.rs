//! Children that facts hold in their hands: they count their polls and drops, and end when they are told to.

use harness::unmet;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// A child that is pending until its [`Remote`] says otherwise, and that counts.
pub(super) struct Probe<T> {
    state: Arc<State>,
    /// The output of a child that was told to finish, and that of a child that was told to fail.
    outputs: Option<[T; 2]>,
    during_poll: Option<Action>,
}

type Action = Box<dyn FnMut(&Waker)>;

/// The other end of a [`Probe`].
#[derive(Clone)]
pub(super) struct Remote {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    polls: AtomicUsize,
    drops: AtomicUsize,
    /// The waker of the latest poll, and which of the outputs is due.
    signal: Mutex<(Option<Waker>, Option<usize>)>,
}

/// Children whose outputs are their indices.
pub(super) fn probes(count: usize) -> (Vec<Probe<usize>>, Vec<Remote>) {
    (0..count).map(|index| probe([index, usize::MAX])).unzip()
}

/// Children whose outputs are `Ok(index)`, or `Err(index)` when they are told to fail.
pub(super) fn fallible(count: usize) -> (Vec<Probe<Result<usize, usize>>>, Vec<Remote>) {
    (0..count).map(|index| probe([Ok(index), Err(index)])).unzip()
}

fn probe<T>(outputs: [T; 2]) -> (Probe<T>, Remote) {
    let state = Arc::new(State::default());
    (Probe { state: Arc::clone(&state), outputs: Some(outputs), during_poll: None }, Remote { state })
}

impl<T> Probe<T> {
    /// Does something with the child's waker in each poll.
    pub(super) fn during_poll(&mut self, action: impl FnMut(&Waker) + 'static) {
        self.during_poll = Some(Box::new(action));
    }
}

/// A probe is never pinned to its place.
impl<T> Unpin for Probe<T> {}

impl<T> Future for Probe<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.state.polls.fetch_add(1, SeqCst);
        if self.outputs.is_none() {
            unmet("a child that has finished", "it is never polled again", "it was polled again");
        }
        let due = {
            let mut signal = self.state.signal.lock().unwrap();
            signal.0 = Some(context.waker().clone());
            signal.1
        };
        if let Some(during_poll) = &mut self.during_poll {
            during_poll(context.waker());
        }
        let Some(due) = due else { return Poll::Pending };
        let outputs = self.outputs.take().map(|[success, failure]| if due == 0 { success } else { failure });
        Poll::Ready(outputs.expect("an unfinished child has its outputs"))
    }
}

impl<T> Drop for Probe<T> {
    fn drop(&mut self) {
        self.state.drops.fetch_add(1, SeqCst);
    }
}

impl Remote {
    pub(super) fn polls(&self) -> usize {
        self.state.polls.load(SeqCst)
    }

    pub(super) fn drops(&self) -> usize {
        self.state.drops.load(SeqCst)
    }

    /// Wakes the child, which stays as unfinished as it was.
    pub(super) fn wake(&self) {
        let waker = self.state.signal.lock().unwrap().0.clone();
        if let Some(waker) = waker {
            waker.wake_by_ref();
        }
    }

    pub(super) fn finish(&self) {
        self.end(0);
    }

    pub(super) fn fail(&self) {
        self.end(1);
    }

    fn end(&self, output: usize) {
        let waker = {
            let mut signal = self.state.signal.lock().unwrap();
            signal.1 = Some(output);
            signal.0.clone()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

pub(super) fn polls(remotes: &[Remote]) -> Vec<usize> {
    remotes.iter().map(Remote::polls).collect()
}

pub(super) fn drops(remotes: &[Remote]) -> Vec<usize> {
    remotes.iter().map(Remote::drops).collect()
}
