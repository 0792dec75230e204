//! `thread_local!`: a value per task.

use crate::engine;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

/// The stand-in for [`std::thread::AccessError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessError(());

impl fmt::Display for AccessError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("already destroyed")
    }
}

impl std::error::Error for AccessError {}

/// The stand-in for [`std::thread::LocalKey`].
pub struct LocalKey<T: 'static> {
    make: fn() -> T,
    // Keys are told apart by their address, which two values without a size could share.
    _place: u8,
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    pub const fn new(make: fn() -> T) -> Self {
        LocalKey { make, _place: 0 }
    }

    fn value(&'static self) -> Option<Rc<T>> {
        let key = std::ptr::from_ref(self) as usize;
        let Some(locals) = engine::locals() else { return self.outside(key) };
        if locals.borrow().gone.contains(&key) {
            return None;
        }
        let known = locals.borrow().values.get(&key).cloned();
        let value = known.unwrap_or_else(|| {
            // Making it may use other keys, and even this one.
            let value: Rc<dyn Any> = Rc::new((self.make)());
            let mut locals = locals.borrow_mut();
            locals.values.insert(key, Rc::clone(&value));
            locals.order.push(key);
            value
        });
        value.downcast::<T>().ok()
    }

    /// Outside of an execution there is one thread, and values live as long as it does.
    fn outside(&'static self, key: usize) -> Option<Rc<T>> {
        thread_local! {
            static OUTSIDE: RefCell<std::collections::HashMap<usize, Rc<dyn Any>>> = RefCell::default();
        }
        let known = OUTSIDE.with_borrow(|values| values.get(&key).cloned());
        let value = known.unwrap_or_else(|| {
            let value: Rc<dyn Any> = Rc::new((self.make)());
            OUTSIDE.with_borrow_mut(|values| values.insert(key, Rc::clone(&value)));
            value
        });
        value.downcast::<T>().ok()
    }

    /// As [`std::thread::LocalKey::with`].
    ///
    /// # Panics
    /// If the value has been destroyed already.
    #[track_caller]
    pub fn with<R>(&'static self, action: impl FnOnce(&T) -> R) -> R {
        let Some(value) = self.value() else {
            panic!("cannot access a Thread Local Storage value during or after destruction: AccessError")
        };
        action(&value)
    }

    /// As [`std::thread::LocalKey::try_with`].
    ///
    /// # Errors
    /// If the value has been destroyed already.
    pub fn try_with<R>(&'static self, action: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        match self.value() {
            Some(value) => Ok(action(&value)),
            None => Err(AccessError(())),
        }
    }
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// As [`std::thread::LocalKey::set`].
    #[track_caller]
    pub fn set(&'static self, value: T) {
        self.with(|cell| cell.set(value));
    }

    /// As [`std::thread::LocalKey::get`].
    #[track_caller]
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// As [`std::thread::LocalKey::take`].
    #[track_caller]
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    /// As [`std::thread::LocalKey::replace`].
    #[track_caller]
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> LocalKey<RefCell<T>> {
    /// As [`std::thread::LocalKey::with_borrow`].
    #[track_caller]
    pub fn with_borrow<R>(&'static self, action: impl FnOnce(&T) -> R) -> R {
        self.with(|cell| action(&cell.borrow()))
    }

    /// As [`std::thread::LocalKey::with_borrow_mut`].
    #[track_caller]
    pub fn with_borrow_mut<R>(&'static self, action: impl FnOnce(&mut T) -> R) -> R {
        self.with(|cell| action(&mut cell.borrow_mut()))
    }

    /// As [`std::thread::LocalKey::set`].
    #[track_caller]
    pub fn set(&'static self, value: T) {
        self.with(|cell| *cell.borrow_mut() = value);
    }

    /// As [`std::thread::LocalKey::take`].
    #[track_caller]
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    /// As [`std::thread::LocalKey::replace`].
    #[track_caller]
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

/// The stand-in for [`std::thread_local!`].
#[macro_export]
macro_rules! thread_local {
    () => {};
    ($(#[$attribute:meta])* $visibility:vis static $name:ident : $type:ty = const $value:block $(; $($rest:tt)*)?) => {
        $(#[$attribute])* $visibility static $name: $crate::thread::LocalKey<$type> =
            $crate::thread::LocalKey::new(|| -> $type { $value });
        $($crate::thread_local!($($rest)*);)?
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident : $type:ty = $value:expr $(; $($rest:tt)*)?) => {
        $(#[$attribute])* $visibility static $name: $crate::thread::LocalKey<$type> =
            $crate::thread::LocalKey::new(|| -> $type { $value });
        $($crate::thread_local!($($rest)*);)?
    };
}
