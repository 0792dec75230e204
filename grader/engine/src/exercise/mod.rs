//! What an exercise is: its folders and settings, its hidden tests by name, its notes, its place in the curriculum.
//!
//! Reads files of ours only. Compiles and runs nothing.

pub mod catalog;
pub mod config;
pub mod curriculum;
pub mod manifest;
pub mod notes;
pub mod starter;
