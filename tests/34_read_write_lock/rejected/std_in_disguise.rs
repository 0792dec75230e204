//! caught-by: source_rules — std::sync::RwLock
//! The lock of std under another name.

use std::ops::{Deref, DerefMut};
use std::sync::{self, LockResult, PoisonError, TryLockError, TryLockResult};

pub struct RwLock<T>(sync::RwLock<T>);

fn wrapped<A, B>(result: LockResult<A>, wrap: impl Fn(A) -> B) -> LockResult<B> {
    match result {
        Ok(guard) => Ok(wrap(guard)),
        Err(error) => Err(PoisonError::new(wrap(error.into_inner()))),
    }
}

fn try_wrapped<A, B>(result: TryLockResult<A>, wrap: impl Fn(A) -> B) -> TryLockResult<B> {
    match result {
        Ok(guard) => Ok(wrap(guard)),
        Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
        Err(TryLockError::Poisoned(error)) => Err(PoisonError::new(wrap(error.into_inner())).into()),
    }
}

impl<T> RwLock<T> {
    pub fn new(value: T) -> RwLock<T> {
        RwLock(sync::RwLock::new(value))
    }

    pub fn read(&self) -> LockResult<ReadGuard<'_, T>> {
        wrapped(self.0.read(), ReadGuard)
    }

    pub fn write(&self) -> LockResult<WriteGuard<'_, T>> {
        wrapped(self.0.write(), WriteGuard)
    }

    pub fn try_read(&self) -> TryLockResult<ReadGuard<'_, T>> {
        try_wrapped(self.0.try_read(), ReadGuard)
    }

    pub fn try_write(&self) -> TryLockResult<WriteGuard<'_, T>> {
        try_wrapped(self.0.try_write(), WriteGuard)
    }

    pub fn into_inner(self) -> LockResult<T> {
        self.0.into_inner()
    }

    pub fn is_poisoned(&self) -> bool {
        self.0.is_poisoned()
    }

    pub fn clear_poison(&self) {
        self.0.clear_poison();
    }
}

#[must_use = "the lock is released when the guard is dropped"]
pub struct ReadGuard<'a, T>(sync::RwLockReadGuard<'a, T>);

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

#[must_use = "the lock is released when the guard is dropped"]
pub struct WriteGuard<'a, T>(sync::RwLockWriteGuard<'a, T>);

impl<'a, T> WriteGuard<'a, T> {
    pub fn downgrade(guard: Self) -> ReadGuard<'a, T> {
        ReadGuard(sync::RwLockWriteGuard::downgrade(guard.0))
    }
}

impl<T> Deref for WriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
