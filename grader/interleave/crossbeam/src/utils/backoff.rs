//! [`Backoff`].

use interleave::engine;
use std::cell::Cell;
use std::fmt;

/// Up to so many steps crossbeam spins; after that it gives way to other threads.
const SPINS: u32 = 6;

/// After so many steps crossbeam advises to block.
const SNOOZES: u32 = 10;

/// As `crossbeam::utils::Backoff`. However long crossbeam would spin, here it is one moment at which the task gives way:
/// what it waits for is another one's doing.
#[derive(Default)]
pub struct Backoff {
    step: Cell<u32>,
}

impl Backoff {
    /// As `crossbeam::utils::Backoff::new`.
    #[must_use]
    pub fn new() -> Self {
        Backoff::default()
    }

    /// As `crossbeam::utils::Backoff::reset`.
    pub fn reset(&self) {
        self.step.set(0);
    }

    fn advance(&self, limit: u32) {
        if self.step.get() <= limit {
            self.step.set(self.step.get() + 1);
        }
    }

    /// As `crossbeam::utils::Backoff::spin`.
    #[track_caller]
    pub fn spin(&self) {
        engine::yield_point("spin");
        self.advance(SPINS);
    }

    /// As `crossbeam::utils::Backoff::snooze`.
    #[track_caller]
    pub fn snooze(&self) {
        engine::yield_point("snooze");
        self.advance(SNOOZES);
    }

    /// As `crossbeam::utils::Backoff::is_completed`.
    #[must_use]
    pub fn is_completed(&self) -> bool {
        self.step.get() > SNOOZES
    }
}

impl fmt::Debug for Backoff {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Backoff");
        debug.field("step", &self.step).field("is_completed", &self.is_completed()).finish()
    }
}
