//! [`OnceCell`].

use super::permits::{Permits, Refused};
use interleave::engine;
use std::cell::{Cell, UnsafeCell};
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::panic::Location;

/// The stand-in for `tokio::sync::OnceCell`.
pub struct OnceCell<T> {
    permits: Permits,
    value: UnsafeCell<Option<T>>,
    /// The execution in which the value was set; 0 for a value that it was made with.
    set_in: Cell<u32>,
}

// SAFETY: as for `tokio::sync::OnceCell`: the value is written once, by the holder of the permit, before it is shared.
unsafe impl<T: Send> Send for OnceCell<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for OnceCell<T> {}

/// The stand-in for `tokio::sync::SetError`.
#[derive(Debug, PartialEq, Eq)]
pub enum SetError<T> {
    /// It has a value.
    AlreadyInitializedError(T),
    /// It is about to have one.
    InitializingError(T),
}

impl<T> SetError<T> {
    /// As `tokio::sync::SetError::is_already_init_err`.
    pub fn is_already_init_err(&self) -> bool {
        matches!(self, SetError::AlreadyInitializedError(_))
    }

    /// As `tokio::sync::SetError::is_initializing_err`.
    pub fn is_initializing_err(&self) -> bool {
        matches!(self, SetError::InitializingError(_))
    }
}

impl<T> fmt::Display for SetError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            SetError::AlreadyInitializedError(_) => "AlreadyInitializedError",
            SetError::InitializingError(_) => "InitializingError",
        })
    }
}

impl<T: fmt::Debug> std::error::Error for SetError<T> {}

impl<T> OnceCell<T> {
    /// As `tokio::sync::OnceCell::new`.
    #[track_caller]
    #[must_use]
    pub const fn new() -> Self {
        OnceCell { permits: Permits::new("once cell", 1), value: UnsafeCell::new(None), set_in: Cell::new(0) }
    }

    /// As `tokio::sync::OnceCell::const_new`.
    #[track_caller]
    #[must_use]
    pub const fn const_new() -> Self {
        OnceCell::new()
    }

    /// As `tokio::sync::OnceCell::new_with`.
    #[track_caller]
    pub fn new_with(value: Option<T>) -> Self {
        OnceCell { value: UnsafeCell::new(value), ..OnceCell::new() }
    }

    /// As `tokio::sync::OnceCell::const_new_with`.
    #[track_caller]
    pub const fn const_new_with(value: T) -> Self {
        OnceCell { permits: Permits::new("once cell", 1), value: UnsafeCell::new(Some(value)), set_in: Cell::new(0) }
    }

    pub(super) fn value(&self) -> Option<&T> {
        let set_in = self.set_in.get();
        if set_in != 0 && set_in != engine::epoch() {
            self.set_in.set(0);
            // SAFETY: the references that there were are those of an execution that is over. What it has left behind in a
            // `static` is never dropped.
            std::mem::forget(unsafe { (*self.value.get()).take() });
        }
        // SAFETY: the value is written once, and nobody writes while a reference is given out.
        unsafe { (*self.value.get()).as_ref() }
    }

    /// Called by the holder of the permit, or where nobody asks for it.
    pub(super) fn put(&self, value: T, at: &'static Location<'static>) -> &T {
        self.set_in.set(engine::epoch());
        // SAFETY: there is no value yet, so nobody has a reference to it.
        unsafe { *self.value.get() = Some(value) };
        // Whoever waits finds it closed, and the value.
        self.permits.close(at);
        self.value().expect("it has just been set")
    }

    /// As `tokio::sync::OnceCell::get`.
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        self.permits.point("get", Location::caller());
        // What its maker did is known from here on.
        self.permits.is_closed();
        self.value()
    }

    /// As `tokio::sync::OnceCell::initialized`.
    #[track_caller]
    pub fn initialized(&self) -> bool {
        self.permits.point("initialized", Location::caller());
        self.value().is_some()
    }

    /// As `tokio::sync::OnceCell::get_mut`.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value();
        self.value.get_mut().as_mut()
    }

    /// As `tokio::sync::OnceCell::into_inner`.
    pub fn into_inner(self) -> Option<T> {
        self.value();
        self.value.into_inner()
    }

    /// As `tokio::sync::OnceCell::take`.
    #[track_caller]
    pub fn take(&mut self) -> Option<T> {
        std::mem::take(self).into_inner()
    }

    /// As `tokio::sync::OnceCell::set`.
    ///
    /// # Errors
    /// If it has a value, or is about to have one.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), SetError<T>> {
        let at = Location::caller();
        self.permits.point("set", at);
        if self.value().is_some() {
            return Err(SetError::AlreadyInitializedError(value));
        }
        match self.permits.take(1) {
            Ok(()) => {
                self.put(value, at);
                Ok(())
            }
            Err(Refused::TooFew) => Err(SetError::InitializingError(value)),
            Err(Refused::Closed) => Err(SetError::AlreadyInitializedError(value)),
        }
    }

    /// As `tokio::sync::OnceCell::get_or_init`.
    #[track_caller]
    pub fn get_or_init<F, Fut>(&self, init: F) -> impl Future<Output = &T>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
    {
        let at = Location::caller();
        async move {
            let init = || async { Ok::<T, Infallible>(init().await) };
            match self.init("get_or_init", init, at).await {
                Ok(value) => value,
                Err(never) => match never {},
            }
        }
    }

    /// As `tokio::sync::OnceCell::get_or_try_init`.
    ///
    /// # Errors
    /// Those of `init`. Then the next one tries.
    #[track_caller]
    pub fn get_or_try_init<E, F, Fut>(&self, init: F) -> impl Future<Output = Result<&T, E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        self.init("get_or_try_init", init, Location::caller())
    }

    async fn init<E, F, Fut>(&self, operation: &'static str, init: F, at: &'static Location<'static>) -> Result<&T, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        if let Some(value) = self.value() {
            self.permits.point(operation, at);
            return Ok(value);
        }
        let acquired = self.permits.acquire(self.permits.object(), operation, 1, at).await;
        if acquired.is_err() {
            return Ok(self.value().expect("it is closed when it has a value"));
        }
        // If `init` fails, panics or is dropped, the next one tries.
        let turn = GiveBack { permits: &self.permits, at };
        let value = init().await?;
        std::mem::forget(turn);
        self.permits.point("init", at);
        Ok(self.put(value, at))
    }
}

struct GiveBack<'a> {
    permits: &'a Permits,
    at: &'static Location<'static>,
}

impl Drop for GiveBack<'_> {
    fn drop(&mut self) {
        self.permits.point("init fails", self.at);
        self.permits.give(1, self.at);
    }
}

impl<T> Default for OnceCell<T> {
    #[track_caller]
    fn default() -> Self {
        OnceCell::new()
    }
}

impl<T> From<T> for OnceCell<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        OnceCell::new_with(Some(value))
    }
}

impl<T: Clone> Clone for OnceCell<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        OnceCell::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for OnceCell<T> {
    #[track_caller]
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceCell<T> {}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OnceCell").field("value", &self.value()).finish()
    }
}
