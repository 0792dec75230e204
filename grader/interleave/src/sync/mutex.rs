//! [`Mutex`].

use crate::engine::{self, Clock, Object, TaskId, Wait, WaitKind};
use std::cell::UnsafeCell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

/// The stand-in for [`std::sync::Mutex`]. Like it, a lock that is free goes to whoever comes first: a task that has waited
/// has no right to it.
pub struct Mutex<T: ?Sized> {
    object: Object,
    state: UnsafeCell<State>,
    value: UnsafeCell<T>,
}

struct State {
    holder: Option<TaskId>,
    poisoned: bool,
    clock: Clock,
}

// SAFETY: as for `std::sync::Mutex`: the value is handed to one holder at a time. The state is only touched by the one running
// task of an execution.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}
impl<T: ?Sized> UnwindSafe for Mutex<T> {}
impl<T: ?Sized> RefUnwindSafe for Mutex<T> {}

/// The stand-in for [`std::sync::MutexGuard`].
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized + 'a> {
    mutex: &'a Mutex<T>,
    was_unwinding: bool,
    /// Where the lock was taken: a destructor cannot know where it is called.
    at: &'static Location<'static>,
    // A guard stays on its thread.
    _not_send: std::marker::PhantomData<*const ()>,
}

// SAFETY: as for `std::sync::MutexGuard`.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

impl<T> Mutex<T> {
    /// As [`std::sync::Mutex::new`].
    #[track_caller]
    pub const fn new(value: T) -> Self {
        let state = State { holder: None, poisoned: false, clock: Clock::new() };
        Mutex { object: Object::new("mutex"), state: UnsafeCell::new(state), value: UnsafeCell::new(value) }
    }

    /// As [`std::sync::Mutex::into_inner`].
    ///
    /// # Errors
    /// If a holder panicked.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.is_poisoned();
        let value = self.value.into_inner();
        if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }
}

impl<T: ?Sized> Mutex<T> {
    fn state<R>(&self, action: impl FnOnce(&mut State) -> R) -> R {
        // SAFETY: no action here switches tasks.
        unsafe {
            engine::with(&self.state, |state| {
                if self.object.is_new() {
                    // A lock that an abandoned execution held is free again, and has not seen its panics.
                    state.poisoned = false;
                    state.holder = None;
                    state.clock.clear();
                }
                action(state)
            })
        }
    }

    fn guard(&self, at: &'static Location<'static>) -> LockResult<MutexGuard<'_, T>> {
        let guard =
            MutexGuard { mutex: self, was_unwinding: engine::is_unwinding(), at, _not_send: std::marker::PhantomData };
        if self.is_poisoned() { Err(PoisonError::new(guard)) } else { Ok(guard) }
    }

    /// Takes the lock if it is free.
    fn take(&self) -> Result<(), TaskId> {
        self.state(|state| match state.holder {
            Some(holder) => Err(holder),
            None => {
                state.holder = Some(engine::current());
                engine::acquire(&state.clock);
                Ok(())
            }
        })
    }

    /// Takes the lock, waiting for it; the first try is recorded already.
    pub(super) fn take_or_wait(&self, operation: &'static str, at: &'static Location<'static>) {
        while let Err(holder) = self.take() {
            engine::block(Wait {
                kind: WaitKind::Lock,
                operation,
                object: Some(self.object.id()),
                holder: Some(holder),
                deadline: None,
                at,
            });
        }
    }

    /// Gives the lock up, without recording it.
    pub(super) fn free(&self) {
        self.state(|state| {
            state.holder = None;
            engine::release_into(&mut state.clock);
        });
        engine::wake_all(self.object.id());
    }

    /// As [`std::sync::Mutex::lock`].
    ///
    /// # Errors
    /// If a holder panicked.
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        engine::point("lock", &self.object);
        self.take_or_wait("lock", Location::caller());
        self.guard(Location::caller())
    }

    /// As [`std::sync::Mutex::try_lock`].
    ///
    /// # Errors
    /// If the lock is held, or a holder panicked.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        engine::point("try_lock", &self.object);
        if self.take().is_err() {
            engine::note(|| "it is held".to_owned());
            return Err(TryLockError::WouldBlock);
        }
        Ok(self.guard(Location::caller())?)
    }

    /// As [`std::sync::Mutex::is_poisoned`].
    pub fn is_poisoned(&self) -> bool {
        self.state(|state| state.poisoned)
    }

    /// As [`std::sync::Mutex::clear_poison`].
    pub fn clear_poison(&self) {
        self.state(|state| state.poisoned = false);
    }

    /// As [`std::sync::Mutex::get_mut`].
    ///
    /// # Errors
    /// If a holder panicked.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let poisoned = self.is_poisoned();
        let value = self.value.get_mut();
        if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// The lock, which is given up without recording it, and where it was taken: what a condition variable does.
    pub(super) fn dissolve(self) -> (&'a Mutex<T>, &'static Location<'static>) {
        let (mutex, at) = (self.mutex, self.at);
        std::mem::forget(self);
        mutex.free();
        (mutex, at)
    }

    pub(super) fn again(mutex: &'a Mutex<T>, at: &'static Location<'static>) -> LockResult<MutexGuard<'a, T>> {
        mutex.guard(at)
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this guard is the only way to the value while it lives.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        engine::point_at("unlock", &self.mutex.object, self.at);
        if !self.was_unwinding && engine::is_unwinding() {
            self.mutex.state(|state| state.poisoned = true);
        }
        self.mutex.free();
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Mutex");
        if self.state(|state| state.holder).is_none() {
            // SAFETY: nobody holds it, and nobody else runs.
            let value = unsafe { &*self.value.get() };
            debug.field("data", &value);
        } else {
            debug.field("data", &"<locked>");
        }
        debug.field("poisoned", &self.is_poisoned()).finish_non_exhaustive()
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Mutex::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Mutex::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}
