//! Waiting for one or several operations at once. A blocking `send` or `recv` is a selection among one.

use interleave::engine::{self, ObjectId, TaskId, Wait, WaitKind};
use std::cell::Cell;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

/// One half of a channel, as an operation that can be waited for.
pub(super) trait Port {
    /// "send" or "recv".
    fn operation(&self) -> &'static str;

    /// Where the channel was made.
    fn made(&self) -> &'static Location<'static>;

    /// Whether the operation can be done now.
    fn is_ready(&self) -> bool;

    /// Begins the operation, which is ready: nobody else can get in between any more.
    fn start(&self) -> Ticket;

    /// Lists a task that waits for this operation.
    fn enlist(&self, waiter: Waiter);

    /// The task of this claim waits no more.
    fn delist(&self, claim: &Arc<Claim>);

    /// When the operation will be ready by the mere passing of time.
    fn deadline(&self) -> Option<u64> {
        None
    }
}

/// An operation that has begun and is still to be completed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ticket {
    /// The other side is gone.
    Disconnected,
    /// A message under this number, or room for one.
    Slot(u64),
    /// The moment of a timer.
    Moment(u64),
}

/// What a waiting task is told by a partner that has chosen it for a rendezvous: which of its operations, and the ticket.
#[derive(Debug, Default)]
pub(super) struct Claim(Cell<Option<(usize, u64)>>);

// SAFETY: only touched by the one running task of an execution.
unsafe impl Send for Claim {}
// SAFETY: as above.
unsafe impl Sync for Claim {}

impl Claim {
    pub(super) fn is_free(&self) -> bool {
        self.0.get().is_none()
    }

    pub(super) fn take(&self, operation: usize, ticket: u64) {
        self.0.set(Some((operation, ticket)));
    }
}

/// A task that waits for an operation, possibly among others.
#[derive(Clone, Debug)]
pub(super) struct Waiter {
    pub(super) task: TaskId,
    pub(super) claim: Arc<Claim>,
    /// Which of the task's operations this is.
    pub(super) operation: usize,
    /// The task only wants to know when the operation is ready: no partner may choose it.
    pub(super) observes: bool,
}

/// How long to wait.
#[derive(Clone, Copy, Debug)]
pub(super) enum Until {
    Now,
    Deadline(u64),
    Forever,
}

impl Until {
    /// In so much time. As in crossbeam, a time that cannot be expressed is none.
    pub(super) fn after(duration: Duration) -> Until {
        let nanoseconds = u64::try_from(duration.as_nanos()).ok();
        nanoseconds.and_then(|more| engine::now().checked_add(more)).map_or(Until::Forever, Until::Deadline)
    }

    fn is_over(self) -> bool {
        match self {
            Until::Now => true,
            // Outside of an execution no time passes, and nobody else will do anything.
            Until::Deadline(deadline) => engine::now() >= deadline || !engine::is_exploring(),
            Until::Forever => false,
        }
    }
}

/// How a wait is to be shown, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) operation: &'static str,
    pub(super) object: ObjectId,
    pub(super) at: &'static Location<'static>,
    pub(super) until: Until,
    /// Of several ready operations the first is taken, not any.
    pub(super) biased: bool,
}

enum Got {
    Ready(usize),
    Claimed(usize, u64),
}

impl Waiting {
    /// Waits for one of `ports` and begins its operation. `None` if the time is up.
    pub(super) fn start(&self, ports: &[&dyn Port]) -> Option<(usize, Ticket)> {
        Some(match self.wait(ports, false)? {
            Got::Ready(index) => (index, ports[index].start()),
            Got::Claimed(index, ticket) => (index, Ticket::Slot(ticket)),
        })
    }

    /// Waits until the operation of one of `ports` could be done. `None` if the time is up.
    pub(super) fn ready(&self, ports: &[&dyn Port]) -> Option<usize> {
        match self.wait(ports, true)? {
            Got::Ready(index) | Got::Claimed(index, _) => Some(index),
        }
    }

    fn wait(&self, ports: &[&dyn Port], observes: bool) -> Option<Got> {
        loop {
            let ready = || ports.iter().enumerate().filter(|(_, port)| port.is_ready());
            match ready().count() {
                0 => {}
                count => {
                    let chosen = if self.biased { 0 } else { engine::choose(count) };
                    let (index, _) = ready().nth(chosen).expect("nothing has happened since they were counted");
                    return Some(Got::Ready(index));
                }
            }
            if self.until.is_over() {
                return None;
            }
            let claim = Arc::new(Claim::default());
            for (operation, port) in ports.iter().enumerate() {
                port.enlist(Waiter { task: engine::current(), claim: Arc::clone(&claim), operation, observes });
            }
            let own = match self.until {
                Until::Deadline(deadline) => Some(deadline),
                Until::Now | Until::Forever => None,
            };
            engine::block(Wait {
                kind: WaitKind::Other,
                operation: self.operation,
                object: Some(self.object),
                holder: None,
                deadline: ports.iter().filter_map(|port| port.deadline()).chain(own).min(),
                at: self.at,
            });
            for port in ports {
                port.delist(&claim);
            }
            if let Some((operation, ticket)) = claim.0.get() {
                return Some(Got::Claimed(operation, ticket));
            }
        }
    }
}
