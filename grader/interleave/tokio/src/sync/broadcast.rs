//! The stand-in for `tokio::sync::broadcast`.

use crate::shared::{Shared, Wakers, wake};
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

/// The stand-in for `tokio::sync::broadcast::error`.
pub mod error {
    use super::fmt;

    /// The stand-in for `tokio::sync::broadcast::error::SendError`: there is no receiver.
    pub struct SendError<T>(pub T);

    impl<T> fmt::Debug for SendError<T> {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.debug_struct("SendError").finish_non_exhaustive()
        }
    }

    impl<T> fmt::Display for SendError<T> {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("channel closed")
        }
    }

    impl<T> std::error::Error for SendError<T> {}

    /// The stand-in for `tokio::sync::broadcast::error::RecvError`.
    #[derive(Debug, PartialEq, Eq, Clone)]
    pub enum RecvError {
        /// All senders are gone, and all messages received.
        Closed,
        /// So many messages were overwritten before they were received.
        Lagged(u64),
    }

    impl fmt::Display for RecvError {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self {
                RecvError::Closed => formatter.write_str("channel closed"),
                RecvError::Lagged(count) => write!(formatter, "channel lagged by {count}"),
            }
        }
    }

    impl std::error::Error for RecvError {}

    /// The stand-in for `tokio::sync::broadcast::error::TryRecvError`.
    #[derive(Debug, PartialEq, Eq, Clone)]
    pub enum TryRecvError {
        /// There is no message yet.
        Empty,
        /// All senders are gone, and all messages received.
        Closed,
        /// So many messages were overwritten before they were received.
        Lagged(u64),
    }

    impl fmt::Display for TryRecvError {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self {
                TryRecvError::Empty => formatter.write_str("channel empty"),
                TryRecvError::Closed => formatter.write_str("channel closed"),
                TryRecvError::Lagged(count) => write!(formatter, "channel lagged by {count}"),
            }
        }
    }

    impl std::error::Error for TryRecvError {}
}

use error::{RecvError, SendError, TryRecvError};

struct State<T> {
    slots: VecDeque<Slot<T>>,
    /// The number of the message in the first slot.
    first: u64,
    capacity: usize,
    senders: usize,
    weak_senders: usize,
    receivers: usize,
    receiving: Wakers,
    closing: Wakers,
}

struct Slot<T> {
    /// `None` when all have received it.
    message: Option<Arc<T>>,
    /// How many have not received it.
    left: usize,
}

impl<T> State<T> {
    /// The number of the next message to be sent.
    fn tail(&self) -> u64 {
        self.first + self.slots.len() as u64
    }

    /// Takes what a receiver whose next message is `next` gets. The message is dropped by the caller, who might be the last.
    fn take(&mut self, next: &mut u64) -> Result<Arc<T>, TryRecvError> {
        if *next == self.tail() {
            return Err(if self.senders == 0 { TryRecvError::Closed } else { TryRecvError::Empty });
        }
        if *next < self.first {
            let missed = self.first - *next;
            *next = self.first;
            return Err(TryRecvError::Lagged(missed));
        }
        let slot = &mut self.slots[(*next - self.first) as usize];
        *next += 1;
        slot.left -= 1;
        let message = if slot.left == 0 { slot.message.take() } else { slot.message.clone() };
        Ok(message.expect("a message is kept until all have received it"))
    }
}

/// The stand-in for `tokio::sync::broadcast::Sender`.
pub struct Sender<T>(Arc<Shared<State<T>>>);

/// The stand-in for `tokio::sync::broadcast::WeakSender`.
pub struct WeakSender<T>(Arc<Shared<State<T>>>);

/// The stand-in for `tokio::sync::broadcast::Receiver`.
pub struct Receiver<T> {
    shared: Arc<Shared<State<T>>>,
    next: u64,
}

/// As `tokio::sync::broadcast::channel`. As there, the capacity is rounded up to a power of two.
///
/// # Panics
/// If the capacity is 0 or more than `usize::MAX / 2`.
#[track_caller]
#[must_use]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::new(capacity);
    let receiver = subscribe(&sender.0);
    (sender, receiver)
}

fn subscribe<T>(shared: &Arc<Shared<State<T>>>) -> Receiver<T> {
    let next = shared.with(|state| {
        state.receivers += 1;
        state.tail()
    });
    Receiver { shared: Arc::clone(shared), next }
}

impl<T> Sender<T> {
    /// As `tokio::sync::broadcast::Sender::new`.
    ///
    /// # Panics
    /// As [`channel`].
    #[track_caller]
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        assert!(capacity > 0, "broadcast channel capacity cannot be zero");
        assert!(capacity <= usize::MAX >> 1, "broadcast channel capacity exceeded `usize::MAX / 2`");
        let state = State {
            slots: VecDeque::new(),
            first: 0,
            capacity: capacity.next_power_of_two(),
            senders: 1,
            weak_senders: 0,
            receivers: 0,
            receiving: Wakers::new(),
            closing: Wakers::new(),
        };
        Sender(Arc::new(Shared::new("broadcast", state, |_| ())))
    }

    /// As `tokio::sync::broadcast::Sender::send`.
    ///
    /// # Errors
    /// If there is no receiver: the message.
    #[track_caller]
    pub fn send(&self, message: T) -> Result<usize, SendError<T>> {
        let at = Location::caller();
        self.0.point("send", at);
        let (receivers, waiting, overwritten) = self.0.with(|state| {
            if state.receivers == 0 {
                return Err(SendError(message));
            }
            let full = state.slots.len() == state.capacity;
            let overwritten = if full { state.slots.pop_front() } else { None };
            state.first += u64::from(full);
            state.slots.push_back(Slot { message: Some(Arc::new(message)), left: state.receivers });
            Ok((state.receivers, state.receiving.take(), overwritten))
        })?;
        drop(overwritten);
        wake(waiting, at);
        Ok(receivers)
    }

    /// As `tokio::sync::broadcast::Sender::subscribe`.
    #[track_caller]
    pub fn subscribe(&self) -> Receiver<T> {
        self.0.point("subscribe", Location::caller());
        subscribe(&self.0)
    }

    /// As `tokio::sync::broadcast::Sender::len`.
    #[track_caller]
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.point("len", Location::caller());
        self.0.with(|state| state.slots.iter().filter(|slot| slot.left > 0).count())
    }

    /// As `tokio::sync::broadcast::Sender::is_empty`.
    #[track_caller]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As `tokio::sync::broadcast::Sender::receiver_count`.
    #[track_caller]
    #[must_use]
    pub fn receiver_count(&self) -> usize {
        self.0.point("receiver_count", Location::caller());
        self.0.with(|state| state.receivers)
    }

    /// As `tokio::sync::broadcast::Sender::same_channel`.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// As `tokio::sync::broadcast::Sender::closed`.
    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> {
        let at = Location::caller();
        self.0.until("closed", at, |state| &mut state.closing, |state| (state.receivers == 0).then_some(()))
    }
}

impl<T> Sender<T> {
    /// As `tokio::sync::broadcast::Sender::downgrade`.
    #[must_use]
    pub fn downgrade(&self) -> WeakSender<T> {
        self.0.with(|state| state.weak_senders += 1);
        WeakSender(Arc::clone(&self.0))
    }

    /// As `tokio::sync::broadcast::Sender::strong_count`.
    #[must_use]
    pub fn strong_count(&self) -> usize {
        self.0.with(|state| state.senders)
    }

    /// As `tokio::sync::broadcast::Sender::weak_count`.
    #[must_use]
    pub fn weak_count(&self) -> usize {
        self.0.with(|state| state.weak_senders)
    }
}

impl<T> WeakSender<T> {
    /// As `tokio::sync::broadcast::WeakSender::upgrade`.
    #[track_caller]
    #[must_use]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        self.0.point("upgrade", Location::caller());
        let any = self.0.with(|state| {
            let any = state.senders > 0;
            state.senders += usize::from(any);
            any
        });
        any.then(|| Sender(Arc::clone(&self.0)))
    }

    /// As `tokio::sync::broadcast::WeakSender::strong_count`.
    #[must_use]
    pub fn strong_count(&self) -> usize {
        self.0.with(|state| state.senders)
    }

    /// As `tokio::sync::broadcast::WeakSender::weak_count`.
    #[must_use]
    pub fn weak_count(&self) -> usize {
        self.0.with(|state| state.weak_senders)
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        self.0.with(|state| state.weak_senders += 1);
        WeakSender(Arc::clone(&self.0))
    }
}

impl<T> Drop for WeakSender<T> {
    fn drop(&mut self) {
        self.0.with(|state| state.weak_senders -= 1);
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("broadcast::WeakSender").finish_non_exhaustive()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.with(|state| state.senders += 1);
        Sender(Arc::clone(&self.0))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // Only the last sender's end can be noticed.
        if self.0.with(|state| state.senders) == 1 {
            self.0.point("drop last sender", self.0.made());
        }
        let waiting = self.0.with(|state| {
            state.senders -= 1;
            if state.senders == 0 { state.receiving.take() } else { Vec::new() }
        });
        wake(waiting, self.0.made());
    }
}

impl<T> Receiver<T> {
    /// As `tokio::sync::broadcast::Receiver::sender_weak_count`.
    #[must_use]
    pub fn sender_weak_count(&self) -> usize {
        self.shared.with(|state| state.weak_senders)
    }

    /// As `tokio::sync::broadcast::Receiver::len`.
    #[track_caller]
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.point("len", Location::caller());
        self.shared.with(|state| (state.tail() - self.next) as usize)
    }

    /// As `tokio::sync::broadcast::Receiver::is_empty`.
    #[track_caller]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As `tokio::sync::broadcast::Receiver::same_channel`.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// As `tokio::sync::broadcast::Receiver::is_closed`.
    #[track_caller]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.point("is_closed", Location::caller());
        self.shared.with(|state| state.senders == 0)
    }

    /// As `tokio::sync::broadcast::Receiver::sender_strong_count`.
    #[must_use]
    pub fn sender_strong_count(&self) -> usize {
        self.shared.with(|state| state.senders)
    }
}

impl<T: Clone> Receiver<T> {
    /// As `tokio::sync::broadcast::Receiver::resubscribe`.
    #[track_caller]
    #[must_use]
    pub fn resubscribe(&self) -> Self {
        self.shared.point("resubscribe", Location::caller());
        subscribe(&self.shared)
    }

    /// As `tokio::sync::broadcast::Receiver::recv`. Dropped half-way it has received nothing.
    ///
    /// # Errors
    /// If messages were overwritten: how many. If all senders are gone.
    #[track_caller]
    pub fn recv(&mut self) -> impl Future<Output = Result<T, RecvError>> {
        let at = Location::caller();
        let Receiver { shared, next } = self;
        async move {
            let taken = shared.until(
                "recv",
                at,
                |state| &mut state.receiving,
                |state| match state.take(next) {
                    Err(TryRecvError::Empty) => None,
                    Err(TryRecvError::Closed) => Some(Err(RecvError::Closed)),
                    Err(TryRecvError::Lagged(count)) => Some(Err(RecvError::Lagged(count))),
                    Ok(message) => Some(Ok(message)),
                },
            );
            Ok(T::clone(&*taken.await?))
        }
    }

    /// As `tokio::sync::broadcast::Receiver::try_recv`.
    ///
    /// # Errors
    /// If there is no message. If messages were overwritten: how many. If all senders are gone.
    #[track_caller]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.shared.point("try_recv", Location::caller());
        let message = self.shared.with(|state| state.take(&mut self.next))?;
        Ok(T::clone(&message))
    }

    /// As `tokio::sync::broadcast::Receiver::blocking_recv`.
    ///
    /// # Errors
    /// As [`Receiver::recv`].
    ///
    /// # Panics
    /// If called within an asynchronous task.
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Result<T, RecvError> {
        crate::runtime::block(self.recv())
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.point("drop receiver", self.shared.made());
        let (unread, waiting) = self.shared.with(|state| {
            state.receivers -= 1;
            let mut unread = Vec::new();
            for number in self.next.max(state.first)..state.tail() {
                let slot = &mut state.slots[(number - state.first) as usize];
                slot.left -= 1;
                if slot.left == 0 {
                    unread.extend(slot.message.take());
                }
            }
            (unread, if state.receivers == 0 { state.closing.take() } else { Vec::new() })
        });
        drop(unread);
        wake(waiting, self.shared.made());
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("broadcast::Sender").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("broadcast::Receiver").finish_non_exhaustive()
    }
}
