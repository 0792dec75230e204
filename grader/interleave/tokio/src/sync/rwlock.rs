//! [`RwLock`].

use super::mutex::TryLockError;
use super::permits::Permits;
use std::cell::UnsafeCell;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
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
    pub fn with_max_readers(value: T, readers: u32) -> Self {
        let readers = readers as usize;
        assert!(readers <= READERS, "a RwLock may not be created with more than {READERS} readers");
        RwLock { permits: Permits::new("rwlock", readers), readers, value: UnsafeCell::new(value) }
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

    fn free(&self, count: usize, at: &'static Location<'static>) {
        self.permits.point(if count == 1 { "unlock read" } else { "unlock write" }, at);
        self.permits.give(count, at);
    }

    /// As `tokio::sync::RwLock::read`.
    #[track_caller]
    pub fn read(&self) -> impl Future<Output = RwLockReadGuard<'_, T>> {
        let at = Location::caller();
        async move {
            self.take("read", 1, at).await;
            RwLockReadGuard { lock: self, at }
        }
    }

    /// As `tokio::sync::RwLock::write`.
    #[track_caller]
    pub fn write(&self) -> impl Future<Output = RwLockWriteGuard<'_, T>> {
        let at = Location::caller();
        async move {
            self.take("write", self.readers, at).await;
            RwLockWriteGuard { lock: self, at, _exclusive: PhantomData }
        }
    }

    /// As `tokio::sync::RwLock::read_owned`.
    #[track_caller]
    pub fn read_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockReadGuard<T>> {
        let at = Location::caller();
        async move {
            self.take("read", 1, at).await;
            OwnedRwLockReadGuard { lock: self, at }
        }
    }

    /// As `tokio::sync::RwLock::write_owned`.
    #[track_caller]
    pub fn write_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockWriteGuard<T>> {
        let at = Location::caller();
        async move {
            self.take("write", self.readers, at).await;
            OwnedRwLockWriteGuard { lock: self, at, _exclusive: PhantomData }
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
        RwLockReadGuard { lock: self, at }
    }

    /// As `tokio::sync::RwLock::blocking_write`.
    ///
    /// # Panics
    /// If called within an asynchronous task.
    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        let at = Location::caller();
        crate::runtime::block(self.take("write", self.readers, at));
        RwLockWriteGuard { lock: self, at, _exclusive: PhantomData }
    }

    /// As `tokio::sync::RwLock::try_read`.
    ///
    /// # Errors
    /// If somebody writes, or waits to.
    #[track_caller]
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        let at = Location::caller();
        self.try_take("try_read", 1, at).map(|()| RwLockReadGuard { lock: self, at })
    }

    /// As `tokio::sync::RwLock::try_write`.
    ///
    /// # Errors
    /// If the lock is held.
    #[track_caller]
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        let at = Location::caller();
        let taken = self.try_take("try_write", self.readers, at);
        taken.map(|()| RwLockWriteGuard { lock: self, at, _exclusive: PhantomData })
    }

    /// As `tokio::sync::RwLock::get_mut`.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

/// The stand-in for `tokio::sync::RwLockReadGuard`.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    at: &'static Location<'static>,
}

/// The stand-in for `tokio::sync::RwLockWriteGuard`.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    at: &'static Location<'static>,
    _exclusive: PhantomData<&'a mut T>,
}

/// The stand-in for `tokio::sync::OwnedRwLockReadGuard`.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct OwnedRwLockReadGuard<T: ?Sized> {
    lock: Arc<RwLock<T>>,
    at: &'static Location<'static>,
}

/// The stand-in for `tokio::sync::OwnedRwLockWriteGuard`.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct OwnedRwLockWriteGuard<T: ?Sized> {
    lock: Arc<RwLock<T>>,
    at: &'static Location<'static>,
    _exclusive: PhantomData<T>,
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// As `tokio::sync::RwLockWriteGuard::downgrade`.
    #[track_caller]
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        let at = Location::caller();
        let lock = ManuallyDrop::new(self).lock;
        lock.permits.point("downgrade", at);
        lock.permits.give(lock.readers - 1, at);
        RwLockReadGuard { lock, at }
    }
}

macro_rules! guards {
    ($($guard:ty, $count:expr;)*) => {$(
        impl<T: ?Sized> Deref for $guard {
            type Target = T;

            fn deref(&self) -> &T {
                // SAFETY: nobody writes while a guard lives but through it.
                unsafe { &*self.lock.value.get() }
            }
        }

        impl<T: ?Sized> Drop for $guard {
            fn drop(&mut self) {
                let count: fn(&RwLock<T>) -> usize = $count;
                self.lock.free(count(&self.lock), self.at);
            }
        }

        impl<T: ?Sized + fmt::Debug> fmt::Debug for $guard {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(formatter)
            }
        }
    )*};
}

guards! {
    RwLockReadGuard<'_, T>, |_| 1;
    RwLockWriteGuard<'_, T>, |lock| lock.readers;
    OwnedRwLockReadGuard<T>, |_| 1;
    OwnedRwLockWriteGuard<T>, |lock| lock.readers;
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard is the only way to the value while it lives.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T: ?Sized> DerefMut for OwnedRwLockWriteGuard<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.lock.value.get() }
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
