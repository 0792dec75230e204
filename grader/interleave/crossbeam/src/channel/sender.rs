//! [`Sender`].

use super::error::{SendError, SendTimeoutError, TrySendError};
use super::state::{Channel, Side};
use super::wait::{Claim, Port, Ticket, Until, Waiter, Waiting};
use interleave::engine;
use interleave::time::{Duration, Instant};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// As `crossbeam::channel::Sender`.
pub struct Sender<T> {
    channel: Arc<Channel<T>>,
    /// Where it was made or cloned: a destructor cannot know where it is called.
    at: &'static Location<'static>,
}

// SAFETY: messages cross threads, nothing else does.
unsafe impl<T: Send> Send for Sender<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Sender<T> {}
impl<T> UnwindSafe for Sender<T> {}
impl<T> RefUnwindSafe for Sender<T> {}

/// Why a message was not sent.
enum Refused<T> {
    Blocked(T),
    Disconnected(T),
}

impl<T> Sender<T> {
    pub(super) fn new(channel: Arc<Channel<T>>, at: &'static Location<'static>) -> Self {
        Sender { channel, at }
    }

    #[track_caller]
    fn send_until(&self, operation: &'static str, message: T, until: Until) -> Result<(), Refused<T>> {
        let at = Location::caller();
        engine::point_at(operation, &self.channel.object, at);
        let waiting = Waiting { operation, object: self.channel.object.id(), at, until, biased: true };
        let offer = Offer { sender: self, ticket: Cell::new(0), message: RefCell::new(Some(message)) };
        let started = waiting.start(&[&offer]);
        let message = offer.message.into_inner();
        match (started, message) {
            (None, Some(message)) => {
                engine::note(|| if matches!(until, Until::Now) { "it is full" } else { "the time is up" }.to_owned());
                Err(Refused::Blocked(message))
            }
            (Some((_, ticket)), Some(message)) => {
                self.channel.finish_send(ticket, message).map_err(Refused::Disconnected)
            }
            (_, None) => {
                self.channel.after_offer();
                Ok(())
            }
        }
    }

    /// As `crossbeam::channel::Sender::try_send`.
    ///
    /// # Errors
    /// If there is no room, or all receivers are gone.
    #[track_caller]
    pub fn try_send(&self, msg: T) -> Result<(), TrySendError<T>> {
        self.send_until("try_send", msg, Until::Now).map_err(|refused| match refused {
            Refused::Blocked(message) => TrySendError::Full(message),
            Refused::Disconnected(message) => TrySendError::Disconnected(message),
        })
    }

    /// As `crossbeam::channel::Sender::send`.
    ///
    /// # Errors
    /// If all receivers are gone.
    #[track_caller]
    pub fn send(&self, msg: T) -> Result<(), SendError<T>> {
        self.send_until("send", msg, Until::Forever).map_err(|refused| match refused {
            Refused::Blocked(message) | Refused::Disconnected(message) => SendError(message),
        })
    }

    #[track_caller]
    fn send_in_time(&self, operation: &'static str, message: T, until: Until) -> Result<(), SendTimeoutError<T>> {
        self.send_until(operation, message, until).map_err(|refused| match refused {
            Refused::Blocked(message) => SendTimeoutError::Timeout(message),
            Refused::Disconnected(message) => SendTimeoutError::Disconnected(message),
        })
    }

    /// As `crossbeam::channel::Sender::send_timeout`, in virtual time.
    ///
    /// # Errors
    /// If the time is up, or all receivers are gone.
    #[track_caller]
    pub fn send_timeout(&self, msg: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        self.send_in_time("send_timeout", msg, Until::after(timeout))
    }

    /// As `crossbeam::channel::Sender::send_deadline`, in virtual time.
    ///
    /// # Errors
    /// If the time is up, or all receivers are gone.
    #[track_caller]
    pub fn send_deadline(&self, msg: T, deadline: Instant) -> Result<(), SendTimeoutError<T>> {
        self.send_in_time("send_deadline", msg, Until::Deadline(deadline.as_deadline()))
    }

    /// As `crossbeam::channel::Sender::is_empty`.
    #[track_caller]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        engine::point("is_empty", &self.channel.object);
        self.channel.len() == 0
    }

    /// As `crossbeam::channel::Sender::is_full`.
    #[track_caller]
    #[must_use]
    pub fn is_full(&self) -> bool {
        engine::point("is_full", &self.channel.object);
        self.channel.is_full()
    }

    /// As `crossbeam::channel::Sender::len`.
    #[track_caller]
    #[must_use]
    pub fn len(&self) -> usize {
        engine::point("len", &self.channel.object);
        let len = self.channel.len();
        engine::note(|| len.to_string());
        len
    }

    /// As `crossbeam::channel::Sender::capacity`.
    #[must_use]
    pub fn capacity(&self) -> Option<usize> {
        self.channel.capacity()
    }

    /// As `crossbeam::channel::Sender::same_channel`.
    #[must_use]
    pub fn same_channel(&self, other: &Sender<T>) -> bool {
        Arc::ptr_eq(&self.channel, &other.channel)
    }

    /// Completes what a selection has begun.
    pub(super) fn finish(&self, ticket: Ticket, message: T) -> Result<(), T> {
        self.channel.finish_send(ticket, message)
    }
}

impl<T> Clone for Sender<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        self.channel.join(Side::Send);
        Sender { channel: Arc::clone(&self.channel), at: Location::caller() }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.channel.leave(Side::Send, "drop sender", self.at);
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad("Sender { .. }")
    }
}

impl<T> Port for Sender<T> {
    fn operation(&self) -> &'static str {
        "send"
    }

    fn made(&self) -> &'static Location<'static> {
        self.channel.object.made()
    }

    fn is_ready(&self) -> bool {
        self.channel.is_ready(Side::Send)
    }

    fn start(&self) -> Ticket {
        self.channel.start(Side::Send)
    }

    fn enlist(&self, waiter: Waiter) {
        self.channel.enlist(Side::Send, waiter);
    }

    fn delist(&self, claim: &Arc<Claim>) {
        self.channel.delist(claim);
    }
}

/// A sender with its message at hand: at a rendezvous, whoever chooses it finds the message at once.
struct Offer<'a, T> {
    sender: &'a Sender<T>,
    ticket: Cell<u64>,
    message: RefCell<Option<T>>,
}

impl<T> Port for Offer<'_, T> {
    fn operation(&self) -> &'static str {
        self.sender.operation()
    }

    fn made(&self) -> &'static Location<'static> {
        self.sender.made()
    }

    fn is_ready(&self) -> bool {
        self.sender.is_ready()
    }

    fn start(&self) -> Ticket {
        self.sender.start()
    }

    fn enlist(&self, waiter: Waiter) {
        let channel = &self.sender.channel;
        self.ticket.set(channel.enlist(Side::Send, waiter));
        if channel.is_rendezvous()
            && let Some(message) = self.message.take()
        {
            channel.offer(self.ticket.get(), message);
        }
    }

    fn delist(&self, claim: &Arc<Claim>) {
        let channel = &self.sender.channel;
        channel.delist(claim);
        // A claimed message is the partner's, taken or not.
        if channel.is_rendezvous() && claim.is_free() {
            self.message.replace(channel.withdraw(self.ticket.get()));
        }
    }
}
