//! caught-by: behaviour — two_readers_hold_the_lock_at_once
//! A mutex with the names of a read-write lock: readers take turns.

use std::ops::{Deref, DerefMut};
use std::sync::{LockResult, Mutex, MutexGuard, PoisonError, TryLockError, TryLockResult};

pub struct RwLock<T> {
    value: Mutex<T>,
}

impl<T> RwLock<T> {
    pub fn new(value: T) -> RwLock<T> {
        RwLock { value: Mutex::new(value) }
    }

    pub fn read(&self) -> LockResult<ReadGuard<'_, T>> {
        match self.value.lock() {
            Ok(guard) => Ok(ReadGuard { guard }),
            Err(error) => Err(PoisonError::new(ReadGuard { guard: error.into_inner() })),
        }
    }

    pub fn write(&self) -> LockResult<WriteGuard<'_, T>> {
        match self.value.lock() {
            Ok(guard) => Ok(WriteGuard { guard }),
            Err(error) => Err(PoisonError::new(WriteGuard { guard: error.into_inner() })),
        }
    }

    pub fn try_read(&self) -> TryLockResult<ReadGuard<'_, T>> {
        match self.value.try_lock() {
            Ok(guard) => Ok(ReadGuard { guard }),
            Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
            Err(TryLockError::Poisoned(error)) => Err(PoisonError::new(ReadGuard { guard: error.into_inner() }).into()),
        }
    }

    pub fn try_write(&self) -> TryLockResult<WriteGuard<'_, T>> {
        match self.value.try_lock() {
            Ok(guard) => Ok(WriteGuard { guard }),
            Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
            Err(TryLockError::Poisoned(error)) => {
                Err(PoisonError::new(WriteGuard { guard: error.into_inner() }).into())
            }
        }
    }

    pub fn into_inner(self) -> LockResult<T> {
        self.value.into_inner()
    }

    pub fn is_poisoned(&self) -> bool {
        self.value.is_poisoned()
    }

    pub fn clear_poison(&self) {
        self.value.clear_poison();
    }
}

#[must_use = "the lock is released when the guard is dropped"]
pub struct ReadGuard<'a, T> {
    guard: MutexGuard<'a, T>,
}

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

#[must_use = "the lock is released when the guard is dropped"]
pub struct WriteGuard<'a, T> {
    guard: MutexGuard<'a, T>,
}

impl<'a, T> WriteGuard<'a, T> {
    pub fn downgrade(guard: Self) -> ReadGuard<'a, T> {
        ReadGuard { guard: guard.guard }
    }
}

impl<T> Deref for WriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}
