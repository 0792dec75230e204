//! Reads Rust source that must not be trusted: parsing within limits, what names stand for, the public API, what is made where.
//!
//! Uses nothing but `trouble`. Knows nothing of exercises.

pub(crate) mod api;
pub(crate) mod made;
pub(crate) mod names;
mod parse;

pub(crate) use parse::{on_a_deep_stack, parse};
