//! One grading from a submission to a report: which check runs when and beside what, what is tried first, what is kept to be
//! shown again.
//!
//! Judges nothing itself: that is for `checks`.

pub mod again;
mod first_answer;
mod grader;
mod pipeline;
mod promise;
pub mod replays;

pub(crate) use grader::best_tier;
pub use grader::{BEST_TIER, Begun, Extent, Grader};
