//! caught-by: source_rules — std::sync::Mutex
//! Std's own mutex under another name.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::{LockResult, Mutex, MutexGuard, PoisonError, TryLockError, TryLockResult};

pub struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub const fn new(value: T) -> Lock<T> {
        Lock(Mutex::new(value))
    }

    pub fn lock(&self) -> LockResult<Guard<'_, T>> {
        match self.0.lock() {
            Ok(guard) => Ok(Guard(guard, PhantomData)),
            Err(error) => Err(PoisonError::new(Guard(error.into_inner(), PhantomData))),
        }
    }

    pub fn try_lock(&self) -> TryLockResult<Guard<'_, T>> {
        match self.0.try_lock() {
            Ok(guard) => Ok(Guard(guard, PhantomData)),
            Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
            Err(TryLockError::Poisoned(error)) => {
                Err(TryLockError::Poisoned(PoisonError::new(Guard(error.into_inner(), PhantomData))))
            }
        }
    }

    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.0.get_mut()
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

#[must_use]
pub struct Guard<'a, T>(MutexGuard<'a, T>, PhantomData<&'a T>);

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
