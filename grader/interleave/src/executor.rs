//! Runs futures: [`block_on`] for the scenario, [`spawn`] for tasks beside it.
//!
//! ```
//! use interleave::engine::{Limits, Plan, explore};
//! use interleave::executor;
//! use std::time::Duration;
//!
//! let exploration = explore(&Plan::usual(20, 10_000, Limits::default()), || {
//!     executor::block_on(async {
//!         let answer = executor::spawn(Some("thinker".into()), async {
//!             executor::sleep(Duration::from_secs(7_500_000)).await;
//!             42
//!         });
//!         assert_eq!(answer.await.unwrap(), 42);
//!     });
//! });
//! assert!(exploration.found.is_none());
//! ```
//!
//! What an author of scenarios should know:
//!
//! - **A task is a task of the engine.** It polls its future; while the future is pending it waits until its waker is
//!   called. Tasks run in parallel, and may be interrupted at every visible operation *within* a poll, as on a runtime
//!   with many threads. On a [`Runtime::current_thread`] one task polls at a time, so that tasks change only where they
//!   await; threads still interrupt them.
//! - **A set of tasks** ([`Runtime::set`]) stays on the thread of whoever drives it, and only goes on while somebody does.
//! - **A wake is a step.** Calling a waker is a scheduling point, and recorded with who is woken. Cloning, comparing
//!   and dropping one is not. A wake leaves a token: it is not lost between a poll and the wait, a second one adds
//!   nothing, and one for a task that has ended does nothing.
//! - **What is left is a leak.** A task that still waits when the scenario is over is reported, unless the scenario's
//!   limits allow leftovers. Dropping a [`JoinHandle`] lets the task go on by itself; [`JoinHandle::abort`] asks it
//!   to stop, and it has stopped when the handle says so. A waiting task that goes on when polled once more,
//!   though nobody has woken it, is reported as a lost wakeup.
//! - **A panic** of a task is the [`JoinError`] of its handle. Unless the scenario's limits allow panics it ends
//!   the execution first.
//! - **Time is virtual**: [`sleep`] takes no time, and ends when nothing else can go on. Deadlines come in their order. A
//!   timer calls a waker that the program has made itself (around ours, or to unpark a thread) in a task named "timer".
//! - **`thread_local!`** values belong to a task, even where tasks share a thread.
//!
//! A future that is at the bottom (one that stores a waker itself) may say with [`waits`] what it waits for. Otherwise a
//! waiting task is shown as waiting to be polled, at the place where it was spawned.

mod drive;
mod handle;
mod head;
mod runtime;
mod set;
mod sleep;

pub use crate::engine::wake_within;
pub use handle::{AbortHandle, Id, JoinError, JoinHandle};
pub use runtime::{Entered, Runtime, waits};
pub use set::Driver;
pub use sleep::{Sleep, YieldNow, sleep, sleep_until, yield_now};

use std::future::Future;

/// Runs a future on the running thread until it is ready. What it spawns runs in parallel, and goes on after it.
///
/// # Panics
/// If the future does. Outside of an exploration, if the future waits: nobody could ever wake it.
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    Runtime::parallel().block_on(future)
}

/// Starts a task on the runtime of the running task, or else in parallel to everything.
///
/// The future need not be `Send`: an execution lives on one thread. Whoever stands in for a runtime that demands it, demands it.
///
/// # Panics
/// Outside of an exploration.
#[track_caller]
pub fn spawn<F>(name: Option<String>, future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    Runtime::current().unwrap_or_else(Runtime::parallel).spawn(name, future)
}
