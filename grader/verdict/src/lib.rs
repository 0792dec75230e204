//! The vocabulary of a grading, as pure values.
//!
//! Everything the grader says is one of these types: a [`Report`] holds one [`CheckReport`] per check, that holds
//! [`Finding`]s and the [`Evidence`] for what was *not* found. Renderers turn a report into text; nothing here reads a
//! file, a clock or an environment variable, and nothing here knows how a check is done.
//!
//! Two rules are built into the types. *Inconclusive is not accepted*: [`Verdict::of`] is the only way from checks to a
//! verdict. *Our faults are not findings*: what goes wrong on the grader's side is an error of the engine
//! and has no place in a report.

mod check;
mod event;
mod finding;
mod interleaving;
mod progress;
mod report;
mod tier;
mod visible;

pub use check::{Check, UnknownCheck};
pub use event::Event;
pub use finding::{Finding, Kind, Location, Standing};
pub use interleaving::{Call, Discovery, Interleaving, Mark, Object, Step, Waiting};
pub use progress::{Attempt, Entry, Progress, State, Timed};
pub use report::{
    CheckReport, Evidence, FORMAT_VERSION, Item, Origin, Outcome, Pairs, Report, Schedules, Score, Submission, Verdict,
};
pub use tier::Tier;
pub use visible::{is_hidden, visible};
