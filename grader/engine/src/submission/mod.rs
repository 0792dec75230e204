//! What is graded: a crate's root file, and whose it is; and the variants that are graded to check the checks.
//!
//! Knows exercises. The manifest, build script and Cargo settings of a submission are never used.

pub mod patch;
mod source;
mod submitted;
pub mod variant;

pub use source::Source;
pub(crate) use source::shown;
pub use submitted::submitted;
