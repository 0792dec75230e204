//! A stand-in for `tokio` under which every interleaving of an asynchronous program can be tried, replayed and shown.
//!
//! Explored code is compiled with this crate under the name `tokio`. Tasks are those of [`interleave::executor`], time is
//! virtual, and each primitive promises what tokio's documentation promises: who is served first, which errors there are, what
//! is lost when a future is dropped half-way. What tokio leaves open (which ready branch of [`select!`] is taken, who goes first
//! after `notify_waiters`) is explored.
//!
//! Deliberately absent, so that it does not compile: `net`, `fs`, `io`, `process`, `signal`, the attribute macros. Not modelled:
//! the cooperative budget of a task, the number of worker threads and what is counted about them, the millisecond that tokio rounds its timers to, and that
//! tasks of one thread share its `thread_local!` values.

mod macros;
pub mod runtime;
mod shared;
pub mod sync;
pub mod task;
pub mod time;

pub use task::spawn;

/// For the expansions of this crate's macros.
#[doc(hidden)]
pub mod __private {
    pub use interleave::engine::choose;
    pub use std::future::{Future, IntoFuture, poll_fn};
    pub use std::pin::pin;
    pub use std::task::Poll;
}
