//! Channels on which the time speaks, and one on which nobody ever does.

use super::receiver::Receiver;
use super::wait::Until;
use interleave::engine::{self, Object};
use interleave::time::{Duration, Instant};
use std::cell::Cell;

/// What delivers moments of virtual time.
pub(super) struct Timer<T> {
    pub(super) object: Object,
    /// When the next message comes, in nanoseconds of virtual time.
    due: Cell<Option<u64>>,
    every: Option<u64>,
    /// How a moment becomes a message. There is only one way, but the receiver of a timer is of the same type as any other.
    message: fn(u64) -> T,
}

// SAFETY: the cell is only touched by the one running task of an execution.
unsafe impl<T> Send for Timer<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Timer<T> {}

impl<T> Timer<T> {
    pub(super) fn due(&self) -> Option<u64> {
        self.due.get()
    }

    pub(super) fn is_due(&self) -> bool {
        self.due().is_some_and(|due| due <= engine::now())
    }

    /// Takes the message, which is due.
    pub(super) fn take(&self) -> u64 {
        let moment = self.due().expect("a message, since the operation was ready");
        // As in crossbeam: ticks that nobody received do not pile up.
        self.due.set(self.every.and_then(|every| engine::now().max(moment).checked_add(every)));
        moment
    }

    pub(super) fn message(&self, moment: u64) -> T {
        (self.message)(moment)
    }
}

fn instant(moment: u64) -> Instant {
    let (now, here) = (engine::now(), Instant::now());
    if moment < now { here - Duration::from_nanos(now - moment) } else { here + Duration::from_nanos(moment - now) }
}

#[track_caller]
fn timer(first: Until, every: Option<u64>) -> Receiver<Instant> {
    match first {
        Until::Deadline(due) => Receiver::of_timer(Timer {
            object: Object::new("timer"),
            due: Cell::new(Some(due)),
            every,
            message: instant,
        }),
        Until::Now | Until::Forever => never(),
    }
}

/// As `crossbeam::channel::after`, in virtual time.
#[track_caller]
#[must_use]
pub fn after(duration: Duration) -> Receiver<Instant> {
    timer(Until::after(duration), None)
}

/// As `crossbeam::channel::at`, in virtual time.
#[track_caller]
#[must_use]
pub fn at(when: Instant) -> Receiver<Instant> {
    timer(Until::Deadline(when.as_deadline()), None)
}

/// As `crossbeam::channel::tick`, in virtual time.
#[track_caller]
#[must_use]
pub fn tick(duration: Duration) -> Receiver<Instant> {
    timer(Until::after(duration), u64::try_from(duration.as_nanos()).ok())
}

/// As `crossbeam::channel::never`.
#[track_caller]
#[must_use]
pub const fn never<T>() -> Receiver<T> {
    Receiver::of_nothing()
}
