//! [`Mutex`].

use super::permits::Permits;
use std::cell::UnsafeCell;
use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::Arc;

/// The stand-in for `tokio::sync::Mutex`: first come, first served.
pub struct Mutex<T: ?Sized> {
    permits: Permits,
    value: UnsafeCell<T>,
}

// SAFETY: as for `tokio::sync::Mutex`: the value is handed to one holder at a time.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

/// The stand-in for `tokio::sync::TryLockError`.
#[derive(Debug)]
pub struct TryLockError(pub(super) ());

impl fmt::Display for TryLockError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("operation would block")
    }
}

impl std::error::Error for TryLockError {}

/// The stand-in for `tokio::sync::MutexGuard`.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    at: &'static Location<'static>,
}

// SAFETY: as for `tokio::sync::MutexGuard`.
unsafe impl<T: ?Sized + Sync + Send> Sync for MutexGuard<'_, T> {}

/// The stand-in for `tokio::sync::OwnedMutexGuard`.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct OwnedMutexGuard<T: ?Sized> {
    mutex: Arc<Mutex<T>>,
    at: &'static Location<'static>,
}

// SAFETY: as for `tokio::sync::OwnedMutexGuard`.
unsafe impl<T: ?Sized + Sync + Send> Sync for OwnedMutexGuard<T> {}

impl<T> Mutex<T> {
    /// As `tokio::sync::Mutex::new`.
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Mutex { permits: Permits::new("mutex", 1), value: UnsafeCell::new(value) }
    }

    /// As `tokio::sync::Mutex::const_new`.
    #[track_caller]
    pub const fn const_new(value: T) -> Self {
        Mutex::new(value)
    }

    /// As `tokio::sync::Mutex::into_inner`.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    async fn take(&self, at: &'static Location<'static>) {
        let taken = self.permits.acquire(self.permits.object(), "lock", 1, at).await;
        taken.expect("a mutex is never closed");
    }

    fn try_take(&self, at: &'static Location<'static>) -> Result<(), TryLockError> {
        self.permits.point("try_lock", at);
        self.permits.take(1).map_err(|_| {
            interleave::engine::note(|| "it is held".to_owned());
            TryLockError(())
        })
    }

    fn free(&self, at: &'static Location<'static>) {
        self.permits.point("unlock", at);
        self.permits.give(1, at);
    }

    /// As `tokio::sync::Mutex::lock`.
    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = MutexGuard<'_, T>> {
        let at = Location::caller();
        async move {
            self.take(at).await;
            MutexGuard { mutex: self, at }
        }
    }

    /// As `tokio::sync::Mutex::lock_owned`.
    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> impl Future<Output = OwnedMutexGuard<T>> {
        let at = Location::caller();
        async move {
            self.take(at).await;
            OwnedMutexGuard { mutex: self, at }
        }
    }

    /// As `tokio::sync::Mutex::blocking_lock`.
    ///
    /// # Panics
    /// If called within an asynchronous task.
    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        let at = Location::caller();
        crate::runtime::block(self.take(at));
        MutexGuard { mutex: self, at }
    }

    /// As `tokio::sync::Mutex::try_lock`.
    ///
    /// # Errors
    /// If the lock is held.
    #[track_caller]
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        let at = Location::caller();
        self.try_take(at).map(|()| MutexGuard { mutex: self, at })
    }

    /// As `tokio::sync::Mutex::try_lock_owned`.
    ///
    /// # Errors
    /// If the lock is held.
    #[track_caller]
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        let at = Location::caller();
        self.try_take(at).map(|()| OwnedMutexGuard { mutex: self, at })
    }

    /// As `tokio::sync::Mutex::get_mut`.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// As `tokio::sync::MutexGuard::mutex`.
    #[must_use]
    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.mutex
    }
}

impl<T: ?Sized> OwnedMutexGuard<T> {
    /// As `tokio::sync::OwnedMutexGuard::mutex`.
    #[must_use]
    pub fn mutex(this: &Self) -> &Arc<Mutex<T>> {
        &this.mutex
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
        self.mutex.free(self.at);
    }
}

impl<T: ?Sized> Deref for OwnedMutexGuard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this guard is the only way to the value while it lives.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T: ?Sized> DerefMut for OwnedMutexGuard<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T: ?Sized> Drop for OwnedMutexGuard<T> {
    fn drop(&mut self) {
        self.mutex.free(self.at);
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

impl<T: ?Sized + fmt::Debug> fmt::Debug for OwnedMutexGuard<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Mutex");
        if self.permits.available() == 1 {
            // SAFETY: nobody holds it, and nobody else runs.
            let value = unsafe { &*self.value.get() };
            debug.field("data", &value);
        } else {
            debug.field("data", &format_args!("<locked>"));
        }
        debug.finish()
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
