//! [`Condvar`].

use super::mutex::MutexGuard;
use crate::engine::{self, Clock, Object, Wait, WaitKind, Woken};
use std::cell::UnsafeCell;
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::LockResult;
use std::time::Duration;

/// The stand-in for [`std::sync::Condvar`]. `notify_one` wakes any of the waiters, and a wait may end for no reason: `std`
/// promises no more.
pub struct Condvar {
    object: Object,
    clock: UnsafeCell<Clock>,
}

// SAFETY: the clock is only touched by the one running task of an execution.
unsafe impl Sync for Condvar {}
// SAFETY: as above.
unsafe impl Send for Condvar {}
impl UnwindSafe for Condvar {}
impl RefUnwindSafe for Condvar {}

/// The stand-in for [`std::sync::WaitTimeoutResult`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// As [`std::sync::WaitTimeoutResult::timed_out`].
    #[must_use]
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    /// As [`std::sync::Condvar::new`].
    #[track_caller]
    #[must_use]
    pub const fn new() -> Self {
        Condvar { object: Object::new("condvar"), clock: UnsafeCell::new(Clock::new()) }
    }

    #[track_caller]
    fn wait_until<'a, T>(
        &self,
        operation: &'static str,
        guard: MutexGuard<'a, T>,
        deadline: Option<u64>,
    ) -> (LockResult<MutexGuard<'a, T>>, bool) {
        let at = Location::caller();
        // Another task may act between the check of the condition and the wait, but for the lock nobody could notice.
        engine::point(operation, &self.object);
        let (mutex, locked_at) = guard.dissolve();
        let object = Some(self.object.id());
        let woken = engine::block(Wait { kind: WaitKind::Notification, operation, object, holder: None, deadline, at });
        if woken == Woken::Signalled {
            // SAFETY: nothing in here switches tasks.
            unsafe { engine::with(&self.clock, |clock| engine::acquire(clock)) };
        }
        mutex.take_or_wait("lock again", at);
        (MutexGuard::again(mutex, locked_at), woken == Woken::TimedOut)
    }

    /// As [`std::sync::Condvar::wait`].
    ///
    /// # Errors
    /// If a holder of the lock panicked.
    #[track_caller]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.wait_until("wait", guard, None).0
    }

    /// As [`std::sync::Condvar::wait_while`].
    ///
    /// # Errors
    /// If a holder of the lock panicked.
    #[track_caller]
    pub fn wait_while<'a, T, F>(&self, mut guard: MutexGuard<'a, T>, mut condition: F) -> LockResult<MutexGuard<'a, T>>
    where
        F: FnMut(&mut T) -> bool,
    {
        while condition(&mut *guard) {
            guard = self.wait_until("wait_while", guard, None).0?;
        }
        Ok(guard)
    }

    /// As [`std::sync::Condvar::wait_timeout`], in virtual time.
    ///
    /// # Errors
    /// If a holder of the lock panicked.
    #[track_caller]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        duration: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let (guard, timed_out) = self.wait_until("wait_timeout", guard, crate::time::deadline(duration));
        let result = WaitTimeoutResult(timed_out);
        match guard {
            Ok(guard) => Ok((guard, result)),
            Err(poisoned) => Err(std::sync::PoisonError::new((poisoned.into_inner(), result))),
        }
    }

    /// As [`std::sync::Condvar::wait_timeout_ms`].
    ///
    /// # Errors
    /// If a holder of the lock panicked.
    #[track_caller]
    pub fn wait_timeout_ms<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        milliseconds: u32,
    ) -> LockResult<(MutexGuard<'a, T>, bool)> {
        match self.wait_timeout(guard, Duration::from_millis(u64::from(milliseconds))) {
            Ok((guard, result)) => Ok((guard, !result.timed_out())),
            Err(poisoned) => {
                let (guard, result) = poisoned.into_inner();
                Err(std::sync::PoisonError::new((guard, !result.timed_out())))
            }
        }
    }

    /// As [`std::sync::Condvar::wait_timeout_while`], in virtual time.
    ///
    /// # Errors
    /// If a holder of the lock panicked.
    #[track_caller]
    pub fn wait_timeout_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        duration: Duration,
        mut condition: F,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)>
    where
        F: FnMut(&mut T) -> bool,
    {
        let deadline = crate::time::deadline(duration);
        loop {
            if !condition(&mut *guard) {
                return Ok((guard, WaitTimeoutResult(false)));
            }
            if deadline.is_some_and(|deadline| engine::now() >= deadline) {
                return Ok((guard, WaitTimeoutResult(true)));
            }
            guard = match self.wait_until("wait_timeout_while", guard, deadline).0 {
                Ok(guard) => guard,
                Err(poisoned) => {
                    return Err(std::sync::PoisonError::new((poisoned.into_inner(), WaitTimeoutResult(false))));
                }
            };
        }
    }

    fn notify(&self, wake: impl FnOnce()) {
        // SAFETY: nothing in here switches tasks.
        unsafe { engine::with(&self.clock, engine::release) };
        wake();
    }

    /// As [`std::sync::Condvar::notify_one`].
    #[track_caller]
    pub fn notify_one(&self) {
        engine::point("notify_one", &self.object);
        self.notify(|| match engine::wake_one(self.object.id()) {
            Some(task) => engine::note(|| format!("wakes {}", engine::name_of(task))),
            None => engine::note(|| "nobody waits".to_owned()),
        });
    }

    /// As [`std::sync::Condvar::notify_all`].
    #[track_caller]
    pub fn notify_all(&self) {
        engine::point("notify_all", &self.object);
        self.notify(|| match engine::wake_all_of(self.object.id(), |_| true) {
            0 => engine::note(|| "nobody waits".to_owned()),
            count => engine::note(|| format!("wakes {count}")),
        });
    }
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Self {
        Condvar::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Condvar").finish_non_exhaustive()
    }
}
