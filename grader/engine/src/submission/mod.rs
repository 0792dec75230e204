//! What is graded: a crate's root file, and whose it is; and the variants that are graded to check the checks.
//!
//! The files of a submission are read once, by `files`; all others are given what it has read.
//!
//! Knows exercises. The manifest, build script and Cargo settings of a submission are never used.

pub(crate) mod files;
pub mod patch;
mod source;
mod submitted;
pub mod variant;

pub(crate) use files::Files;
pub use source::Source;
pub(crate) use source::shown;
pub use submitted::submitted;
