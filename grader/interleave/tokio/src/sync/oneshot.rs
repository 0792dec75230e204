//! The stand-in for `tokio::sync::oneshot`.

use crate::shared::{Place, Shared, Wakers, wake};
use interleave::executor::waits;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The stand-in for `tokio::sync::oneshot::error`.
pub mod error {
    use super::fmt;

    /// The stand-in for `tokio::sync::oneshot::error::RecvError`: the sender is gone.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct RecvError(pub(super) ());

    impl fmt::Display for RecvError {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("channel closed")
        }
    }

    impl std::error::Error for RecvError {}

    /// The stand-in for `tokio::sync::oneshot::error::TryRecvError`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum TryRecvError {
        /// Nothing yet.
        Empty,
        /// The sender is gone.
        Closed,
    }

    impl fmt::Display for TryRecvError {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str(match self {
                TryRecvError::Empty => "channel empty",
                TryRecvError::Closed => "channel closed",
            })
        }
    }

    impl std::error::Error for TryRecvError {}
}

use error::{RecvError, TryRecvError};

struct State<T> {
    value: Option<T>,
    /// The sender has sent, or is gone.
    complete: bool,
    /// The receiver takes nothing any more.
    closed: bool,
    receiving: Wakers,
    closing: Wakers,
}

/// The stand-in for `tokio::sync::oneshot::Sender`.
pub struct Sender<T> {
    /// `None` when it has sent.
    shared: Option<Arc<Shared<State<T>>>>,
}

/// The stand-in for `tokio::sync::oneshot::Receiver`.
#[must_use]
pub struct Receiver<T> {
    /// `None` when it has returned something.
    shared: Option<Arc<Shared<State<T>>>>,
    polled: bool,
    place: Place,
}

/// As `tokio::sync::oneshot::channel`.
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (receiving, closing) = (Wakers::new(), Wakers::new());
    let state = State { value: None, complete: false, closed: false, receiving, closing };
    let shared = Arc::new(Shared::new("oneshot", state, |_| ()));
    (
        Sender { shared: Some(Arc::clone(&shared)) },
        Receiver { shared: Some(shared), polled: false, place: Place::default() },
    )
}

impl<T> Sender<T> {
    fn shared(&self) -> &Shared<State<T>> {
        self.shared.as_ref().expect("a sender that has sent is gone")
    }

    /// As `tokio::sync::oneshot::Sender::send`.
    ///
    /// # Errors
    /// If the receiver is gone or closed: the value.
    #[track_caller]
    pub fn send(mut self, value: T) -> Result<(), T> {
        let at = Location::caller();
        let shared = self.shared.take().expect("a sender sends once");
        shared.point("send", at);
        let waiting = shared.with(|state| {
            state.complete = true;
            if state.closed {
                return Err(value);
            }
            state.value = Some(value);
            Ok(state.receiving.take())
        })?;
        wake(waiting, at);
        Ok(())
    }

    /// As `tokio::sync::oneshot::Sender::is_closed`.
    #[track_caller]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared().point("is_closed", Location::caller());
        self.shared().with(|state| state.closed)
    }

    /// As `tokio::sync::oneshot::Sender::closed`.
    #[track_caller]
    pub fn closed(&mut self) -> impl Future<Output = ()> {
        let at = Location::caller();
        self.shared().until("closed", at, |state| &mut state.closing, |state| state.closed.then_some(()))
    }
}

impl<T> Sender<T> {
    /// As `tokio::sync::oneshot::Sender::poll_closed`. Of all polls, the waker of the last one is called.
    #[track_caller]
    pub fn poll_closed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let (at, shared) = (Location::caller(), self.shared());
        shared.point("poll_closed", at);
        let waker = context.waker().clone();
        let (closed, before) = shared.with(|state| {
            let before = state.closing.take();
            if !state.closed {
                // It is left there: nobody but the sender waits here.
                let _none = state.closing.wait(&mut Place::default(), waker);
            }
            (state.closed, before)
        });
        drop(before);
        if closed {
            return Poll::Ready(());
        }
        waits("poll_closed", Some(shared.object()), at);
        Poll::Pending
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let Some(shared) = self.shared.take() else { return };
        shared.point("drop sender", shared.made());
        let waiting = shared.with(|state| {
            state.complete = true;
            state.receiving.take()
        });
        wake(waiting, shared.made());
    }
}

impl<T> Receiver<T> {
    fn take(state: &mut State<T>) -> Result<T, TryRecvError> {
        match state.value.take() {
            Some(value) => Ok(value),
            None if state.complete || state.closed => Err(TryRecvError::Closed),
            None => Err(TryRecvError::Empty),
        }
    }

    /// As `tokio::sync::oneshot::Receiver::try_recv`.
    ///
    /// # Errors
    /// If there is nothing yet, or will not be.
    #[track_caller]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let Some(shared) = &self.shared else { return Err(TryRecvError::Closed) };
        shared.point("try_recv", Location::caller());
        let result = shared.with(Receiver::take);
        if !matches!(result, Err(TryRecvError::Empty)) {
            self.shared = None;
        }
        result
    }

    /// As `tokio::sync::oneshot::Receiver::blocking_recv`.
    ///
    /// # Errors
    /// If the sender is gone.
    ///
    /// # Panics
    /// If called within an asynchronous task.
    #[track_caller]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        crate::runtime::block(self)
    }

    /// As `tokio::sync::oneshot::Receiver::close`.
    #[track_caller]
    pub fn close(&mut self) {
        if let Some(shared) = &self.shared {
            close(shared, Location::caller());
        }
    }

    /// As `tokio::sync::oneshot::Receiver::is_terminated`.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        self.shared.is_none()
    }

    /// As `tokio::sync::oneshot::Receiver::is_empty`.
    #[track_caller]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Some(shared) = &self.shared else { return true };
        shared.point("is_empty", Location::caller());
        shared.with(|state| state.value.is_none())
    }
}

fn close<T>(shared: &Shared<State<T>>, at: &'static Location<'static>) {
    shared.point("close", at);
    let waiting = shared.with(|state| {
        state.closed = true;
        state.closing.take()
    });
    wake(waiting, at);
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let shared = this.shared.as_ref().expect("called after complete");
        let at = shared.made();
        if !std::mem::replace(&mut this.polled, true) {
            shared.point("recv", at);
        }
        let result = shared.with(|state| match Receiver::take(state) {
            Err(TryRecvError::Empty) => Err(state.receiving.wait(&mut this.place, context.waker().clone())),
            Err(TryRecvError::Closed) => Ok(Err(RecvError(()))),
            Ok(value) => Ok(Ok(value)),
        });
        match result {
            Ok(result) => {
                this.shared = None;
                Poll::Ready(result)
            }
            Err(_before) => {
                waits("recv", Some(shared.object()), at);
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let Some(shared) = self.shared.take() else { return };
        close(&shared, shared.made());
        let left = shared.with(|state| (state.value.take(), state.receiving.leave(&mut self.place)));
        drop(left);
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Receiver").finish_non_exhaustive()
    }
}
