//! A channel: its messages, and who waits at which side.

use super::wait::{Claim, Ticket, Waiter};
use crate::cell::Plain;
use interleave::engine::{self, Clock, Object, Wait, WaitKind};
use std::collections::VecDeque;
use std::panic::Location;
use std::sync::Arc;

/// The wait for the message of a partner who has been chosen, or has chosen, and is still to hand it over.
const RENDEZVOUS: &str = "rendezvous";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Send,
    Recv,
}

impl Side {
    fn other(self) -> Side {
        match self {
            Side::Send => Side::Recv,
            Side::Recv => Side::Send,
        }
    }
}

pub(super) struct Channel<T> {
    pub(super) object: Object,
    capacity: Option<usize>,
    state: Plain<State<T>>,
}

struct State<T> {
    queue: VecDeque<(T, Clock)>,
    /// Room that a selection has taken and not filled yet.
    taken: usize,
    /// Messages that belong to whoever has the ticket.
    slots: Vec<(u64, T, Clock)>,
    last_ticket: u64,
    waiting: Vec<Entry>,
    senders: usize,
    receivers: usize,
    /// What receivers have done when they made room, which happened before what a sender does with it.
    freed: Clock,
    /// What both sides had done when the last one of them left.
    closed: Clock,
}

struct Entry {
    side: Side,
    ticket: u64,
    waiter: Waiter,
}

impl<T> State<T> {
    fn ticket(&mut self) -> u64 {
        self.last_ticket += 1;
        self.last_ticket
    }

    /// Those at `side` whom a partner may choose.
    fn partners(&self, side: Side) -> impl Iterator<Item = &Entry> {
        self.waiting
            .iter()
            .filter(move |entry| entry.side == side && !entry.waiter.observes && entry.waiter.claim.is_free())
    }

    /// Chooses one of those who wait at `side`; the ticket becomes that of both.
    fn claim(&self, side: Side) -> Ticket {
        let chosen = engine::choose(self.partners(side).count());
        let entry = self.partners(side).nth(chosen).expect("a partner, since the operation was ready");
        entry.waiter.claim.take(entry.waiter.operation, entry.ticket);
        engine::wake_task(entry.waiter.task);
        Ticket::Slot(entry.ticket)
    }

    /// Lets all who wait at `side` look again.
    fn wake(&self, side: Side) {
        for entry in self.waiting.iter().filter(|entry| entry.side == side) {
            engine::wake_task(entry.waiter.task);
        }
    }

    fn take_slot(&mut self, ticket: u64) -> Option<(T, Clock)> {
        let index = self.slots.iter().position(|(number, ..)| *number == ticket)?;
        let (_, message, clock) = self.slots.swap_remove(index);
        Some((message, clock))
    }
}

fn stamped<T>(message: T) -> (T, Clock) {
    let mut clock = Clock::new();
    engine::release(&mut clock);
    (message, clock)
}

impl<T> Channel<T> {
    #[track_caller]
    pub(super) fn new(capacity: Option<usize>) -> Self {
        let state = State {
            queue: VecDeque::new(),
            taken: 0,
            slots: Vec::new(),
            last_ticket: 0,
            waiting: Vec::new(),
            senders: 1,
            receivers: 1,
            freed: Clock::new(),
            closed: Clock::new(),
        };
        Channel { object: Object::new("channel"), capacity, state: Plain::new(state) }
    }

    fn with<R>(&self, action: impl FnOnce(&mut State<T>) -> R) -> R {
        self.state.with(|state| {
            if self.object.is_new() {
                // Whoever waited in an abandoned execution is gone.
                state.waiting.clear();
                state.taken = 0;
                self.object.id();
            }
            action(state)
        })
    }

    pub(super) fn is_rendezvous(&self) -> bool {
        self.capacity == Some(0)
    }

    pub(super) fn capacity(&self) -> Option<usize> {
        self.capacity
    }

    pub(super) fn len(&self) -> usize {
        self.with(|state| state.queue.len() + state.taken)
    }

    pub(super) fn is_full(&self) -> bool {
        self.capacity.is_some_and(|capacity| self.len() >= capacity)
    }

    pub(super) fn is_ready(&self, side: Side) -> bool {
        let full = self.is_full();
        self.with(|state| {
            let disconnected = match side {
                Side::Send => state.receivers == 0,
                Side::Recv => state.senders == 0,
            };
            let possible = match side {
                _ if self.is_rendezvous() => state.partners(side.other()).next().is_some(),
                Side::Send => !full,
                Side::Recv => !state.queue.is_empty(),
            };
            disconnected || possible
        })
    }

    /// Begins an operation that is ready.
    pub(super) fn start(&self, side: Side) -> Ticket {
        self.with(|state| match side {
            Side::Send if state.receivers == 0 => Ticket::Disconnected,
            _ if self.is_rendezvous() && state.partners(side.other()).next().is_some() => {
                if side == Side::Recv {
                    engine::release(&mut state.freed);
                }
                state.claim(side.other())
            }
            Side::Send => {
                state.taken += 1;
                Ticket::Slot(state.ticket())
            }
            Side::Recv => {
                let Some((message, clock)) = state.queue.pop_front() else { return Ticket::Disconnected };
                let ticket = state.ticket();
                state.slots.push((ticket, message, clock));
                engine::release(&mut state.freed);
                if self.capacity.is_some() {
                    state.wake(Side::Send);
                }
                Ticket::Slot(ticket)
            }
        })
    }

    /// Lists a task that waits. Returns the ticket of the operation, should a partner choose it.
    pub(super) fn enlist(&self, side: Side, waiter: Waiter) -> u64 {
        self.with(|state| {
            let ticket = state.ticket();
            let meets = self.is_rendezvous() && !waiter.observes;
            if meets && side == Side::Recv {
                engine::release(&mut state.freed);
            }
            state.waiting.push(Entry { side, ticket, waiter });
            if meets {
                // From now on the other side is ready, which only those must be told who observe.
                for entry in state.waiting.iter().filter(|entry| entry.side != side && entry.waiter.observes) {
                    engine::wake_task(entry.waiter.task);
                }
            }
            ticket
        })
    }

    pub(super) fn delist(&self, claim: &Arc<Claim>) {
        self.with(|state| state.waiting.retain(|entry| !Arc::ptr_eq(&entry.waiter.claim, claim)));
    }

    /// Puts a message where the partner who chooses this ticket finds it.
    pub(super) fn offer(&self, ticket: u64, message: T) {
        self.with(|state| {
            let (message, clock) = stamped(message);
            state.slots.push((ticket, message, clock));
        });
    }

    /// Takes an offer back; `None` if a partner has it.
    pub(super) fn withdraw(&self, ticket: u64) -> Option<T> {
        self.with(|state| state.take_slot(ticket).map(|(message, _)| message))
    }

    /// Completes the sending that has begun. The message comes back if nobody can receive it.
    pub(super) fn finish_send(&self, ticket: Ticket, message: T) -> Result<(), T> {
        let Ticket::Slot(ticket) = ticket else {
            self.with(|state| engine::acquire(&state.closed));
            engine::note(|| "disconnected".to_owned());
            return Err(message);
        };
        self.with(|state| {
            let (message, clock) = stamped(message);
            if self.is_rendezvous() {
                engine::acquire(&state.freed);
                state.slots.push((ticket, message, clock));
                engine::wake_all_of(self.object.id(), |wait| wait.operation == RENDEZVOUS);
                return;
            }
            if self.capacity.is_some() {
                engine::acquire(&state.freed);
            }
            state.taken -= 1;
            state.queue.push_back((message, clock));
            engine::note(|| format!("{} in it", state.queue.len()));
            state.wake(Side::Recv);
        });
        Ok(())
    }

    /// The sending that a partner chose is over.
    pub(super) fn after_offer(&self) {
        self.with(|state| engine::acquire(&state.freed));
    }

    /// Completes the receiving that has begun. `None` if nothing will ever come.
    pub(super) fn finish_recv(&self, ticket: Ticket, at: &'static Location<'static>) -> Option<T> {
        let Ticket::Slot(ticket) = ticket else {
            self.with(|state| engine::acquire(&state.closed));
            engine::note(|| "disconnected".to_owned());
            return None;
        };
        loop {
            let found = self.with(|state| {
                let (message, clock) = state.take_slot(ticket)?;
                engine::acquire(&clock);
                if !self.is_rendezvous() {
                    engine::note(|| format!("{} left", state.queue.len()));
                }
                Some(message)
            });
            if found.is_some() {
                return found;
            }
            engine::block(Wait {
                kind: WaitKind::Other,
                operation: RENDEZVOUS,
                object: Some(self.object.id()),
                holder: None,
                deadline: None,
                at,
            });
        }
    }

    /// There is one more of a side.
    pub(super) fn join(&self, side: Side) {
        self.with(|state| match side {
            Side::Send => state.senders += 1,
            Side::Recv => state.receivers += 1,
        });
    }

    /// There is one less of a side. If it is the last one, all on the other side learn of it, and messages that nobody can
    /// receive any more are dropped.
    pub(super) fn leave(&self, side: Side, operation: &'static str, at: &'static Location<'static>) {
        let count = |state: &mut State<T>| match side {
            Side::Send => state.senders,
            Side::Recv => state.receivers,
        };
        let left = self.with(count) - 1;
        if left == 0 {
            engine::point_at(operation, &self.object, at);
            engine::note(|| "the last one".to_owned());
        } else {
            // Nobody can notice, so nothing can happen before that would matter; but a reader wants to see it.
            let id = self.object.id();
            engine::record(operation, Some(id), engine::Mark::Done, || format!("{left} left"), at);
        }
        let unreceived = self.with(|state| {
            engine::release(&mut state.closed);
            match side {
                Side::Send => state.senders -= 1,
                Side::Recv => state.receivers -= 1,
            }
            if left > 0 {
                return VecDeque::new();
            }
            state.wake(side.other());
            if side == Side::Recv { std::mem::take(&mut state.queue) } else { VecDeque::new() }
        });
        // What messages do when they are dropped is the program's business: not while the state is being looked at.
        drop(unreceived);
    }
}
