//! [`Mutex`]. What it is held by is in `guards`.

mod guards;

use super::held::{Held, Lock};
use super::permits::Permits;
pub use guards::{MappedMutexGuard, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard};
use std::cell::UnsafeCell;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

/// What giving the permit back is called.
const UNLOCK: &str = "unlock";

/// The stand-in for `tokio::sync::Mutex`: first come, first served.
pub struct Mutex<T: ?Sized> {
    permits: Permits,
    value: UnsafeCell<T>,
}

// SAFETY: as for `tokio::sync::Mutex`: the value is handed to one holder at a time.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T: ?Sized> Lock for &Mutex<T> {
    fn permits(&self) -> &Permits {
        &self.permits
    }
}

impl<T: ?Sized> Lock for Arc<Mutex<T>> {
    fn permits(&self) -> &Permits {
        &self.permits
    }
}

/// The stand-in for `tokio::sync::TryLockError`.
#[derive(Debug)]
pub struct TryLockError(pub(super) ());

impl fmt::Display for TryLockError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("operation would block")
    }
}

impl std::error::Error for TryLockError {}

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

    fn guard(&self, at: &'static Location<'static>) -> MutexGuard<'_, T> {
        // SAFETY: the one permit has been taken.
        MutexGuard(unsafe { Held::new(self, 1, UNLOCK, self.value.get(), at) })
    }

    fn owned_guard(self: Arc<Self>, at: &'static Location<'static>) -> OwnedMutexGuard<T> {
        let value = self.value.get();
        // SAFETY: as above.
        OwnedMutexGuard(unsafe { Held::new(self, 1, UNLOCK, value, at) })
    }

    /// As `tokio::sync::Mutex::lock`.
    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = MutexGuard<'_, T>> {
        let at = Location::caller();
        async move {
            self.take(at).await;
            self.guard(at)
        }
    }

    /// As `tokio::sync::Mutex::lock_owned`.
    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> impl Future<Output = OwnedMutexGuard<T>> {
        let at = Location::caller();
        async move {
            self.take(at).await;
            self.owned_guard(at)
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
        self.guard(at)
    }

    /// As `tokio::sync::Mutex::blocking_lock_owned`.
    ///
    /// # Panics
    /// If called within an asynchronous task.
    #[track_caller]
    pub fn blocking_lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        let at = Location::caller();
        crate::runtime::block(self.take(at));
        self.owned_guard(at)
    }

    /// As `tokio::sync::Mutex::try_lock`.
    ///
    /// # Errors
    /// If the lock is held.
    #[track_caller]
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        let at = Location::caller();
        self.try_take(at).map(|()| self.guard(at))
    }

    /// As `tokio::sync::Mutex::try_lock_owned`.
    ///
    /// # Errors
    /// If the lock is held.
    #[track_caller]
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        let at = Location::caller();
        self.try_take(at).map(|()| self.owned_guard(at))
    }

    /// As `tokio::sync::Mutex::get_mut`.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
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
