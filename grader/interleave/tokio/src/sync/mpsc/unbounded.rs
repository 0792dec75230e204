//! Channels with room for everything.

use super::chan::Chan;
use super::error::{SendError, TryRecvError};
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The stand-in for `tokio::sync::mpsc::UnboundedSender`.
pub struct UnboundedSender<T>(Arc<Chan<T>>);

/// The stand-in for `tokio::sync::mpsc::WeakUnboundedSender`.
pub struct WeakUnboundedSender<T>(Arc<Chan<T>>);

/// The stand-in for `tokio::sync::mpsc::UnboundedReceiver`.
pub struct UnboundedReceiver<T>(Arc<Chan<T>>);

/// As `tokio::sync::mpsc::unbounded_channel`.
#[track_caller]
#[must_use]
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let chan = Arc::new(Chan::new(None));
    (UnboundedSender(Arc::clone(&chan)), UnboundedReceiver(chan))
}

impl<T> UnboundedSender<T> {
    /// As `tokio::sync::mpsc::UnboundedSender::send`.
    ///
    /// # Errors
    /// If nobody receives any more: the message.
    #[track_caller]
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        let at = Location::caller();
        self.0.shared.point("send", at);
        if self.0.is_closed() {
            return Err(SendError(message));
        }
        self.0.push(message, at);
        Ok(())
    }

    /// As `tokio::sync::mpsc::UnboundedSender::closed`.
    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> {
        self.0.closed(Location::caller())
    }

    /// As `tokio::sync::mpsc::UnboundedSender::is_closed`.
    #[track_caller]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.shared.point("is_closed", Location::caller());
        self.0.is_closed()
    }

    /// As `tokio::sync::mpsc::UnboundedSender::same_channel`.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// As `tokio::sync::mpsc::UnboundedSender::downgrade`.
    #[must_use]
    pub fn downgrade(&self) -> WeakUnboundedSender<T> {
        self.0.shared.with(|state| state.weak_senders += 1);
        WeakUnboundedSender(Arc::clone(&self.0))
    }

    /// As `tokio::sync::mpsc::UnboundedSender::strong_count`.
    #[must_use]
    pub fn strong_count(&self) -> usize {
        self.0.shared.with(|state| state.senders)
    }

    /// As `tokio::sync::mpsc::UnboundedSender::weak_count`.
    #[must_use]
    pub fn weak_count(&self) -> usize {
        self.0.shared.with(|state| state.weak_senders)
    }
}

impl<T> Clone for UnboundedSender<T> {
    fn clone(&self) -> Self {
        self.0.add_sender();
        UnboundedSender(Arc::clone(&self.0))
    }
}

impl<T> Drop for UnboundedSender<T> {
    fn drop(&mut self) {
        self.0.drop_sender();
    }
}

impl<T> WeakUnboundedSender<T> {
    /// As `tokio::sync::mpsc::WeakUnboundedSender::upgrade`.
    #[track_caller]
    #[must_use]
    pub fn upgrade(&self) -> Option<UnboundedSender<T>> {
        self.0.shared.point("upgrade", Location::caller());
        self.0.upgrade().then(|| UnboundedSender(Arc::clone(&self.0)))
    }

    /// As `tokio::sync::mpsc::WeakUnboundedSender::strong_count`.
    #[must_use]
    pub fn strong_count(&self) -> usize {
        self.0.shared.with(|state| state.senders)
    }

    /// As `tokio::sync::mpsc::WeakUnboundedSender::weak_count`.
    #[must_use]
    pub fn weak_count(&self) -> usize {
        self.0.shared.with(|state| state.weak_senders)
    }
}

impl<T> Clone for WeakUnboundedSender<T> {
    fn clone(&self) -> Self {
        self.0.shared.with(|state| state.weak_senders += 1);
        WeakUnboundedSender(Arc::clone(&self.0))
    }
}

impl<T> Drop for WeakUnboundedSender<T> {
    fn drop(&mut self) {
        self.0.shared.with(|state| state.weak_senders -= 1);
    }
}

impl<T> UnboundedReceiver<T> {
    /// As `tokio::sync::mpsc::UnboundedReceiver::recv`. Dropped half-way it has received nothing.
    #[track_caller]
    pub fn recv(&mut self) -> impl Future<Output = Option<T>> {
        self.0.recv(Location::caller())
    }

    /// As `tokio::sync::mpsc::UnboundedReceiver::recv_many`.
    #[track_caller]
    pub fn recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> impl Future<Output = usize> {
        self.0.recv_many(buffer, limit, Location::caller())
    }

    /// As `tokio::sync::mpsc::UnboundedReceiver::try_recv`.
    ///
    /// # Errors
    /// If there is no message, or will not be.
    #[track_caller]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.0.try_recv(Location::caller())
    }

    /// As `tokio::sync::mpsc::UnboundedReceiver::blocking_recv`.
    ///
    /// # Panics
    /// If called within an asynchronous task.
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Option<T> {
        crate::runtime::block(self.recv())
    }

    /// As `tokio::sync::mpsc::UnboundedReceiver::blocking_recv_many`.
    ///
    /// # Panics
    /// If called within an asynchronous task.
    #[track_caller]
    pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        crate::runtime::block(self.recv_many(buffer, limit))
    }

    /// As `tokio::sync::mpsc::UnboundedReceiver::poll_recv`.
    #[track_caller]
    pub fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.0.poll_recv(context, Location::caller())
    }

    /// As `tokio::sync::mpsc::UnboundedReceiver::poll_recv_many`.
    #[track_caller]
    pub fn poll_recv_many(&mut self, context: &mut Context<'_>, buffer: &mut Vec<T>, limit: usize) -> Poll<usize> {
        self.0.poll_recv_many(context, buffer, limit, Location::caller())
    }

    /// As `tokio::sync::mpsc::UnboundedReceiver::sender_strong_count`.
    #[must_use]
    pub fn sender_strong_count(&self) -> usize {
        self.0.shared.with(|state| state.senders)
    }

    /// As `tokio::sync::mpsc::UnboundedReceiver::sender_weak_count`.
    #[must_use]
    pub fn sender_weak_count(&self) -> usize {
        self.0.shared.with(|state| state.weak_senders)
    }

    /// As `tokio::sync::mpsc::UnboundedReceiver::close`.
    #[track_caller]
    pub fn close(&mut self) {
        self.0.close(Location::caller());
    }

    /// As `tokio::sync::mpsc::UnboundedReceiver::is_closed`.
    #[track_caller]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.shared.point("is_closed", Location::caller());
        self.0.is_closed() || self.0.shared.with(|state| state.senders == 0)
    }

    /// As `tokio::sync::mpsc::UnboundedReceiver::is_empty`.
    #[track_caller]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As `tokio::sync::mpsc::UnboundedReceiver::len`.
    #[track_caller]
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.shared.point("len", Location::caller());
        self.0.len()
    }
}

impl<T> Drop for UnboundedReceiver<T> {
    fn drop(&mut self) {
        self.0.drop_receiver();
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

debug!(UnboundedSender, WeakUnboundedSender, UnboundedReceiver);
