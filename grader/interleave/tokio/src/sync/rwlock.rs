//! [`RwLock`], and the guards that keep it. Those that borrow it are in `guards`.

mod guards;

use super::held::{Held, Lock, guards};
use super::mutex::TryLockError;
use super::permits::Permits;
pub use guards::{RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard};
use guards::{UNLOCK_READ, UNLOCK_WRITE};
use std::cell::UnsafeCell;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

/// As many may read at once as tokio allows.
const READERS: usize = (u32::MAX >> 3) as usize;

/// The stand-in for `tokio::sync::RwLock`: first come, first served, so that readers wait behind a writer who waits.
pub struct RwLock<T: ?Sized> {
    permits: Permits,
    readers: usize,
    value: UnsafeCell<T>,
}

// SAFETY: as for `tokio::sync::RwLock`: many hold the value, or one.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

impl<T: ?Sized> Lock for Arc<RwLock<T>> {
    fn permits(&self) -> &Permits {
        &self.permits
    }
}

impl<T> RwLock<T> {
    /// As `tokio::sync::RwLock::new`.
    #[track_caller]
    pub const fn new(value: T) -> Self {
        RwLock { permits: Permits::new("rwlock", READERS), readers: READERS, value: UnsafeCell::new(value) }
    }

    /// As `tokio::sync::RwLock::const_new`.
    #[track_caller]
    pub const fn const_new(value: T) -> Self {
        RwLock::new(value)
    }

    /// As `tokio::sync::RwLock::with_max_readers`.
    ///
    /// # Panics
    /// If that are more than `u32::MAX >> 3`.
    #[track_caller]
    pub const fn with_max_readers(value: T, readers: u32) -> Self {
        let readers = readers as usize;
        assert!(readers <= READERS, "a RwLock may not be created with more than u32::MAX >> 3 readers");
        RwLock { permits: Permits::new("rwlock", readers), readers, value: UnsafeCell::new(value) }
    }

    /// As `tokio::sync::RwLock::const_with_max_readers`.
    ///
    /// # Panics
    /// As [`RwLock::with_max_readers`].
    #[track_caller]
    pub const fn const_with_max_readers(value: T, readers: u32) -> Self {
        RwLock::with_max_readers(value, readers)
    }

    /// As `tokio::sync::RwLock::into_inner`.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    async fn take(&self, operation: &'static str, count: usize, at: &'static Location<'static>) {
        let taken = self.permits.acquire(self.permits.object(), operation, count, at).await;
        taken.expect("a read-write lock is never closed");
    }

    fn try_take(
        &self,
        operation: &'static str,
        count: usize,
        at: &'static Location<'static>,
    ) -> Result<(), TryLockError> {
        self.permits.point(operation, at);
        self.permits.take(count).map_err(|_| TryLockError(()))
    }

    fn reading(&self, at: &'static Location<'static>) -> RwLockReadGuard<'_, T> {
        // SAFETY: one of the permits has been taken.
        RwLockReadGuard(unsafe { Held::new(&self.permits, 1, UNLOCK_READ, self.value.get(), at) })
    }

    fn writing(&self, at: &'static Location<'static>) -> RwLockWriteGuard<'_, T> {
        // SAFETY: all permits have been taken.
        RwLockWriteGuard(unsafe { Held::new(&self.permits, self.readers, UNLOCK_WRITE, self.value.get(), at) })
    }

    fn reading_owned(self: Arc<Self>, at: &'static Location<'static>) -> OwnedRwLockReadGuard<T> {
        let value = self.value.get();
        // SAFETY: one of the permits has been taken.
        OwnedRwLockReadGuard(unsafe { Held::new(self, 1, UNLOCK_READ, value, at) })
    }

    fn writing_owned(self: Arc<Self>, at: &'static Location<'static>) -> OwnedRwLockWriteGuard<T> {
        let (value, readers) = (self.value.get(), self.readers);
        // SAFETY: all permits have been taken.
        OwnedRwLockWriteGuard(unsafe { Held::new(self, readers, UNLOCK_WRITE, value, at) })
    }

    /// As `tokio::sync::RwLock::read`.
    #[track_caller]
    pub fn read(&self) -> impl Future<Output = RwLockReadGuard<'_, T>> {
        let at = Location::caller();
        async move {
            self.take("read", 1, at).await;
            self.reading(at)
        }
    }

    /// As `tokio::sync::RwLock::write`.
    #[track_caller]
    pub fn write(&self) -> impl Future<Output = RwLockWriteGuard<'_, T>> {
        let at = Location::caller();
        async move {
            self.take("write", self.readers, at).await;
            self.writing(at)
        }
    }

    /// As `tokio::sync::RwLock::read_owned`.
    #[track_caller]
    pub fn read_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockReadGuard<T>> {
        let at = Location::caller();
        async move {
            self.take("read", 1, at).await;
            self.reading_owned(at)
        }
    }

    /// As `tokio::sync::RwLock::write_owned`.
    #[track_caller]
    pub fn write_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockWriteGuard<T>> {
        let at = Location::caller();
        async move {
            self.take("write", self.readers, at).await;
            self.writing_owned(at)
        }
    }

    /// As `tokio::sync::RwLock::blocking_read`.
    ///
    /// # Panics
    /// If called within an asynchronous task.
    #[track_caller]
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        let at = Location::caller();
        crate::runtime::block(self.take("read", 1, at));
        self.reading(at)
    }

    /// As `tokio::sync::RwLock::blocking_write`.
    ///
    /// # Panics
    /// If called within an asynchronous task.
    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        let at = Location::caller();
        crate::runtime::block(self.take("write", self.readers, at));
        self.writing(at)
    }

    /// As `tokio::sync::RwLock::try_read`.
    ///
    /// # Errors
    /// If somebody writes, or waits to.
    #[track_caller]
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        let at = Location::caller();
        self.try_take("try_read", 1, at).map(|()| self.reading(at))
    }

    /// As `tokio::sync::RwLock::try_write`.
    ///
    /// # Errors
    /// If the lock is held.
    #[track_caller]
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        let at = Location::caller();
        self.try_take("try_write", self.readers, at).map(|()| self.writing(at))
    }

    /// As `tokio::sync::RwLock::try_read_owned`.
    ///
    /// # Errors
    /// If somebody writes, or waits to.
    #[track_caller]
    pub fn try_read_owned(self: Arc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
        let at = Location::caller();
        self.try_take("try_read", 1, at).map(|()| self.reading_owned(at))
    }

    /// As `tokio::sync::RwLock::try_write_owned`.
    ///
    /// # Errors
    /// If the lock is held.
    #[track_caller]
    pub fn try_write_owned(self: Arc<Self>) -> Result<OwnedRwLockWriteGuard<T>, TryLockError> {
        let at = Location::caller();
        self.try_take("try_write", self.readers, at).map(|()| self.writing_owned(at))
    }

    /// As `tokio::sync::RwLock::get_mut`.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("RwLock");
        if self.permits.available() > 0 {
            // SAFETY: nobody writes, and nobody else runs.
            let value = unsafe { &*self.value.get() };
            debug.field("data", &value);
        } else {
            debug.field("data", &format_args!("<locked>"));
        }
        debug.finish()
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        RwLock::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        RwLock::new(value)
    }
}

/// The stand-in for `tokio::sync::OwnedRwLockReadGuard`.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct OwnedRwLockReadGuard<T: ?Sized, U: ?Sized = T>(Held<Arc<RwLock<T>>, U>);

/// The stand-in for `tokio::sync::OwnedRwLockWriteGuard`.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct OwnedRwLockWriteGuard<T: ?Sized>(Held<Arc<RwLock<T>>, T>);

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
