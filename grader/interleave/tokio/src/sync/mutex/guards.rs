//! Guards of a [`Mutex`], and of parts of what is in it.

use super::Mutex;
use crate::sync::held::{Held, guards};
use crate::sync::permits::Permits;
use std::sync::Arc;

/// The stand-in for `tokio::sync::MutexGuard`.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized>(pub(super) Held<&'a Mutex<T>, T>);

/// The stand-in for `tokio::sync::MappedMutexGuard`.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MappedMutexGuard<'a, T: ?Sized>(Held<&'a Permits, T>);

/// The stand-in for `tokio::sync::OwnedMutexGuard`.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct OwnedMutexGuard<T: ?Sized>(pub(super) Held<Arc<Mutex<T>>, T>);

/// The stand-in for `tokio::sync::OwnedMappedMutexGuard`.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct OwnedMappedMutexGuard<T: ?Sized, U: ?Sized = T>(Held<Arc<Mutex<T>>, U>);

// SAFETY: these are the conditions of tokio, whose guards hold the same.
unsafe impl<T: ?Sized + Send> Send for MutexGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Sync for MutexGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send> Send for MappedMutexGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Sync> Sync for MappedMutexGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send> Send for OwnedMutexGuard<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Sync for OwnedMutexGuard<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send, U: ?Sized + Send> Send for OwnedMappedMutexGuard<T, U> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Sync for OwnedMappedMutexGuard<T, U> {}

guards! {
    ['a, T: ?Sized] MutexGuard<'a, T> => T mut;
    ['a, T: ?Sized] MappedMutexGuard<'a, T> => T mut;
    [T: ?Sized] OwnedMutexGuard<T> => T mut;
    [T: ?Sized, U: ?Sized] OwnedMappedMutexGuard<T, U> => U mut;
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// As `tokio::sync::MutexGuard::mutex`.
    #[must_use]
    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.0.lock()
    }

    /// As `tokio::sync::MutexGuard::map`.
    pub fn map<U: ?Sized, F: FnOnce(&mut T) -> &mut U>(this: Self, part: F) -> MappedMutexGuard<'a, U> {
        MappedMutexGuard(Held::of(this.0.map(part), |mutex| &mutex.permits))
    }

    /// As `tokio::sync::MutexGuard::try_map`.
    ///
    /// # Errors
    /// If there is no such part: the guard.
    pub fn try_map<U: ?Sized, F>(this: Self, part: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let part = this.0.try_map(part).map_err(Self)?;
        Ok(MappedMutexGuard(Held::of(part, |mutex| &mutex.permits)))
    }
}

impl<'a, T: ?Sized> MappedMutexGuard<'a, T> {
    /// As `tokio::sync::MappedMutexGuard::map`.
    pub fn map<U: ?Sized, F: FnOnce(&mut T) -> &mut U>(this: Self, part: F) -> MappedMutexGuard<'a, U> {
        MappedMutexGuard(this.0.map(part))
    }

    /// As `tokio::sync::MappedMutexGuard::try_map`.
    ///
    /// # Errors
    /// If there is no such part: the guard.
    pub fn try_map<U: ?Sized, F>(this: Self, part: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        this.0.try_map(part).map(MappedMutexGuard).map_err(Self)
    }
}

impl<T: ?Sized> OwnedMutexGuard<T> {
    /// As `tokio::sync::OwnedMutexGuard::mutex`.
    #[must_use]
    pub fn mutex(this: &Self) -> &Arc<Mutex<T>> {
        this.0.lock()
    }

    /// As `tokio::sync::OwnedMutexGuard::map`.
    pub fn map<U: ?Sized, F: FnOnce(&mut T) -> &mut U>(this: Self, part: F) -> OwnedMappedMutexGuard<T, U> {
        OwnedMappedMutexGuard(this.0.map(part))
    }

    /// As `tokio::sync::OwnedMutexGuard::try_map`.
    ///
    /// # Errors
    /// If there is no such part: the guard.
    pub fn try_map<U: ?Sized, F>(this: Self, part: F) -> Result<OwnedMappedMutexGuard<T, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        this.0.try_map(part).map(OwnedMappedMutexGuard).map_err(Self)
    }
}

impl<T: ?Sized, U: ?Sized> OwnedMappedMutexGuard<T, U> {
    /// As `tokio::sync::OwnedMappedMutexGuard::map`.
    pub fn map<V: ?Sized, F: FnOnce(&mut U) -> &mut V>(this: Self, part: F) -> OwnedMappedMutexGuard<T, V> {
        OwnedMappedMutexGuard(this.0.map(part))
    }

    /// As `tokio::sync::OwnedMappedMutexGuard::try_map`.
    ///
    /// # Errors
    /// If there is no such part: the guard.
    pub fn try_map<V: ?Sized, F>(this: Self, part: F) -> Result<OwnedMappedMutexGuard<T, V>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut V>,
    {
        this.0.try_map(part).map(OwnedMappedMutexGuard).map_err(Self)
    }
}
