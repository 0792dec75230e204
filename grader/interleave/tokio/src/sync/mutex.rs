//! [`Mutex`], its guards, and guards of parts of what is in it.

use super::held::{Held, Lock, guards};
use super::permits::Permits;
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

/// The stand-in for `tokio::sync::MutexGuard`.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized>(Held<&'a Mutex<T>, T>);

/// The stand-in for `tokio::sync::MappedMutexGuard`.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MappedMutexGuard<'a, T: ?Sized>(Held<&'a Permits, T>);

/// The stand-in for `tokio::sync::OwnedMutexGuard`.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct OwnedMutexGuard<T: ?Sized>(Held<Arc<Mutex<T>>, T>);

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
