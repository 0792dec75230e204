//! [`Receiver`] and its iterators.

use super::error::{RecvError, RecvTimeoutError, TryRecvError};
use super::state::{Channel, Side};
use super::timer::Timer;
use super::wait::{Claim, Port, Ticket, Until, Waiter, Waiting};
use interleave::engine::{self, Object};
use interleave::time::{Duration, Instant};
use std::fmt;
use std::iter::FusedIterator;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// As `crossbeam::channel::Receiver`.
pub struct Receiver<T> {
    source: Source<T>,
    /// Where it was made or cloned: a destructor cannot know where it is called.
    at: &'static Location<'static>,
}

/// Where messages come from.
enum Source<T> {
    Channel(Arc<Channel<T>>),
    Timer(Arc<Timer<T>>),
    Never(Object),
}

// SAFETY: messages cross threads, nothing else does.
unsafe impl<T: Send> Send for Receiver<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Receiver<T> {}
impl<T> UnwindSafe for Receiver<T> {}
impl<T> RefUnwindSafe for Receiver<T> {}

/// Why nothing was received.
enum Nothing {
    Yet,
    Ever,
}

impl<T> Receiver<T> {
    pub(super) fn of_channel(channel: Arc<Channel<T>>, at: &'static Location<'static>) -> Self {
        Receiver { source: Source::Channel(channel), at }
    }

    #[track_caller]
    pub(super) fn of_timer(timer: Timer<T>) -> Self {
        Receiver { source: Source::Timer(Arc::new(timer)), at: Location::caller() }
    }

    #[track_caller]
    pub(super) const fn of_nothing() -> Self {
        Receiver { source: Source::Never(Object::new("channel")), at: Location::caller() }
    }

    fn object(&self) -> &Object {
        match &self.source {
            Source::Channel(channel) => &channel.object,
            Source::Timer(timer) => &timer.object,
            Source::Never(object) => object,
        }
    }

    fn recv_until(&self, operation: &'static str, until: Until, at: &'static Location<'static>) -> Result<T, Nothing> {
        engine::point_at(operation, self.object(), at);
        let waiting = Waiting { operation, object: self.object().id(), at, until, biased: true };
        match waiting.start(&[self]) {
            Some((_, ticket)) => self.finish(ticket, at).ok_or(Nothing::Ever),
            None => {
                engine::note(|| if matches!(until, Until::Now) { "it is empty" } else { "the time is up" }.to_owned());
                Err(Nothing::Yet)
            }
        }
    }

    /// Completes what a selection has begun.
    pub(super) fn finish(&self, ticket: Ticket, at: &'static Location<'static>) -> Option<T> {
        match (&self.source, ticket) {
            (Source::Channel(channel), _) => channel.finish_recv(ticket, at),
            (Source::Timer(timer), Ticket::Moment(moment)) => Some(timer.message(moment)),
            _ => None,
        }
    }

    /// As `crossbeam::channel::Receiver::try_recv`.
    ///
    /// # Errors
    /// If there is no message, or all senders are gone as well.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.recv_until("try_recv", Until::Now, Location::caller()).map_err(|nothing| match nothing {
            Nothing::Yet => TryRecvError::Empty,
            Nothing::Ever => TryRecvError::Disconnected,
        })
    }

    /// As `crossbeam::channel::Receiver::recv`.
    ///
    /// # Errors
    /// If there is no message and all senders are gone.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        self.recv_until("recv", Until::Forever, Location::caller()).map_err(|_| RecvError)
    }

    #[track_caller]
    fn recv_in_time(&self, operation: &'static str, until: Until) -> Result<T, RecvTimeoutError> {
        self.recv_until(operation, until, Location::caller()).map_err(|nothing| match nothing {
            Nothing::Yet => RecvTimeoutError::Timeout,
            Nothing::Ever => RecvTimeoutError::Disconnected,
        })
    }

    /// As `crossbeam::channel::Receiver::recv_timeout`, in virtual time.
    ///
    /// # Errors
    /// If the time is up, or there is no message and all senders are gone.
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        self.recv_in_time("recv_timeout", Until::after(timeout))
    }

    /// As `crossbeam::channel::Receiver::recv_deadline`, in virtual time.
    ///
    /// # Errors
    /// If the time is up, or there is no message and all senders are gone.
    #[track_caller]
    pub fn recv_deadline(&self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        self.recv_in_time("recv_deadline", Until::Deadline(deadline.as_deadline()))
    }

    fn count(&self) -> usize {
        match &self.source {
            Source::Channel(channel) => channel.len(),
            Source::Timer(timer) => usize::from(timer.is_due()),
            Source::Never(_) => 0,
        }
    }

    /// As `crossbeam::channel::Receiver::is_empty`.
    #[track_caller]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        engine::point("is_empty", self.object());
        self.count() == 0
    }

    /// As `crossbeam::channel::Receiver::is_full`.
    #[track_caller]
    #[must_use]
    pub fn is_full(&self) -> bool {
        engine::point("is_full", self.object());
        self.capacity().is_some_and(|capacity| self.count() >= capacity)
    }

    /// As `crossbeam::channel::Receiver::len`.
    #[track_caller]
    #[must_use]
    pub fn len(&self) -> usize {
        engine::point("len", self.object());
        let len = self.count();
        engine::note(|| len.to_string());
        len
    }

    /// As `crossbeam::channel::Receiver::capacity`.
    #[must_use]
    pub fn capacity(&self) -> Option<usize> {
        match &self.source {
            Source::Channel(channel) => channel.capacity(),
            Source::Timer(_) => Some(1),
            Source::Never(_) => Some(0),
        }
    }

    /// As `crossbeam::channel::Receiver::same_channel`.
    #[must_use]
    pub fn same_channel(&self, other: &Receiver<T>) -> bool {
        match (&self.source, &other.source) {
            (Source::Channel(mine), Source::Channel(theirs)) => Arc::ptr_eq(mine, theirs),
            (Source::Timer(mine), Source::Timer(theirs)) => Arc::ptr_eq(mine, theirs),
            (Source::Never(_), Source::Never(_)) => true,
            _ => false,
        }
    }

    /// As `crossbeam::channel::Receiver::iter`.
    #[track_caller]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { receiver: self, at: Location::caller() }
    }

    /// As `crossbeam::channel::Receiver::try_iter`.
    #[track_caller]
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter { receiver: self, at: Location::caller() }
    }
}

impl<T> Clone for Receiver<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        let source = match &self.source {
            Source::Channel(channel) => {
                channel.join(Side::Recv);
                Source::Channel(Arc::clone(channel))
            }
            Source::Timer(timer) => Source::Timer(Arc::clone(timer)),
            Source::Never(_) => Source::Never(Object::new("channel")),
        };
        Receiver { source, at: Location::caller() }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if let Source::Channel(channel) = &self.source {
            channel.leave(Side::Recv, "drop receiver", self.at);
        }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad("Receiver { .. }")
    }
}

impl<T> Port for Receiver<T> {
    fn operation(&self) -> &'static str {
        "recv"
    }

    fn made(&self) -> &'static Location<'static> {
        self.object().made()
    }

    fn is_ready(&self) -> bool {
        match &self.source {
            Source::Channel(channel) => channel.is_ready(Side::Recv),
            Source::Timer(timer) => timer.is_due(),
            Source::Never(_) => false,
        }
    }

    fn start(&self) -> Ticket {
        match &self.source {
            Source::Channel(channel) => channel.start(Side::Recv),
            Source::Timer(timer) => Ticket::Moment(timer.take()),
            Source::Never(_) => unreachable!("this is never ready"),
        }
    }

    fn enlist(&self, waiter: Waiter) {
        if let Source::Channel(channel) = &self.source {
            channel.enlist(Side::Recv, waiter);
        }
    }

    fn delist(&self, claim: &Arc<Claim>) {
        if let Source::Channel(channel) = &self.source {
            channel.delist(claim);
        }
    }

    fn deadline(&self) -> Option<u64> {
        match &self.source {
            Source::Timer(timer) => timer.due(),
            Source::Channel(_) | Source::Never(_) => None,
        }
    }
}

/// As `crossbeam::channel::Iter`.
pub struct Iter<'a, T> {
    receiver: &'a Receiver<T>,
    at: &'static Location<'static>,
}

/// As `crossbeam::channel::TryIter`.
pub struct TryIter<'a, T> {
    receiver: &'a Receiver<T>,
    at: &'static Location<'static>,
}

/// As `crossbeam::channel::IntoIter`.
pub struct IntoIter<T> {
    receiver: Receiver<T>,
    at: &'static Location<'static>,
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.recv_until("recv", Until::Forever, self.at).ok()
    }
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.recv_until("try_recv", Until::Now, self.at).ok()
    }
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.recv_until("recv", Until::Forever, self.at).ok()
    }
}

impl<T> FusedIterator for Iter<'_, T> {}
impl<T> FusedIterator for IntoIter<T> {}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    #[track_caller]
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    #[track_caller]
    fn into_iter(self) -> IntoIter<T> {
        IntoIter { receiver: self, at: Location::caller() }
    }
}

impl<T> fmt::Debug for Iter<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad("Iter { .. }")
    }
}

impl<T> fmt::Debug for TryIter<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad("TryIter { .. }")
    }
}

impl<T> fmt::Debug for IntoIter<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad("IntoIter { .. }")
    }
}
