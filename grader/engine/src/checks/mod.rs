//! The checks, one module each. Each turns a submission into a [`verdict::CheckReport`]; none knows of another.

pub mod behaviour;
pub mod build;
pub mod compile_fail;
pub mod schedules;
pub mod source_rules;
pub mod timing;
pub mod transcript;
