//! The stand-in for `tokio::task`.

mod join_set;

use crate::runtime::Handle;
use std::future::Future;

pub use interleave::executor::{AbortHandle, Id, JoinError, JoinHandle};
pub use join_set::JoinSet;

/// As `tokio::task::spawn`.
///
/// # Panics
/// Outside of a runtime.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    Handle::current().spawn(future)
}

/// As `tokio::task::spawn_blocking`: the action has a thread of its own.
///
/// # Panics
/// Outside of a runtime.
#[track_caller]
pub fn spawn_blocking<F, R>(action: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    Handle::current().spawn_blocking(action)
}

/// As `tokio::task::yield_now`.
#[track_caller]
pub fn yield_now() -> impl Future<Output = ()> {
    interleave::executor::yield_now()
}
