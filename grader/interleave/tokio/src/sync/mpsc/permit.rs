//! Promises to send: room in a channel that is taken before there is a message.

use super::bounded::Sender;
use super::chan::Chan;
use std::fmt;
use std::iter::FusedIterator;
use std::panic::Location;
use std::sync::Arc;

/// The stand-in for `tokio::sync::mpsc::Permit`.
#[must_use]
pub struct Permit<'a, T> {
    chan: &'a Chan<T>,
    at: &'static Location<'static>,
}

/// The stand-in for `tokio::sync::mpsc::OwnedPermit`.
#[must_use]
pub struct OwnedPermit<T> {
    /// `None` when it has been used.
    sender: Option<Sender<T>>,
    at: &'static Location<'static>,
}

/// The stand-in for `tokio::sync::mpsc::PermitIterator`.
#[must_use]
pub struct PermitIterator<'a, T> {
    chan: &'a Chan<T>,
    count: usize,
    at: &'static Location<'static>,
}

fn unused<T>(chan: &Chan<T>, count: usize, at: &'static Location<'static>) {
    chan.shared.point("drop permit", at);
    chan.give_room(count, at);
}

impl<'a, T> Permit<'a, T> {
    /// The room is taken already.
    pub(super) fn new(chan: &'a Chan<T>, at: &'static Location<'static>) -> Self {
        Permit { chan, at }
    }

    /// As `tokio::sync::mpsc::Permit::send`.
    #[track_caller]
    pub fn send(self, message: T) {
        let (chan, at) = (self.chan, Location::caller());
        std::mem::forget(self);
        chan.shared.point("send", at);
        chan.push(message, at);
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        unused(self.chan, 1, self.at);
    }
}

impl<T> OwnedPermit<T> {
    /// The room is taken already.
    pub(super) fn new(sender: Sender<T>, at: &'static Location<'static>) -> Self {
        OwnedPermit { sender: Some(sender), at }
    }

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

impl<'a, T> PermitIterator<'a, T> {
    /// The room is taken already.
    pub(super) fn new(chan: &'a Chan<T>, count: usize, at: &'static Location<'static>) -> Self {
        PermitIterator { chan, count, at }
    }
}

impl<'a, T> Iterator for PermitIterator<'a, T> {
    type Item = Permit<'a, T>;

    fn next(&mut self) -> Option<Permit<'a, T>> {
        self.count = self.count.checked_sub(1)?;
        Some(Permit::new(self.chan, self.at))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl<T> ExactSizeIterator for PermitIterator<'_, T> {}
impl<T> FusedIterator for PermitIterator<'_, T> {}

impl<T> Drop for PermitIterator<'_, T> {
    fn drop(&mut self) {
        if self.count > 0 {
            unused(self.chan, self.count, self.at);
        }
    }
}

macro_rules! debug {
    ($($permit:ty, $name:literal;)*) => {$(
        impl<T> fmt::Debug for $permit {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.debug_struct($name).finish_non_exhaustive()
            }
        }
    )*};
}

debug! {
    Permit<'_, T>, "Permit";
    OwnedPermit<T>, "OwnedPermit";
    PermitIterator<'_, T>, "PermitIterator";
}
