//! The stand-in for `crossbeam::atomic`.

use crate::cell::Plain;
use interleave::engine::{self, Clock, Object};
use std::cell::UnsafeCell;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

/// As `crossbeam::atomic::AtomicCell`. Loads acquire and stores release, as there; the newest value is always seen.
pub struct AtomicCell<T> {
    object: Object,
    clock: Plain<Clock>,
    value: UnsafeCell<T>,
}

// SAFETY: the value is only touched by the one running task of an execution, and handed out by value.
unsafe impl<T: Send> Send for AtomicCell<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for AtomicCell<T> {}
impl<T> UnwindSafe for AtomicCell<T> {}
impl<T> RefUnwindSafe for AtomicCell<T> {}

impl<T> AtomicCell<T> {
    /// As `crossbeam::atomic::AtomicCell::new`.
    #[track_caller]
    pub const fn new(val: T) -> AtomicCell<T> {
        let clock = Plain::new(Clock::new());
        AtomicCell { object: Object::new("atomic cell"), clock, value: UnsafeCell::new(val) }
    }

    /// As `crossbeam::atomic::AtomicCell::into_inner`.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }

    /// As `crossbeam::atomic::AtomicCell::is_lock_free`: whether crossbeam would use one atomic instruction on a machine
    /// whose largest are of 64 bits.
    #[must_use]
    pub const fn is_lock_free() -> bool {
        matches!(size_of::<T>(), 0 | 1 | 2 | 4 | 8) && align_of::<T>() >= size_of::<T>() && align_of::<T>() <= 8
    }

    /// As `crossbeam::atomic::AtomicCell::as_ptr`.
    pub const fn as_ptr(&self) -> *mut T {
        self.value.get()
    }

    fn replace(&self, value: T) -> T {
        // SAFETY: no other task runs, and no code of the program does while the value is exchanged.
        std::mem::replace(unsafe { &mut *self.value.get() }, value)
    }

    fn acquire(&self) {
        self.clock.with(|clock| engine::acquire(clock));
    }

    /// As `crossbeam::atomic::AtomicCell::store`.
    #[track_caller]
    pub fn store(&self, val: T) {
        engine::point("store", &self.object);
        self.clock.with(engine::release_into);
        drop(self.replace(val));
    }

    #[track_caller]
    fn exchange(&self, operation: &'static str, value: T) -> T {
        engine::point(operation, &self.object);
        self.acquire();
        self.clock.with(engine::release);
        self.replace(value)
    }

    /// As `crossbeam::atomic::AtomicCell::swap`.
    #[track_caller]
    pub fn swap(&self, val: T) -> T {
        self.exchange("swap", val)
    }
}

impl<T: Default> AtomicCell<T> {
    /// As `crossbeam::atomic::AtomicCell::take`.
    #[track_caller]
    pub fn take(&self) -> T {
        self.exchange("take", T::default())
    }
}

impl<T: Copy> AtomicCell<T> {
    fn get(&self) -> T {
        // SAFETY: no other task runs.
        unsafe { *self.value.get() }
    }

    /// As `crossbeam::atomic::AtomicCell::load`.
    #[track_caller]
    pub fn load(&self) -> T {
        engine::point("load", &self.object);
        self.acquire();
        self.get()
    }

    /// Computes the new value in one step. Returns the old one.
    #[track_caller]
    fn modify(&self, operation: &'static str, new: impl FnOnce(T) -> T) -> T {
        engine::point(operation, &self.object);
        self.acquire();
        self.clock.with(engine::release);
        let old = self.get();
        self.replace(new(old));
        old
    }
}

impl<T: Copy + Eq> AtomicCell<T> {
    /// As `crossbeam::atomic::AtomicCell::compare_exchange`.
    ///
    /// # Errors
    /// If the value is another than `current`: that value.
    #[track_caller]
    pub fn compare_exchange(&self, current: T, new: T) -> Result<T, T> {
        engine::point("compare_exchange", &self.object);
        self.acquire();
        let old = self.get();
        if old != current {
            engine::note(|| "it is another value".to_owned());
            return Err(old);
        }
        self.clock.with(engine::release);
        self.replace(new);
        Ok(old)
    }

    /// As `crossbeam::atomic::AtomicCell::compare_and_swap`.
    #[deprecated(note = "Use `compare_exchange` instead")]
    #[track_caller]
    pub fn compare_and_swap(&self, current: T, new: T) -> T {
        self.compare_exchange(current, new).unwrap_or_else(|old| old)
    }

    /// As `crossbeam::atomic::AtomicCell::fetch_update`: others may act between its steps.
    ///
    /// # Errors
    /// If `f` gives no new value: the value that it was given.
    #[track_caller]
    pub fn fetch_update<F>(&self, mut f: F) -> Result<T, T>
    where
        F: FnMut(T) -> Option<T>,
    {
        let mut seen = self.load();
        while let Some(new) = f(seen) {
            match self.compare_exchange(seen, new) {
                Ok(old) => return Ok(old),
                Err(newer) => seen = newer,
            }
        }
        Err(seen)
    }
}

macro_rules! modifications {
    ($type:ty: $($name:ident $new:expr;)*) => {
        impl AtomicCell<$type> {
            $(
                #[doc = concat!("As `crossbeam::atomic::AtomicCell::", stringify!($name), "`.")]
                #[track_caller]
                pub fn $name(&self, val: $type) -> $type {
                    let new: fn($type, $type) -> $type = $new;
                    let old = self.modify(stringify!($name), |old| new(old, val));
                    engine::note(|| format!("{old} → {}", new(old, val)));
                    old
                }
            )*
        }
    };
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        modifications! { $type:
            fetch_add |old, by| old.wrapping_add(by);
            fetch_sub |old, by| old.wrapping_sub(by);
            fetch_and |old, with| old & with;
            fetch_nand |old, with| !(old & with);
            fetch_or |old, with| old | with;
            fetch_xor |old, with| old ^ with;
            fetch_max |old, other| old.max(other);
            fetch_min |old, other| old.min(other);
        }
    )*};
}

integers! { u8 i8 u16 i16 u32 i32 u64 i64 u128 i128 usize isize }

modifications! { bool:
    fetch_and |old, with| old & with;
    fetch_nand |old, with| !(old & with);
    fetch_or |old, with| old | with;
    fetch_xor |old, with| old ^ with;
}

impl<T: Default> Default for AtomicCell<T> {
    #[track_caller]
    fn default() -> Self {
        AtomicCell::new(T::default())
    }
}

impl<T> From<T> for AtomicCell<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        AtomicCell::new(value)
    }
}

impl<T: Copy + fmt::Debug> fmt::Debug for AtomicCell<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AtomicCell").field("value", &self.get()).finish()
    }
}
