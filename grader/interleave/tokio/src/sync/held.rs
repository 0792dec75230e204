//! What guards of locks are made of: permits that are given back when the guard goes, and where the value is, or a part of it.

use super::permits::Permits;
use std::panic::Location;

/// What has the permits.
pub(super) trait Lock {
    fn permits(&self) -> &Permits;
}

impl Lock for &Permits {
    fn permits(&self) -> &Permits {
        self
    }
}

/// Permits of a lock, which are given back when this is dropped.
struct Hold<L: Lock> {
    lock: L,
    count: usize,
    /// What giving them back is called.
    unlock: &'static str,
    at: &'static Location<'static>,
}

impl<L: Lock> Drop for Hold<L> {
    fn drop(&mut self) {
        self.lock.permits().point(self.unlock, self.at);
        self.lock.permits().give(self.count, self.at);
    }
}

/// A value that is reached while its lock is held, or a part of such a value.
pub(super) struct Held<L: Lock, T: ?Sized> {
    value: *mut T,
    hold: Hold<L>,
}

impl<L: Lock, T: ?Sized> Held<L, T> {
    /// # Safety
    /// So many permits have been taken. `value` belongs to the lock, and who holds them may read it, or, where
    /// [`get_mut`](Held::get_mut) is used, is the only one who can reach it.
    pub(super) unsafe fn new(
        lock: L,
        count: usize,
        unlock: &'static str,
        value: *mut T,
        at: &'static Location<'static>,
    ) -> Self {
        Held { value, hold: Hold { lock, count, unlock, at } }
    }

    pub(super) fn lock(&self) -> &L {
        &self.hold.lock
    }

    pub(super) fn get(&self) -> &T {
        // SAFETY: as promised to `new`.
        unsafe { &*self.value }
    }

    pub(super) fn get_mut(&mut self) -> &mut T {
        // SAFETY: as promised to `new`.
        unsafe { &mut *self.value }
    }

    /// A part that may be changed.
    pub(super) fn map<U: ?Sized>(mut self, part: impl FnOnce(&mut T) -> &mut U) -> Held<L, U> {
        let value = std::ptr::from_mut(part(self.get_mut()));
        Held { value, hold: self.hold }
    }

    /// A part that may be changed, if there is one.
    pub(super) fn try_map<U: ?Sized>(
        mut self,
        part: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<Held<L, U>, Self> {
        match part(self.get_mut()).map(std::ptr::from_mut) {
            Some(value) => Ok(Held { value, hold: self.hold }),
            None => Err(self),
        }
    }

    /// A part that is only read.
    pub(super) fn map_shared<U: ?Sized>(self, part: impl FnOnce(&T) -> &U) -> Held<L, U> {
        let value = std::ptr::from_ref(part(self.get())).cast_mut();
        Held { value, hold: self.hold }
    }

    /// A part that is only read, if there is one.
    pub(super) fn try_map_shared<U: ?Sized>(self, part: impl FnOnce(&T) -> Option<&U>) -> Result<Held<L, U>, Self> {
        match part(self.get()).map(std::ptr::from_ref) {
            Some(value) => Ok(Held { value: value.cast_mut(), hold: self.hold }),
            None => Err(self),
        }
    }

    /// Keeps one permit, which is given back as `unlock`: others may read now.
    pub(super) fn downgrade(mut self, unlock: &'static str, at: &'static Location<'static>) -> Self {
        let permits = self.hold.lock.permits();
        permits.point("downgrade", at);
        permits.give(self.hold.count - 1, at);
        (self.hold.count, self.hold.unlock, self.hold.at) = (1, unlock, at);
        self
    }
}

impl<'a, T: ?Sized> Held<&'a Permits, T> {
    /// The same, by a lock of which these are the permits.
    pub(super) fn of<L: Lock + Copy>(held: Held<L, T>, permits: impl FnOnce(L) -> &'a Permits) -> Self {
        let Held { value, hold } = held;
        let Hold { lock, count, unlock, at } = *std::mem::ManuallyDrop::new(hold);
        Held { value, hold: Hold { lock: permits(lock), count, unlock, at } }
    }
}

/// What all guards around a [`Held`] can do. With `mut`, the value can be changed.
macro_rules! guards {
    ($($parameters:tt $guard:ty => $value:ident $($change:ident)?;)*) => {$(
        guards!(@read $parameters $guard, $value);
        $(guards!(@$change $parameters $guard);)?
    )*};
    (@read [$($parameters:tt)*] $guard:ty, $value:ident) => {
        impl<$($parameters)*> std::ops::Deref for $guard {
            type Target = $value;

            fn deref(&self) -> &$value {
                self.0.get()
            }
        }

        impl<$($parameters)*> std::fmt::Debug for $guard
        where
            $value: std::fmt::Debug,
        {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                (**self).fmt(formatter)
            }
        }

        impl<$($parameters)*> std::fmt::Display for $guard
        where
            $value: std::fmt::Display,
        {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                (**self).fmt(formatter)
            }
        }
    };
    (@mut [$($parameters:tt)*] $guard:ty) => {
        impl<$($parameters)*> std::ops::DerefMut for $guard {
            fn deref_mut(&mut self) -> &mut Self::Target {
                self.0.get_mut()
            }
        }
    };
}
pub(super) use guards;
