//! A stand-in for `crossbeam` 0.8 under which every interleaving of a concurrent program can be tried, replayed and shown.
//!
//! A crate whose dependencies name this one `crossbeam` (`crossbeam = { package = "interleave-crossbeam", … }`, or
//! `rustc --extern crossbeam=…`) gets these items wherever its plain code says `crossbeam::…`. Each operation is one step of
//! the [`interleave::engine`], under crossbeam's own name for it. What is not here (`epoch`, `AtomicConsume`) does not compile.

pub mod atomic;
mod cell;
pub mod channel;
pub mod deque;
pub mod queue;
pub mod sync;
pub mod thread;
pub mod utils;

pub use thread::scope;
