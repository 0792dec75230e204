//! Guards of a [`RwLock`] that keep it, and of parts of what is in it.

use super::{RwLock, UNLOCK_READ};
use crate::sync::held::{Held, guards};
use std::panic::Location;
use std::sync::Arc;

/// The stand-in for `tokio::sync::OwnedRwLockReadGuard`.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct OwnedRwLockReadGuard<T: ?Sized, U: ?Sized = T>(pub(super) Held<Arc<RwLock<T>>, U>);

/// The stand-in for `tokio::sync::OwnedRwLockWriteGuard`.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct OwnedRwLockWriteGuard<T: ?Sized>(pub(super) Held<Arc<RwLock<T>>, T>);

/// The stand-in for `tokio::sync::OwnedRwLockMappedWriteGuard`.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct OwnedRwLockMappedWriteGuard<T: ?Sized, U: ?Sized = T>(Held<Arc<RwLock<T>>, U>);

// SAFETY: these are the conditions of tokio, whose guards hold the same.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Sync> Send for OwnedRwLockReadGuard<T, U> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Sync for OwnedRwLockReadGuard<T, U> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Send for OwnedRwLockWriteGuard<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Sync for OwnedRwLockWriteGuard<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Send for OwnedRwLockMappedWriteGuard<T, U> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Sync for OwnedRwLockMappedWriteGuard<T, U> {}

guards! {
    [T: ?Sized, U: ?Sized] OwnedRwLockReadGuard<T, U> => U;
    [T: ?Sized] OwnedRwLockWriteGuard<T> => T mut;
    [T: ?Sized, U: ?Sized] OwnedRwLockMappedWriteGuard<T, U> => U mut;
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockReadGuard<T, U> {
    /// As `tokio::sync::OwnedRwLockReadGuard::rwlock`.
    #[must_use]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.0.lock()
    }

    /// As `tokio::sync::OwnedRwLockReadGuard::map`.
    pub fn map<F, V: ?Sized>(this: Self, part: F) -> OwnedRwLockReadGuard<T, V>
    where
        F: FnOnce(&U) -> &V,
    {
        OwnedRwLockReadGuard(this.0.map_shared(part))
    }

    /// As `tokio::sync::OwnedRwLockReadGuard::try_map`.
    ///
    /// # Errors
    /// If there is no such part: the guard.
    pub fn try_map<F, V: ?Sized>(this: Self, part: F) -> Result<OwnedRwLockReadGuard<T, V>, Self>
    where
        F: FnOnce(&U) -> Option<&V>,
    {
        this.0.try_map_shared(part).map(OwnedRwLockReadGuard).map_err(Self)
    }
}

impl<T: ?Sized> OwnedRwLockWriteGuard<T> {
    /// As `tokio::sync::OwnedRwLockWriteGuard::rwlock`.
    #[must_use]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.0.lock()
    }

    /// As `tokio::sync::OwnedRwLockWriteGuard::map`.
    pub fn map<F, U: ?Sized>(this: Self, part: F) -> OwnedRwLockMappedWriteGuard<T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        OwnedRwLockMappedWriteGuard(this.0.map(part))
    }

    /// As `tokio::sync::OwnedRwLockWriteGuard::try_map`.
    ///
    /// # Errors
    /// If there is no such part: the guard.
    pub fn try_map<F, U: ?Sized>(this: Self, part: F) -> Result<OwnedRwLockMappedWriteGuard<T, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        this.0.try_map(part).map(OwnedRwLockMappedWriteGuard).map_err(Self)
    }

    /// As `tokio::sync::OwnedRwLockWriteGuard::into_mapped`.
    pub fn into_mapped(this: Self) -> OwnedRwLockMappedWriteGuard<T> {
        OwnedRwLockMappedWriteGuard(this.0)
    }

    /// As `tokio::sync::OwnedRwLockWriteGuard::downgrade`.
    #[track_caller]
    pub fn downgrade(self) -> OwnedRwLockReadGuard<T> {
        OwnedRwLockReadGuard(self.0.downgrade(UNLOCK_READ, Location::caller()))
    }

    /// As `tokio::sync::OwnedRwLockWriteGuard::downgrade_map`.
    #[track_caller]
    pub fn downgrade_map<F, U: ?Sized>(this: Self, part: F) -> OwnedRwLockReadGuard<T, U>
    where
        F: FnOnce(&T) -> &U,
    {
        OwnedRwLockReadGuard(this.0.map_shared(part).downgrade(UNLOCK_READ, Location::caller()))
    }

    /// As `tokio::sync::OwnedRwLockWriteGuard::try_downgrade_map`.
    ///
    /// # Errors
    /// If there is no such part: the guard.
    #[track_caller]
    pub fn try_downgrade_map<F, U: ?Sized>(this: Self, part: F) -> Result<OwnedRwLockReadGuard<T, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        let part = this.0.try_map_shared(part).map_err(Self)?;
        Ok(OwnedRwLockReadGuard(part.downgrade(UNLOCK_READ, Location::caller())))
    }
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockMappedWriteGuard<T, U> {
    /// As `tokio::sync::OwnedRwLockMappedWriteGuard::rwlock`.
    #[must_use]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.0.lock()
    }

    /// As `tokio::sync::OwnedRwLockMappedWriteGuard::map`.
    pub fn map<F, V: ?Sized>(this: Self, part: F) -> OwnedRwLockMappedWriteGuard<T, V>
    where
        F: FnOnce(&mut U) -> &mut V,
    {
        OwnedRwLockMappedWriteGuard(this.0.map(part))
    }

    /// As `tokio::sync::OwnedRwLockMappedWriteGuard::try_map`.
    ///
    /// # Errors
    /// If there is no such part: the guard.
    pub fn try_map<F, V: ?Sized>(this: Self, part: F) -> Result<OwnedRwLockMappedWriteGuard<T, V>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut V>,
    {
        this.0.try_map(part).map(OwnedRwLockMappedWriteGuard).map_err(Self)
    }
}
