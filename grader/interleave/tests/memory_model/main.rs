//! The memory model against the tables of the literature, and algorithms that depend on it.

mod algorithms;
mod litmus;
mod litmus_tests;
mod tracked;
