//! A future under remote control.

use harness::{actor, expect};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use subject::block_on;

/// A future under remote control; clones are the same one. Ready in the first poll after [`Call::end`].
#[derive(Clone, Default)]
pub(super) struct Call(Arc<Mutex<Played>>);

#[derive(Default)]
struct Played {
    wakers: Vec<Waker>,
    has_ended: bool,
    in_first_poll: Option<Action>,
}

type Action = Box<dyn FnOnce(&Waker) + Send>;

impl Call {
    pub(super) fn new() -> Call {
        Call::default()
    }

    /// Has an actor wait for it.
    pub(super) fn start(&self, name: &str) -> harness::Actor<()> {
        let call = self.clone();
        actor(name, move || block_on(call))
    }

    pub(super) fn in_first_poll(&self, action: impl FnOnce(&Waker) + Send + 'static) {
        self.0.lock().unwrap().in_first_poll = Some(Box::new(action));
    }

    pub(super) fn polls(&self) -> usize {
        self.0.lock().unwrap().wakers.len()
    }

    /// The waker of the poll with this number.
    pub(super) fn waker(&self, poll: usize) -> Waker {
        let waker = self.0.lock().unwrap().wakers.get(poll).cloned();
        expect!(waker.is_some(), format!("poll {} of a future", poll + 1), "it has begun", "it has not");
        waker.expect("looked at before")
    }

    /// Ready from now on, and woken if it has been polled.
    pub(super) fn end(&self) {
        let waker = {
            let mut played = self.0.lock().unwrap();
            played.has_ended = true;
            played.wakers.last().cloned()
        };
        waker.into_iter().for_each(Waker::wake);
    }
}

impl Future for Call {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (action, has_ended) = {
            let mut played = self.0.lock().unwrap();
            played.wakers.push(context.waker().clone());
            (played.in_first_poll.take(), played.has_ended)
        };
        action.into_iter().for_each(|action| action(context.waker()));
        if has_ended { Poll::Ready(()) } else { Poll::Pending }
    }
}
