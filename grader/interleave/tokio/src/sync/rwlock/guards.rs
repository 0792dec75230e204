//! Guards that borrow a read-write lock, and guards of parts of what is in it.

use crate::sync::held::{Held, guards};
use crate::sync::permits::Permits;
use std::panic::Location;

/// What giving permits back is called.
pub(super) const UNLOCK_READ: &str = "unlock read";
pub(super) const UNLOCK_WRITE: &str = "unlock write";

/// The stand-in for `tokio::sync::RwLockReadGuard`.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized>(pub(super) Held<&'a Permits, T>);

/// The stand-in for `tokio::sync::RwLockWriteGuard`.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized>(pub(super) Held<&'a Permits, T>);

/// The stand-in for `tokio::sync::RwLockMappedWriteGuard`.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockMappedWriteGuard<'a, T: ?Sized>(Held<&'a Permits, T>);

// SAFETY: these are the conditions of tokio, whose guards hold the same.
unsafe impl<T: ?Sized + Sync> Send for RwLockReadGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLockReadGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Send for RwLockWriteGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLockWriteGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Send for RwLockMappedWriteGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLockMappedWriteGuard<'_, T> {}

guards! {
    ['a, T: ?Sized] RwLockReadGuard<'a, T> => T;
    ['a, T: ?Sized] RwLockWriteGuard<'a, T> => T mut;
    ['a, T: ?Sized] RwLockMappedWriteGuard<'a, T> => T mut;
}

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    /// As `tokio::sync::RwLockReadGuard::map`.
    pub fn map<F, U: ?Sized>(this: Self, part: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        RwLockReadGuard(this.0.map_shared(part))
    }

    /// As `tokio::sync::RwLockReadGuard::try_map`.
    ///
    /// # Errors
    /// If there is no such part: the guard.
    pub fn try_map<F, U: ?Sized>(this: Self, part: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        this.0.try_map_shared(part).map(RwLockReadGuard).map_err(Self)
    }
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// As `tokio::sync::RwLockWriteGuard::map`.
    pub fn map<F, U: ?Sized>(this: Self, part: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        RwLockMappedWriteGuard(this.0.map(part))
    }

    /// As `tokio::sync::RwLockWriteGuard::try_map`.
    ///
    /// # Errors
    /// If there is no such part: the guard.
    pub fn try_map<F, U: ?Sized>(this: Self, part: F) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        this.0.try_map(part).map(RwLockMappedWriteGuard).map_err(Self)
    }

    /// As `tokio::sync::RwLockWriteGuard::into_mapped`.
    pub fn into_mapped(this: Self) -> RwLockMappedWriteGuard<'a, T> {
        RwLockMappedWriteGuard(this.0)
    }

    /// As `tokio::sync::RwLockWriteGuard::downgrade`.
    #[track_caller]
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        RwLockReadGuard(self.0.downgrade(UNLOCK_READ, Location::caller()))
    }

    /// As `tokio::sync::RwLockWriteGuard::downgrade_map`.
    #[track_caller]
    pub fn downgrade_map<F, U: ?Sized>(this: Self, part: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        RwLockReadGuard(this.0.map_shared(part).downgrade(UNLOCK_READ, Location::caller()))
    }

    /// As `tokio::sync::RwLockWriteGuard::try_downgrade_map`.
    ///
    /// # Errors
    /// If there is no such part: the guard.
    #[track_caller]
    pub fn try_downgrade_map<F, U: ?Sized>(this: Self, part: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        let part = this.0.try_map_shared(part).map_err(Self)?;
        Ok(RwLockReadGuard(part.downgrade(UNLOCK_READ, Location::caller())))
    }
}

impl<'a, T: ?Sized> RwLockMappedWriteGuard<'a, T> {
    /// As `tokio::sync::RwLockMappedWriteGuard::map`.
    pub fn map<F, U: ?Sized>(this: Self, part: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        RwLockMappedWriteGuard(this.0.map(part))
    }

    /// As `tokio::sync::RwLockMappedWriteGuard::try_map`.
    ///
    /// # Errors
    /// If there is no such part: the guard.
    pub fn try_map<F, U: ?Sized>(this: Self, part: F) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        this.0.try_map(part).map(RwLockMappedWriteGuard).map_err(Self)
    }
}
