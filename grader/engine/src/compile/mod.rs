//! From source to binaries: the toolchain, the kit of dependencies (by Cargo, once), the submission and the hidden tests (by
//! `rustc`, each time).
//!
//! Says what the compiler said. What that means for a verdict is for `checks` to say.

mod closure;
pub mod compiler;
pub mod kit;
pub mod objects;
pub mod read;
pub(crate) mod stage;
pub mod toolchain;
