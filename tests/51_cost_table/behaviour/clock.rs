//! Clocks that a test moves, and a measurement on one of them.

use super::statistics::nanos;
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::time::Duration;
use subject::{Clock, Plan, Summary, measure};

/// A clock that is moved by the operation, and by being read.
pub(super) struct Scripted {
    nanos: Cell<u64>,
    pub(super) reading: Cell<u64>,
    tick: u64,
}

impl Scripted {
    pub(super) fn new(reading: u64, tick: u64) -> Scripted {
        Scripted { nanos: Cell::new(1_000_000), reading: Cell::new(reading), tick }
    }

    pub(super) fn pass(&self, nanos: u64) {
        self.nanos.set(self.nanos.get() + nanos);
    }
}

impl Clock for Scripted {
    fn now(&self) -> Duration {
        self.pass(self.reading.get());
        nanos(self.nanos.get() / self.tick * self.tick)
    }
}

/// A clock whose every reading comes from a function.
pub(super) struct Told<F>(pub(super) RefCell<F>);

impl<F: FnMut() -> u64> Clock for Told<F> {
    fn now(&self) -> Duration {
        nanos(self.0.borrow_mut()())
    }
}

pub(super) fn backwards() -> impl Clock {
    let mut now = 1_000_000_000;
    Told(RefCell::new(move || {
        now -= 1;
        now
    }))
}

/// Measures an operation whose n-th call (from 0) takes `length(n)`, and counts the calls.
pub(super) fn measured(clock: &Scripted, plan: (usize, usize, u64), length: impl Fn(u64) -> u64) -> (Summary, u64) {
    let (warm_up, samples, at_least) = plan;
    let mut calls = 0;
    let plan = Plan { warm_up, samples, at_least: nanos(at_least) };
    let Ok(summary) = measure(clock, &plan, || {
        clock.pass(length(calls));
        calls += 1;
        Ok::<_, Infallible>(())
    });
    (summary, calls)
}
