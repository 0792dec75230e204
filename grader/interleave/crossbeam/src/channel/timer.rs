//! The source of the messages of [`after`](super::after), [`at`](super::at) and [`tick`](super::tick).

use interleave::engine::{self, Object};
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
    /// A timer whose first message comes at `due`, and the others, if any, `every` so many nanoseconds.
    #[track_caller]
    pub(super) fn new(due: u64, every: Option<u64>, message: fn(u64) -> T) -> Timer<T> {
        Timer { object: Object::new("timer"), due: Cell::new(Some(due)), every, message }
    }

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
