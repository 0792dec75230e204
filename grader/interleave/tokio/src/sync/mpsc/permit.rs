//! Promises to send: room in a channel that is taken before there is a message. One that owns its sender is beside it.

use super::chan::Chan;
use std::fmt;
use std::iter::FusedIterator;
use std::panic::Location;

/// The stand-in for `tokio::sync::mpsc::Permit`.
#[must_use]
pub struct Permit<'a, T> {
    chan: &'a Chan<T>,
    at: &'static Location<'static>,
}

/// The stand-in for `tokio::sync::mpsc::PermitIterator`.
#[must_use]
pub struct PermitIterator<'a, T> {
    chan: &'a Chan<T>,
    count: usize,
    at: &'static Location<'static>,
}

/// Gives room back that was not used.
pub(super) fn unused<T>(chan: &Chan<T>, count: usize, at: &'static Location<'static>) {
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
    PermitIterator<'_, T>, "PermitIterator";
}
