//! Runs processes that must not be trusted, within limits, and reads what a hidden test reports.
//!
//! Every process of a grading starts here, the compiler's too. What a report is worth is for `checks` to say.

pub mod chance;
pub mod confine;
pub mod effort;
pub mod entries;
pub mod facts;
pub mod processes;
pub mod sandbox;
