//! What queues hold.

use crate::cell::Plain;
use interleave::engine::{self, Clock};
use std::collections::VecDeque;

/// Elements in order, each with what had happened when it was put in.
pub(super) struct Elements<T>(Plain<VecDeque<(T, Clock)>>);

impl<T> Elements<T> {
    pub(super) const fn new() -> Self {
        Elements(Plain::new(VecDeque::new()))
    }

    pub(super) fn len(&self) -> usize {
        self.0.with(|elements| elements.len())
    }

    pub(super) fn push(&self, value: T) {
        let mut clock = Clock::new();
        engine::release(&mut clock);
        let len = self.0.with(|elements| {
            elements.push_back((value, clock));
            elements.len()
        });
        engine::note(|| format!("{len} in it"));
    }

    pub(super) fn pop(&self) -> Option<T> {
        let popped = self.0.with(VecDeque::pop_front);
        engine::note(|| if popped.is_some() { format!("{} left", self.len()) } else { "it is empty".to_owned() });
        popped.map(|(value, clock)| {
            engine::acquire(&clock);
            value
        })
    }

    pub(super) fn into_values(self) -> std::vec::IntoIter<T> {
        let values: Vec<T> = self.0.into_inner().into_iter().map(|(value, _)| value).collect();
        values.into_iter()
    }
}
