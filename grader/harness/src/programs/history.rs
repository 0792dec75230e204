//! What happened while a program ran.

use super::machine::{Happens, Outcome};
use std::time::Duration;

/// What happened, in the order in which it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    /// A call began.
    Begins { number: u32, at: Duration },
    /// A call returned.
    Returns { number: u32, outcome: Outcome, at: Duration },
    /// Nothing could go on.
    Rests,
}

/// The history of one execution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct History {
    pub(crate) events: Vec<Event>,
}

impl History {
    /// Something happens to a call.
    pub(crate) fn note(&mut self, number: u32, what: Happens, at: Duration) {
        self.events.push(match what {
            Happens::Begins => Event::Begins { number, at },
            Happens::Returns(outcome) => Event::Returns { number, outcome, at },
        });
    }

    /// What a call returned; `None` if it has not.
    pub(crate) fn outcome(&self, number: u32) -> Option<Outcome> {
        self.events.iter().find_map(|event| match event {
            Event::Returns { number: theirs, outcome, .. } if *theirs == number => Some(*outcome),
            _ => None,
        })
    }

    /// When a call began; `None` if it has not.
    pub(crate) fn begun(&self, number: u32) -> Option<Duration> {
        self.events.iter().find_map(|event| match event {
            Event::Begins { number: theirs, at } if *theirs == number => Some(*at),
            _ => None,
        })
    }
}
