//! caught-by: behaviour — a_panic_of_a_writer_poisons_the_lock
//! The results have the right types, but a panicking writer leaves no mark.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, LockResult, Mutex, MutexGuard, PoisonError, TryLockError, TryLockResult};

struct State {
    /// So many readers, or -1: a writer.
    inside: isize,
    waiting_writers: usize,
    poisoned: bool,
}

pub struct RwLock<T> {
    state: Mutex<State>,
    changed: Condvar,
    value: UnsafeCell<T>,
}

unsafe impl<T: Send> Send for RwLock<T> {}
unsafe impl<T: Send + Sync> Sync for RwLock<T> {}

impl<T> RwLock<T> {
    pub fn new(value: T) -> Self {
        RwLock {
            state: Mutex::new(State { inside: 0, waiting_writers: 0, poisoned: false }),
            changed: Condvar::new(),
            value: UnsafeCell::new(value),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    fn enter_reading(&self, mut state: MutexGuard<'_, State>) -> LockResult<ReadGuard<'_, T>> {
        state.inside += 1;
        let guard = ReadGuard { lock: self, not_send: PhantomData };
        if state.poisoned { Err(PoisonError::new(guard)) } else { Ok(guard) }
    }

    fn enter_writing(&self, mut state: MutexGuard<'_, State>) -> LockResult<WriteGuard<'_, T>> {
        state.inside = -1;
        let guard = WriteGuard { lock: self, not_send: PhantomData };
        if state.poisoned { Err(PoisonError::new(guard)) } else { Ok(guard) }
    }

    pub fn read(&self) -> LockResult<ReadGuard<'_, T>> {
        let mut state = self.state();
        while state.inside < 0 || state.waiting_writers > 0 {
            state = self.wait(state);
        }
        self.enter_reading(state)
    }

    pub fn write(&self) -> LockResult<WriteGuard<'_, T>> {
        let mut state = self.state();
        state.waiting_writers += 1;
        while state.inside != 0 {
            state = self.wait(state);
        }
        state.waiting_writers -= 1;
        self.enter_writing(state)
    }

    pub fn try_read(&self) -> TryLockResult<ReadGuard<'_, T>> {
        let state = self.state();
        if state.inside < 0 || state.waiting_writers > 0 {
            return Err(TryLockError::WouldBlock);
        }
        self.enter_reading(state).map_err(TryLockError::Poisoned)
    }

    pub fn try_write(&self) -> TryLockResult<WriteGuard<'_, T>> {
        let state = self.state();
        if state.inside != 0 {
            return Err(TryLockError::WouldBlock);
        }
        self.enter_writing(state).map_err(TryLockError::Poisoned)
    }

    pub fn into_inner(self) -> LockResult<T> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let value = self.value.into_inner();
        if state.poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }

    pub fn is_poisoned(&self) -> bool {
        self.state().poisoned
    }

    pub fn clear_poison(&self) {
        self.state().poisoned = false;
    }
}

#[must_use = "the lock is released when the guard is dropped"]
pub struct ReadGuard<'a, T> {
    lock: &'a RwLock<T>,
    not_send: PhantomData<*const ()>,
}

unsafe impl<T: Sync> Sync for ReadGuard<'_, T> {}

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> Drop for ReadGuard<'_, T> {
    fn drop(&mut self) {
        let mut state = self.lock.state();
        state.inside -= 1;
        if state.inside == 0 {
            self.lock.changed.notify_all();
        }
    }
}

#[must_use = "the lock is released when the guard is dropped"]
pub struct WriteGuard<'a, T> {
    lock: &'a RwLock<T>,
    not_send: PhantomData<*const ()>,
}

unsafe impl<T: Sync> Sync for WriteGuard<'_, T> {}

impl<'a, T> WriteGuard<'a, T> {
    pub fn downgrade(guard: Self) -> ReadGuard<'a, T> {
        let guard = ManuallyDrop::new(guard);
        guard.lock.state().inside = 1;
        guard.lock.changed.notify_all();
        ReadGuard { lock: guard.lock, not_send: PhantomData }
    }
}

impl<T> Deref for WriteGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for WriteGuard<'_, T> {
    fn drop(&mut self) {
        let mut state = self.lock.state();
        state.inside = 0;
        drop(state);
        self.lock.changed.notify_all();
    }
}
