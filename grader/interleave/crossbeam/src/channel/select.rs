//! [`Select`].

use super::error::{ReadyTimeoutError, RecvError, SelectTimeoutError, SendError, TryReadyError, TrySelectError};
use super::receiver::Receiver;
use super::sender::Sender;
use super::wait::{Port, Ticket, Until, Waiting};
use interleave::engine::{self, Object};
use interleave::time::{Duration, Instant};
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::ptr;

/// As `crossbeam::channel::Select`. Which of several ready operations is taken is for the schedule to say.
pub struct Select<'a> {
    object: Object,
    operations: Vec<Operation<'a>>,
    next: usize,
    biased: bool,
}

#[derive(Clone, Copy)]
struct Operation<'a> {
    port: &'a dyn Port,
    index: usize,
    /// Of the sender or receiver, to see that the operation is completed on the right one.
    address: *const (),
}

// SAFETY: the ports are senders and receivers, and only the one running task of an execution looks at them.
unsafe impl Send for Select<'_> {}
// SAFETY: as above.
unsafe impl Sync for Select<'_> {}

impl<'a> Select<'a> {
    /// As `crossbeam::channel::Select::new`.
    #[track_caller]
    #[must_use]
    pub fn new() -> Select<'a> {
        Select { object: Object::new("select"), operations: Vec::new(), next: 0, biased: false }
    }

    /// As `crossbeam::channel::Select::new_biased`: of several ready operations the first is taken.
    #[track_caller]
    #[must_use]
    pub fn new_biased() -> Select<'a> {
        Select { biased: true, ..Select::new() }
    }

    fn add(&mut self, port: &'a dyn Port, address: *const ()) -> usize {
        let index = self.next;
        self.operations.push(Operation { port, index, address });
        self.next += 1;
        index
    }

    /// As `crossbeam::channel::Select::send`.
    pub fn send<T>(&mut self, s: &'a Sender<T>) -> usize {
        self.add(s, ptr::from_ref(s).cast())
    }

    /// As `crossbeam::channel::Select::recv`.
    pub fn recv<T>(&mut self, r: &'a Receiver<T>) -> usize {
        self.add(r, ptr::from_ref(r).cast())
    }

    /// As `crossbeam::channel::Select::remove`.
    ///
    /// # Panics
    /// If there is no operation with this index.
    pub fn remove(&mut self, index: usize) {
        assert!(index < self.next, "index out of bounds; {index} >= {}", self.next);
        let place = self.operations.iter().position(|operation| operation.index == index);
        self.operations.remove(place.expect("no operation with this index"));
    }

    fn waiting(&self, operation: &'static str, at: &'static Location<'static>, until: Until) -> Waiting {
        engine::point_at(operation, &self.object, at);
        Waiting { operation, object: self.object.id(), at, until, biased: self.biased }
    }

    fn ports(&self) -> Vec<&'a dyn Port> {
        self.operations.iter().map(|operation| operation.port).collect()
    }

    #[track_caller]
    fn select_until(&self, operation: &'static str, until: Until) -> Option<SelectedOperation<'a>> {
        let waiting = self.waiting(operation, Location::caller(), until);
        let Some((place, ticket)) = waiting.start(&self.ports()) else {
            engine::note(|| "none is ready".to_owned());
            return None;
        };
        let Operation { port, index, address } = self.operations[place];
        engine::note(|| format!("takes {} of the channel made in line {}", port.operation(), port.made().line()));
        Some(SelectedOperation { ticket, index, address, at: waiting.at, _operations: PhantomData })
    }

    #[track_caller]
    fn ready_until(&self, operation: &'static str, until: Until) -> Option<usize> {
        let waiting = self.waiting(operation, Location::caller(), until);
        let place = waiting.ready(&self.ports());
        engine::note(|| if place.is_some() { "one is ready" } else { "none is ready" }.to_owned());
        place.map(|place| self.operations[place].index)
    }

    fn demand_operations(&self) {
        assert!(!self.operations.is_empty(), "no operations have been added to `Select`");
    }

    /// As `crossbeam::channel::Select::try_select`.
    ///
    /// # Errors
    /// If no operation is ready.
    #[track_caller]
    pub fn try_select(&mut self) -> Result<SelectedOperation<'a>, TrySelectError> {
        self.select_until("try_select", Until::Now).ok_or(TrySelectError)
    }

    /// As `crossbeam::channel::Select::select`.
    ///
    /// # Panics
    /// If there are no operations.
    #[track_caller]
    pub fn select(&mut self) -> SelectedOperation<'a> {
        self.demand_operations();
        self.select_until("select", Until::Forever).expect("a wait without a deadline ends with an operation")
    }

    /// As `crossbeam::channel::Select::select_timeout`, in virtual time.
    ///
    /// # Errors
    /// If the time is up.
    #[track_caller]
    pub fn select_timeout(&mut self, timeout: Duration) -> Result<SelectedOperation<'a>, SelectTimeoutError> {
        self.select_until("select_timeout", Until::after(timeout)).ok_or(SelectTimeoutError)
    }

    /// As `crossbeam::channel::Select::select_deadline`, in virtual time.
    ///
    /// # Errors
    /// If the time is up.
    #[track_caller]
    pub fn select_deadline(&mut self, deadline: Instant) -> Result<SelectedOperation<'a>, SelectTimeoutError> {
        let until = Until::Deadline(deadline.as_deadline());
        self.select_until("select_deadline", until).ok_or(SelectTimeoutError)
    }

    /// As `crossbeam::channel::Select::try_ready`.
    ///
    /// # Errors
    /// If no operation is ready.
    #[track_caller]
    pub fn try_ready(&mut self) -> Result<usize, TryReadyError> {
        self.ready_until("try_ready", Until::Now).ok_or(TryReadyError)
    }

    /// As `crossbeam::channel::Select::ready`.
    ///
    /// # Panics
    /// If there are no operations.
    #[track_caller]
    pub fn ready(&mut self) -> usize {
        self.demand_operations();
        self.ready_until("ready", Until::Forever).expect("a wait without a deadline ends with an operation")
    }

    /// As `crossbeam::channel::Select::ready_timeout`, in virtual time.
    ///
    /// # Errors
    /// If the time is up.
    #[track_caller]
    pub fn ready_timeout(&mut self, timeout: Duration) -> Result<usize, ReadyTimeoutError> {
        self.ready_until("ready_timeout", Until::after(timeout)).ok_or(ReadyTimeoutError)
    }

    /// As `crossbeam::channel::Select::ready_deadline`, in virtual time.
    ///
    /// # Errors
    /// If the time is up.
    #[track_caller]
    pub fn ready_deadline(&mut self, deadline: Instant) -> Result<usize, ReadyTimeoutError> {
        let until = Until::Deadline(deadline.as_deadline());
        self.ready_until("ready_deadline", until).ok_or(ReadyTimeoutError)
    }
}

impl Clone for Select<'_> {
    #[track_caller]
    fn clone(&self) -> Self {
        Select {
            object: Object::new("select"),
            operations: self.operations.clone(),
            next: self.next,
            biased: self.biased,
        }
    }
}

impl Default for Select<'_> {
    #[track_caller]
    fn default() -> Self {
        Select::new()
    }
}

impl fmt::Debug for Select<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad("Select { .. }")
    }
}

/// As `crossbeam::channel::SelectedOperation`: it must be completed.
#[must_use]
pub struct SelectedOperation<'a> {
    ticket: Ticket,
    index: usize,
    address: *const (),
    at: &'static Location<'static>,
    _operations: PhantomData<&'a ()>,
}

impl SelectedOperation<'_> {
    /// As `crossbeam::channel::SelectedOperation::index`.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The ticket, if `address` is that of the sender or receiver that was selected.
    fn redeem(self, address: *const (), what: &str) -> (Ticket, &'static Location<'static>) {
        assert!(address == self.address, "passed a {what} that wasn't selected");
        let redeemed = (self.ticket, self.at);
        std::mem::forget(self);
        redeemed
    }

    /// As `crossbeam::channel::SelectedOperation::send`.
    ///
    /// # Errors
    /// If all receivers are gone.
    ///
    /// # Panics
    /// If another operation was selected.
    pub fn send<T>(self, s: &Sender<T>, msg: T) -> Result<(), SendError<T>> {
        let (ticket, _) = self.redeem(ptr::from_ref(s).cast(), "sender");
        s.finish(ticket, msg).map_err(SendError)
    }

    /// As `crossbeam::channel::SelectedOperation::recv`.
    ///
    /// # Errors
    /// If all senders are gone.
    ///
    /// # Panics
    /// If another operation was selected.
    pub fn recv<T>(self, r: &Receiver<T>) -> Result<T, RecvError> {
        let (ticket, at) = self.redeem(ptr::from_ref(r).cast(), "receiver");
        r.finish(ticket, at).ok_or(RecvError)
    }
}

impl fmt::Debug for SelectedOperation<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad("SelectedOperation { .. }")
    }
}

impl Drop for SelectedOperation<'_> {
    fn drop(&mut self) {
        // A second panic would take the whole grader down.
        if !interleave::thread::panicking() {
            panic!("dropped `SelectedOperation` without completing the operation");
        }
    }
}
