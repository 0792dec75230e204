//! The stand-in for [`std::sync`].

mod condvar;
mod mutex;

pub use condvar::{Condvar, WaitTimeoutResult};
pub use mutex::{Mutex, MutexGuard};
// Counting references is no operation that other tasks wait for, and coercion to `Arc<dyn …>` works for the real type only.
pub use std::sync::{Arc, LockResult, PoisonError, TryLockError, TryLockResult, Weak};
