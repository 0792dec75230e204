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
// Counting references is no operation that other tasks wait for, and coercion to `Arc<dyn …>` works for the real type only.
pub use std::sync::{Arc, LockResult, PoisonError, TryLockError, TryLockResult, Weak};
