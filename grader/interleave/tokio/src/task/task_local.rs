//! [`task_local!`](crate::task_local!): values that go with a future.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The stand-in for `tokio::task::LocalKey`.
pub struct LocalKey<T: 'static>(interleave::thread::LocalKey<RefCell<Option<T>>>);

/// What `try_with` says where there is no value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AccessError(());

impl fmt::Debug for AccessError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccessError")
    }
}

impl fmt::Display for AccessError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("task-local value not set")
    }
}

impl std::error::Error for AccessError {}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new() -> Self {
        LocalKey(interleave::thread::LocalKey::new(|| RefCell::new(None)))
    }

    /// Puts what is in `slot` in the place of the value, and the value into `slot`.
    #[track_caller]
    fn swap(&'static self, slot: &mut Option<T>) {
        self.0.with(|value| {
            let Ok(mut value) = value.try_borrow_mut() else {
                panic!("cannot enter a task-local scope while the task-local storage is borrowed")
            };
            std::mem::swap(&mut *value, slot);
        });
    }

    #[track_caller]
    fn within<R>(&'static self, slot: &mut Option<T>, action: impl FnOnce() -> R) -> R {
        self.swap(slot);
        let _restored = Swapped { key: self, slot };
        action()
    }

    /// As `tokio::task::LocalKey::scope`.
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> TaskLocalFuture<T, F> {
        TaskLocalFuture { key: self, slot: Some(value), future: Some(Box::pin(future)) }
    }

    /// As `tokio::task::LocalKey::sync_scope`.
    #[track_caller]
    pub fn sync_scope<F: FnOnce() -> R, R>(&'static self, value: T, action: F) -> R {
        self.within(&mut Some(value), action)
    }

    /// As `tokio::task::LocalKey::with`.
    ///
    /// # Panics
    /// If there is no value.
    #[track_caller]
    pub fn with<F: FnOnce(&T) -> R, R>(&'static self, action: F) -> R {
        match self.try_with(action) {
            Ok(result) => result,
            Err(_) => panic!("cannot access a task-local storage value without setting it first"),
        }
    }

    /// As `tokio::task::LocalKey::try_with`.
    ///
    /// # Errors
    /// If there is no value.
    pub fn try_with<F: FnOnce(&T) -> R, R>(&'static self, action: F) -> Result<R, AccessError> {
        let found = self.0.try_with(|value| value.borrow().as_ref().map(action));
        found.ok().flatten().ok_or(AccessError(()))
    }
}

impl<T: Clone + 'static> LocalKey<T> {
    /// As `tokio::task::LocalKey::get`.
    ///
    /// # Panics
    /// If there is no value.
    #[track_caller]
    pub fn get(&'static self) -> T {
        self.with(T::clone)
    }

    /// As `tokio::task::LocalKey::try_get`.
    ///
    /// # Errors
    /// If there is no value.
    pub fn try_get(&'static self) -> Result<T, AccessError> {
        self.try_with(T::clone)
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad("LocalKey { .. }")
    }
}

/// A scope, which ends when this is dropped.
struct Swapped<'a, T: 'static> {
    key: &'static LocalKey<T>,
    slot: &'a mut Option<T>,
}

impl<T: 'static> Drop for Swapped<'_, T> {
    fn drop(&mut self) {
        self.key.swap(self.slot);
    }
}

/// The stand-in for `tokio::task::futures::TaskLocalFuture`.
pub struct TaskLocalFuture<T: 'static, F> {
    key: &'static LocalKey<T>,
    /// The value while it is not being polled.
    slot: Option<T>,
    /// `None` when it was ready.
    future: Option<Pin<Box<F>>>,
}

// The future does not move with it.
impl<T, F> Unpin for TaskLocalFuture<T, F> {}

impl<T: 'static, F> TaskLocalFuture<T, F> {
    /// As `tokio::task::futures::TaskLocalFuture::take_value`.
    pub fn take_value(self: Pin<&mut Self>) -> Option<T> {
        self.get_mut().slot.take()
    }
}

impl<T: 'static, F: Future> Future for TaskLocalFuture<T, F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        let (key, future) = (this.key, &mut this.future);
        key.within(&mut this.slot, || {
            let polled = future.as_mut().expect("`TaskLocalFuture` polled after completion").as_mut().poll(context);
            if polled.is_ready() {
                *future = None;
            }
            polled
        })
    }
}

impl<T: 'static, F> Drop for TaskLocalFuture<T, F> {
    fn drop(&mut self) {
        let (key, future) = (self.key, &mut self.future);
        if future.is_some() {
            // Its destructors may ask for the value, too.
            key.within(&mut self.slot, || *future = None);
        }
    }
}

impl<T: fmt::Debug + 'static, F> fmt::Debug for TaskLocalFuture<T, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TaskLocalFuture").field("value", &self.slot).finish_non_exhaustive()
    }
}

/// As `tokio::task_local!`.
#[macro_export]
macro_rules! task_local {
    () => {};
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty; $($rest:tt)*) => {
        $crate::task_local!($(#[$attribute])* $visibility static $name: $type);
        $crate::task_local!($($rest)*);
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty) => {
        $(#[$attribute])* $visibility static $name: $crate::task::LocalKey<$type> = $crate::task::LocalKey::new();
    };
}
