//! The stand-in for `tokio::task`.

pub mod coop;
mod join_set;
mod local_set;
mod task_local;

use crate::runtime::Handle;
use interleave::executor::Runtime;
use std::future::Future;

pub use coop::{Unconstrained, consume_budget, unconstrained};
pub use interleave::executor::{AbortHandle, Id, JoinError, JoinHandle};
pub use join_set::JoinSet;
pub use local_set::{LocalEnterGuard, LocalSet, spawn_local};
pub use task_local::LocalKey;

/// The stand-in for `tokio::task::futures`.
pub mod futures {
    pub use super::task_local::TaskLocalFuture;
}

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

/// As `tokio::task::block_in_place`.
///
/// # Panics
/// Within tasks that take turns: they would all have to wait.
#[track_caller]
pub fn block_in_place<F: FnOnce() -> R, R>(action: F) -> R {
    let takes_turns = Runtime::current_set().is_some() || Runtime::current().is_some_and(|it| it.is_current_thread());
    assert!(
        !(takes_turns && Runtime::is_polling()),
        "can call blocking only when running on the multi-threaded runtime"
    );
    let _entered = Runtime::stop_polling();
    action()
}

/// As `tokio::task::id`.
///
/// # Panics
/// Outside of a task.
#[track_caller]
#[must_use]
pub fn id() -> Id {
    try_id().expect("Can't get a task id when not inside a task")
}

/// As `tokio::task::try_id`.
#[must_use]
pub fn try_id() -> Option<Id> {
    Id::of_current()
}

/// As `tokio::task::yield_now`.
#[track_caller]
pub fn yield_now() -> impl Future<Output = ()> {
    interleave::executor::yield_now()
}
