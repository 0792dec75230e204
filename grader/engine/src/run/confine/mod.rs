//! Confinement: what a process that must not be trusted can reach.
//!
//! The grader starts itself once more as a small launcher with one thread ([`launcher`]). From a [`Plan`] that the grader
//! prepared, the launcher builds a private root (`root`), gives up its rights, and applies the kernel's filters (`rights`,
//! `filter`); then it becomes the program. How much of that a machine allows is its [`Tier`]. A tier is found by running attacks
//! inside it ([`canary`]), not by reading settings.

pub mod canary;
pub(crate) mod files;
mod filter;
pub mod launcher;
pub mod plan;
mod rights;
mod root;
pub mod tier;

pub use plan::{Access, Plan, Quota};
pub use tier::Confinement;
pub use verdict::Tier;
