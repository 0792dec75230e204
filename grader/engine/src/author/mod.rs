//! For those who write exercises: variants and how they are edited, the checks of the checks, mutants of the reference.
//!
//! Grades through `grading` like anybody else. Nothing else in this crate uses this room.

pub mod choice;
pub mod editing;
pub mod mutants;
pub mod mutation;
pub mod rebase;
pub mod skeleton;
pub mod verify;
pub mod written;
