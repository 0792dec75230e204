//! [`SetOnce`].

use super::once_cell::OnceCell;
use crate::shared::{Shared, Wakers, wake};
use std::fmt;
use std::future::Future;
use std::panic::Location;

/// The stand-in for `tokio::sync::SetOnce`.
pub struct SetOnce<T> {
    cell: OnceCell<T>,
    waiting: Shared<Wakers>,
}

/// The stand-in for `tokio::sync::SetOnceError`: there is a value already. This is the other one.
#[derive(Debug, PartialEq, Eq)]
pub struct SetOnceError<T>(pub T);

impl<T> fmt::Display for SetOnceError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SetOnceError")
    }
}

impl<T: fmt::Debug> std::error::Error for SetOnceError<T> {}

impl<T> SetOnce<T> {
    #[track_caller]
    const fn of(cell: OnceCell<T>) -> Self {
        // What an abandoned execution has left is never dropped.
        let renew: fn(&mut Wakers) = |wakers| std::mem::forget(std::mem::take(wakers));
        SetOnce { cell, waiting: Shared::new("set once", Wakers::new(), renew) }
    }

    /// As `tokio::sync::SetOnce::new`.
    #[track_caller]
    #[must_use]
    pub const fn new() -> Self {
        SetOnce::of(OnceCell::new())
    }

    /// As `tokio::sync::SetOnce::const_new`.
    #[track_caller]
    #[must_use]
    pub const fn const_new() -> Self {
        SetOnce::new()
    }

    /// As `tokio::sync::SetOnce::new_with`.
    #[track_caller]
    pub fn new_with(value: Option<T>) -> Self {
        SetOnce::of(OnceCell::new_with(value))
    }

    /// As `tokio::sync::SetOnce::const_new_with`.
    #[track_caller]
    pub const fn const_new_with(value: T) -> Self {
        SetOnce::of(OnceCell::const_new_with(value))
    }

    /// As `tokio::sync::SetOnce::initialized`.
    #[track_caller]
    pub fn initialized(&self) -> bool {
        self.waiting.point("initialized", Location::caller());
        self.value().is_some()
    }

    /// As `tokio::sync::SetOnce::get`.
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        self.waiting.point("get", Location::caller());
        self.value()
    }

    /// With it, what was done before it was set is known.
    fn value(&self) -> Option<&T> {
        self.waiting.with(|_| ());
        self.cell.value()
    }

    /// As `tokio::sync::SetOnce::set`.
    ///
    /// # Errors
    /// If there is a value: the other one.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), SetOnceError<T>> {
        let at = Location::caller();
        self.waiting.point("set", at);
        if self.value().is_some() {
            return Err(SetOnceError(value));
        }
        self.cell.put(value, at);
        wake(self.waiting.with(Wakers::take), at);
        Ok(())
    }

    /// As `tokio::sync::SetOnce::wait`.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = &T> {
        let at = Location::caller();
        async move { self.waiting.until("wait", at, |wakers| wakers, |_| self.cell.value()).await }
    }

    /// As `tokio::sync::SetOnce::into_inner`.
    pub fn into_inner(self) -> Option<T> {
        self.cell.into_inner()
    }
}

impl<T> Default for SetOnce<T> {
    #[track_caller]
    fn default() -> Self {
        SetOnce::new()
    }
}

impl<T> From<T> for SetOnce<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        SetOnce::new_with(Some(value))
    }
}

impl<T: Clone> Clone for SetOnce<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        SetOnce::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for SetOnce<T> {
    #[track_caller]
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for SetOnce<T> {}

impl<T: fmt::Debug> fmt::Debug for SetOnce<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SetOnce").field("value", &self.value()).finish()
    }
}
