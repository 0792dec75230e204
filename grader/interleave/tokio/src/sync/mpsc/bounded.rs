//! Channels with room for so many messages.

use super::chan::Chan;
use super::error::{SendError, SendTimeoutError, TryRecvError, TrySendError};
use super::permit::{Permit, PermitIterator, unused};
use crate::sync::permits::{Permits, Refused};
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// The stand-in for `tokio::sync::mpsc::Sender`.
pub struct Sender<T>(Arc<Chan<T>>);

/// The stand-in for `tokio::sync::mpsc::WeakSender`.
pub struct WeakSender<T>(Arc<Chan<T>>);

/// The stand-in for `tokio::sync::mpsc::Receiver`.
pub struct Receiver<T>(Arc<Chan<T>>);

/// As `tokio::sync::mpsc::channel`.
///
/// # Panics
/// If there is room for none.
#[track_caller]
#[must_use]
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    assert!(capacity > 0, "mpsc bounded channel requires buffer > 0");
    let chan = Arc::new(Chan::new(Some(capacity)));
    (Sender(Arc::clone(&chan)), Receiver(chan))
}

fn room<T>(chan: &Chan<T>) -> &(Permits, usize) {
    chan.room.as_ref().expect("a bounded channel has permits")
}

async fn acquire<T>(
    chan: &Chan<T>,
    operation: &'static str,
    count: usize,
    at: &'static Location<'static>,
) -> Result<(), SendError<()>> {
    let (permits, _) = room(chan);
    permits.acquire(chan.shared.object(), operation, count, at).await.map_err(|_| SendError(()))
}

fn try_acquire<T>(
    chan: &Chan<T>,
    operation: &'static str,
    count: usize,
    at: &'static Location<'static>,
) -> Result<(), TrySendError<()>> {
    chan.shared.point(operation, at);
    room(chan).0.take(count).map_err(|refused| match refused {
        Refused::Closed => TrySendError::Closed(()),
        Refused::TooFew => TrySendError::Full(()),
    })
}

impl<T> Sender<T> {
    /// As `tokio::sync::mpsc::Sender::send`. Dropped half-way it has not sent.
    ///
    /// # Errors
    /// If nobody receives any more: the message.
    #[track_caller]
    pub fn send(&self, message: T) -> impl Future<Output = Result<(), SendError<T>>> {
        let at = Location::caller();
        async move {
            match acquire(&self.0, "send", 1, at).await {
                Ok(()) => {
                    self.0.push(message, at);
                    Ok(())
                }
                Err(SendError(())) => Err(SendError(message)),
            }
        }
    }

    /// As `tokio::sync::mpsc::Sender::try_send`.
    ///
    /// # Errors
    /// If there is no room, or nobody receives any more: the message.
    #[track_caller]
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        let at = Location::caller();
        match try_acquire(&self.0, "try_send", 1, at) {
            Ok(()) => {
                self.0.push(message, at);
                Ok(())
            }
            Err(TrySendError::Full(())) => Err(TrySendError::Full(message)),
            Err(TrySendError::Closed(())) => Err(TrySendError::Closed(message)),
        }
    }

    /// As `tokio::sync::mpsc::Sender::send_timeout`, in virtual time.
    ///
    /// # Errors
    /// If there was no room in time, or nobody receives any more: the message.
    #[track_caller]
    pub fn send_timeout(&self, message: T, timeout: Duration) -> impl Future<Output = Result<(), SendTimeoutError<T>>> {
        let at = Location::caller();
        async move {
            let room = acquire(&self.0, "send_timeout", 1, at);
            match crate::time::timeout(timeout, room).await {
                Ok(Ok(())) => {
                    self.0.push(message, at);
                    Ok(())
                }
                Ok(Err(SendError(()))) => Err(SendTimeoutError::Closed(message)),
                Err(_) => Err(SendTimeoutError::Timeout(message)),
            }
        }
    }

    /// As `tokio::sync::mpsc::Sender::blocking_send`.
    ///
    /// # Errors
    /// As [`Sender::send`].
    ///
    /// # Panics
    /// If called within an asynchronous task.
    #[track_caller]
    pub fn blocking_send(&self, message: T) -> Result<(), SendError<T>> {
        crate::runtime::block(self.send(message))
    }

    /// As `tokio::sync::mpsc::Sender::reserve`.
    ///
    /// # Errors
    /// If nobody receives any more.
    #[track_caller]
    pub fn reserve(&self) -> impl Future<Output = Result<Permit<'_, T>, SendError<()>>> {
        let at = Location::caller();
        async move {
            acquire(&self.0, "reserve", 1, at).await?;
            Ok(Permit::new(&self.0, at))
        }
    }

    /// As `tokio::sync::mpsc::Sender::reserve_many`.
    ///
    /// # Errors
    /// If nobody receives any more, or there is never so much room.
    #[track_caller]
    pub fn reserve_many(&self, count: usize) -> impl Future<Output = Result<PermitIterator<'_, T>, SendError<()>>> {
        let at = Location::caller();
        async move {
            if count > self.max_capacity() {
                return Err(SendError(()));
            }
            acquire(&self.0, "reserve_many", count, at).await?;
            Ok(PermitIterator::new(&self.0, count, at))
        }
    }

    /// As `tokio::sync::mpsc::Sender::reserve_owned`.
    ///
    /// # Errors
    /// If nobody receives any more.
    #[track_caller]
    pub fn reserve_owned(self) -> impl Future<Output = Result<OwnedPermit<T>, SendError<()>>> {
        let at = Location::caller();
        async move {
            acquire(&self.0, "reserve_owned", 1, at).await?;
            Ok(OwnedPermit { sender: Some(self), at })
        }
    }

    /// As `tokio::sync::mpsc::Sender::try_reserve`.
    ///
    /// # Errors
    /// If there is no room, or nobody receives any more.
    #[track_caller]
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        let at = Location::caller();
        try_acquire(&self.0, "try_reserve", 1, at).map(|()| Permit::new(&self.0, at))
    }

    /// As `tokio::sync::mpsc::Sender::try_reserve_many`.
    ///
    /// # Errors
    /// If there is not so much room, or nobody receives any more.
    #[track_caller]
    pub fn try_reserve_many(&self, count: usize) -> Result<PermitIterator<'_, T>, TrySendError<()>> {
        let at = Location::caller();
        if count > self.max_capacity() {
            return Err(TrySendError::Full(()));
        }
        try_acquire(&self.0, "try_reserve_many", count, at).map(|()| PermitIterator::new(&self.0, count, at))
    }

    /// As `tokio::sync::mpsc::Sender::try_reserve_owned`.
    ///
    /// # Errors
    /// If there is no room, or nobody receives any more: the sender.
    #[track_caller]
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        let at = Location::caller();
        match try_acquire(&self.0, "try_reserve_owned", 1, at) {
            Ok(()) => Ok(OwnedPermit { sender: Some(self), at }),
            Err(TrySendError::Full(())) => Err(TrySendError::Full(self)),
            Err(TrySendError::Closed(())) => Err(TrySendError::Closed(self)),
        }
    }

    /// As `tokio::sync::mpsc::Sender::closed`.
    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> {
        self.0.closed(Location::caller())
    }

    /// As `tokio::sync::mpsc::Sender::is_closed`.
    #[track_caller]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.shared.point("is_closed", Location::caller());
        self.0.is_closed()
    }

    /// As `tokio::sync::mpsc::Sender::capacity`.
    #[track_caller]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.0.shared.point("capacity", Location::caller());
        room(&self.0).0.available()
    }

    /// As `tokio::sync::mpsc::Sender::max_capacity`.
    #[must_use]
    pub fn max_capacity(&self) -> usize {
        room(&self.0).1
    }

    /// As `tokio::sync::mpsc::Sender::same_channel`.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// As `tokio::sync::mpsc::Sender::downgrade`.
    #[must_use]
    pub fn downgrade(&self) -> WeakSender<T> {
        self.0.shared.with(|state| state.weak_senders += 1);
        WeakSender(Arc::clone(&self.0))
    }

    /// As `tokio::sync::mpsc::Sender::strong_count`.
    #[must_use]
    pub fn strong_count(&self) -> usize {
        self.0.shared.with(|state| state.senders)
    }

    /// As `tokio::sync::mpsc::Sender::weak_count`.
    #[must_use]
    pub fn weak_count(&self) -> usize {
        self.0.shared.with(|state| state.weak_senders)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.add_sender();
        Sender(Arc::clone(&self.0))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.drop_sender();
    }
}

impl<T> WeakSender<T> {
    /// As `tokio::sync::mpsc::WeakSender::upgrade`.
    #[track_caller]
    #[must_use]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        self.0.shared.point("upgrade", Location::caller());
        self.0.upgrade().then(|| Sender(Arc::clone(&self.0)))
    }

    /// As `tokio::sync::mpsc::WeakSender::strong_count`.
    #[must_use]
    pub fn strong_count(&self) -> usize {
        self.0.shared.with(|state| state.senders)
    }

    /// As `tokio::sync::mpsc::WeakSender::weak_count`.
    #[must_use]
    pub fn weak_count(&self) -> usize {
        self.0.shared.with(|state| state.weak_senders)
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        self.0.shared.with(|state| state.weak_senders += 1);
        WeakSender(Arc::clone(&self.0))
    }
}

impl<T> Drop for WeakSender<T> {
    fn drop(&mut self) {
        self.0.shared.with(|state| state.weak_senders -= 1);
    }
}

impl<T> Receiver<T> {
    /// As `tokio::sync::mpsc::Receiver::recv`. Dropped half-way it has received nothing.
    #[track_caller]
    pub fn recv(&mut self) -> impl Future<Output = Option<T>> {
        self.0.recv(Location::caller())
    }

    /// As `tokio::sync::mpsc::Receiver::recv_many`.
    #[track_caller]
    pub fn recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> impl Future<Output = usize> {
        self.0.recv_many(buffer, limit, Location::caller())
    }

    /// As `tokio::sync::mpsc::Receiver::try_recv`.
    ///
    /// # Errors
    /// If there is no message, or will not be.
    #[track_caller]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.0.try_recv(Location::caller())
    }

    /// As `tokio::sync::mpsc::Receiver::blocking_recv`.
    ///
    /// # Panics
    /// If called within an asynchronous task.
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Option<T> {
        crate::runtime::block(self.recv())
    }

    /// As `tokio::sync::mpsc::Receiver::blocking_recv_many`.
    ///
    /// # Panics
    /// If called within an asynchronous task.
    #[track_caller]
    pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        crate::runtime::block(self.recv_many(buffer, limit))
    }

    /// As `tokio::sync::mpsc::Receiver::poll_recv`.
    #[track_caller]
    pub fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.0.poll_recv(context, Location::caller())
    }

    /// As `tokio::sync::mpsc::Receiver::poll_recv_many`.
    #[track_caller]
    pub fn poll_recv_many(&mut self, context: &mut Context<'_>, buffer: &mut Vec<T>, limit: usize) -> Poll<usize> {
        self.0.poll_recv_many(context, buffer, limit, Location::caller())
    }

    /// As `tokio::sync::mpsc::Receiver::sender_strong_count`.
    #[must_use]
    pub fn sender_strong_count(&self) -> usize {
        self.0.shared.with(|state| state.senders)
    }

    /// As `tokio::sync::mpsc::Receiver::sender_weak_count`.
    #[must_use]
    pub fn sender_weak_count(&self) -> usize {
        self.0.shared.with(|state| state.weak_senders)
    }

    /// As `tokio::sync::mpsc::Receiver::close`.
    #[track_caller]
    pub fn close(&mut self) {
        self.0.close(Location::caller());
    }

    /// As `tokio::sync::mpsc::Receiver::is_closed`.
    #[track_caller]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.shared.point("is_closed", Location::caller());
        self.0.is_closed() || self.0.shared.with(|state| state.senders == 0)
    }

    /// As `tokio::sync::mpsc::Receiver::is_empty`.
    #[track_caller]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As `tokio::sync::mpsc::Receiver::len`.
    #[track_caller]
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.shared.point("len", Location::caller());
        self.0.len()
    }

    /// As `tokio::sync::mpsc::Receiver::capacity`.
    #[track_caller]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.0.shared.point("capacity", Location::caller());
        room(&self.0).0.available()
    }

    /// As `tokio::sync::mpsc::Receiver::max_capacity`.
    #[must_use]
    pub fn max_capacity(&self) -> usize {
        room(&self.0).1
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.0.drop_receiver();
    }
}

/// The stand-in for `tokio::sync::mpsc::OwnedPermit`.
#[must_use]
pub struct OwnedPermit<T> {
    /// `None` when it has been used.
    sender: Option<Sender<T>>,
    at: &'static Location<'static>,
}

impl<T> OwnedPermit<T> {
    /// As `tokio::sync::mpsc::OwnedPermit::same_channel`.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        other.sender.as_ref().is_some_and(|sender| self.same_channel_as_sender(sender))
    }

    /// As `tokio::sync::mpsc::OwnedPermit::same_channel_as_sender`.
    #[must_use]
    pub fn same_channel_as_sender(&self, sender: &Sender<T>) -> bool {
        self.sender.as_ref().is_some_and(|own| Arc::ptr_eq(&own.0, &sender.0))
    }

    /// As `tokio::sync::mpsc::OwnedPermit::send`.
    #[track_caller]
    pub fn send(mut self, message: T) -> Sender<T> {
        let at = Location::caller();
        let sender = self.sender.take().expect("a permit is used once");
        sender.0.shared.point("send", at);
        sender.0.push(message, at);
        sender
    }

    /// As `tokio::sync::mpsc::OwnedPermit::release`.
    #[track_caller]
    pub fn release(mut self) -> Sender<T> {
        let sender = self.sender.take().expect("a permit is used once");
        unused(&sender.0, 1, Location::caller());
        sender
    }
}

impl<T> Drop for OwnedPermit<T> {
    fn drop(&mut self) {
        if let Some(sender) = &self.sender {
            unused(&sender.0, 1, self.at);
        }
    }
}

macro_rules! debug {
    ($($name:ident),*) => {$(
        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

debug!(Sender, WeakSender, Receiver, OwnedPermit);
