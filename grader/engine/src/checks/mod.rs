//! The checks, one module each: a submission goes in, a [`verdict::CheckReport`] comes out. No check knows of another.
//!
//! `interleavings` and `sign_test` are parts of `schedules` and `timing`.

pub mod behaviour;
pub mod build;
pub mod compile_fail;
mod interleavings;
pub mod schedules;
pub mod sign_test;
pub mod source_rules;
pub mod timing;
pub mod transcript;
