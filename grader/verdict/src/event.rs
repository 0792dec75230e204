//! What happens during a grading, for somebody who watches.

use crate::{Check, CheckReport, Outcome};

/// One step of a grading. A watcher may ignore any of them; the report has everything that matters.
#[derive(Clone, Debug)]
pub enum Event {
    /// Dependencies of an exercise are being built; this happens once, and takes a while.
    Preparing {
        /// What for, in a few words.
        what: String,
    },
    /// The compiler is at work.
    Compiling {
        /// On what.
        what: &'static str,
    },
    /// A check has begun.
    Started {
        /// Which.
        check: Check,
        /// How many items it has.
        items: usize,
    },
    /// One item of a check has ended.
    Item {
        /// Which check.
        check: Check,
        /// The item's name.
        name: String,
        /// How it ended.
        outcome: Outcome,
    },
    /// A check has ended.
    Ended(Box<CheckReport>),
}
