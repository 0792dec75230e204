//! The stand-in for [`std::sync`].

pub mod atomic;
mod barrier;
mod condvar;
mod lazy;
pub mod mpsc;
mod mutex;
mod once;
mod rwlock;

pub use barrier::{Barrier, BarrierWaitResult};
pub use condvar::{Condvar, WaitTimeoutResult};
pub use lazy::{LazyLock, OnceLock};
pub use mutex::{Mutex, MutexGuard};
pub use once::{ONCE_INIT, Once, OnceState};
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
// The real `Arc`: one of our own would not coerce to `Arc<dyn …>`, nor be a receiver. So its counts are no operations here; what has been
// tried is in `grader/ARCHITECTURE.md`.
pub use std::sync::{Arc, LockResult, PoisonError, TryLockError, TryLockResult, Weak};
