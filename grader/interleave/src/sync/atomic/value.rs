//! What all atomic types have in common.

use super::location::Location;
use super::ordering::Ordering;
use crate::engine;
use std::cell::UnsafeCell;

/// What an atomic can hold.
pub(super) trait Value: Copy {
    /// As bits: equal values, equal bits.
    fn to_bits(self) -> u64;

    /// From [`to_bits`](Value::to_bits).
    fn from_bits(bits: u64) -> Self;

    /// For a person.
    fn show(self) -> String;
}

/// A value and what is known of its past.
pub(super) struct Atomic<V> {
    location: Location,
    /// The newest value.
    value: UnsafeCell<V>,
}

// SAFETY: the value and the location are only touched by the one running task of an execution.
unsafe impl<V> Sync for Atomic<V> {}
// SAFETY: as above; a pointer in here gives no access to what it points to.
unsafe impl<V> Send for Atomic<V> {}

impl<V> Atomic<V> {
    #[track_caller]
    pub(super) const fn new(value: V) -> Self {
        Atomic { location: Location::new(), value: UnsafeCell::new(value) }
    }

    pub(super) fn get_mut(&mut self) -> &mut V {
        self.value.get_mut()
    }

    pub(super) fn into_inner(self) -> V {
        self.value.into_inner()
    }

    pub(super) const fn as_ptr(&self) -> *mut V {
        self.value.get()
    }
}

impl<V: Value> Atomic<V> {
    /// Does one operation: a point, then `action`.
    #[track_caller]
    fn operate<R>(&self, operation: &'static str, action: impl FnOnce(&Location, &mut V) -> R) -> R {
        engine::point(operation, &self.location.object);
        // SAFETY: no action here switches tasks or looks at the same value again.
        unsafe { engine::with(&self.value, |value| action(&self.location, value)) }
    }

    /// The newest value, without an operation: for a person who debugs.
    pub(super) fn peek(&self) -> V {
        // SAFETY: nothing in here switches tasks.
        unsafe { engine::with(&self.value, |value| *value) }
    }

    #[track_caller]
    pub(super) fn load(&self, order: Ordering) -> V {
        match order {
            Ordering::Release => panic!("there is no such thing as a release load"),
            Ordering::AcqRel => panic!("there is no such thing as an acquire-release load"),
            _ => self.load_as("load", order),
        }
    }

    #[track_caller]
    fn load_as(&self, operation: &'static str, order: Ordering) -> V {
        self.operate(operation, |location, value| {
            let bits = location.load(value.to_bits(), order);
            let (read, newest) = (V::from_bits(bits), *value);
            engine::note(|| {
                if bits == newest.to_bits() {
                    format!("= {}", read.show())
                } else {
                    format!("= {}, out of date: {} is stored", read.show(), newest.show())
                }
            });
            read
        })
    }

    #[track_caller]
    pub(super) fn store(&self, new: V, order: Ordering) {
        match order {
            Ordering::Acquire => panic!("there is no such thing as an acquire store"),
            Ordering::AcqRel => panic!("there is no such thing as an acquire-release store"),
            _ => self.operate("store", |location, value| {
                location.store(value.to_bits(), new.to_bits(), order);
                *value = new;
                engine::note(|| format!("= {}", new.show()));
            }),
        }
    }

    /// A read-modify-write.
    #[track_caller]
    pub(super) fn update(&self, operation: &'static str, order: Ordering, change: impl FnOnce(V) -> V) -> V {
        self.operate(operation, |location, value| {
            let old = *value;
            let new = change(old);
            location.update(old.to_bits(), new.to_bits(), order);
            *value = new;
            engine::note(|| format!("{} → {}", old.show(), new.show()));
            old
        })
    }

    #[track_caller]
    pub(super) fn exchange(
        &self,
        operation: &'static str,
        (current, new): (V, V),
        (success, failure): (Ordering, Ordering),
        may_fail: bool,
    ) -> Result<V, V> {
        match failure {
            Ordering::Release => panic!("there is no such thing as a release failure ordering"),
            Ordering::AcqRel => panic!("there is no such thing as an acquire-release failure ordering"),
            _ => {}
        }
        self.operate(operation, |location, value| {
            let found = *value;
            if found.to_bits() != current.to_bits() {
                location.load_newest(found.to_bits(), failure);
                engine::note(|| format!("expected {}, found {}", current.show(), found.show()));
                return Err(found);
            }
            if may_fail && location.fails_for_no_reason(found.to_bits()) {
                location.load_newest(found.to_bits(), failure);
                engine::note(|| format!("found {}, and failed nonetheless", found.show()));
                return Err(found);
            }
            location.update(found.to_bits(), new.to_bits(), success);
            *value = new;
            engine::note(|| format!("{} → {}", found.show(), new.show()));
            Ok(found)
        })
    }

    /// A load, and exchanges until one is made: each is a step, as in `std`.
    #[track_caller]
    pub(super) fn try_update(
        &self,
        operation: &'static str,
        set_order: Ordering,
        fetch_order: Ordering,
        mut change: impl FnMut(V) -> Option<V>,
    ) -> Result<V, V> {
        let mut old = match fetch_order {
            Ordering::Release | Ordering::AcqRel => self.load(fetch_order),
            _ => self.load_as(operation, fetch_order),
        };
        while let Some(new) = change(old) {
            match self.exchange(operation, (old, new), (set_order, fetch_order), true) {
                Ok(old) => return Ok(old),
                Err(found) => old = found,
            }
        }
        Err(old)
    }
}

/// The methods that every atomic type has: `$atomic` is the type, `$value` what it holds, `$std` the type that it stands for.
macro_rules! common_methods {
    ($value:ty, $std:literal) => {
        #[doc = concat!("As [`", $std, "::new`].")]
        #[track_caller]
        #[must_use]
        pub const fn new(value: $value) -> Self {
            Self(Atomic::new(value))
        }

        #[doc = concat!("As [`", $std, "::get_mut`].")]
        pub fn get_mut(&mut self) -> &mut $value {
            self.0.get_mut()
        }

        #[doc = concat!("As [`", $std, "::into_inner`].")]
        #[must_use]
        pub fn into_inner(self) -> $value {
            self.0.into_inner()
        }

        #[doc = concat!("As [`", $std, "::as_ptr`]. What is written through it must not compete with other tasks.")]
        #[must_use]
        pub const fn as_ptr(&self) -> *mut $value {
            self.0.as_ptr()
        }

        #[doc = concat!("As [`", $std, "::load`].")]
        ///
        /// # Panics
        /// If `order` is [`Ordering::Release`] or [`Ordering::AcqRel`].
        #[track_caller]
        pub fn load(&self, order: Ordering) -> $value {
            self.0.load(order)
        }

        #[doc = concat!("As [`", $std, "::store`].")]
        ///
        /// # Panics
        /// If `order` is [`Ordering::Acquire`] or [`Ordering::AcqRel`].
        #[track_caller]
        pub fn store(&self, value: $value, order: Ordering) {
            self.0.store(value, order);
        }

        #[doc = concat!("As [`", $std, "::swap`].")]
        #[track_caller]
        pub fn swap(&self, value: $value, order: Ordering) -> $value {
            self.0.update("swap", order, |_| value)
        }

        #[doc = concat!("As [`", $std, "::compare_and_swap`].")]
        #[deprecated = "as in std: use `compare_exchange` or `compare_exchange_weak`"]
        #[track_caller]
        pub fn compare_and_swap(&self, current: $value, new: $value, order: Ordering) -> $value {
            let failure = match order {
                Ordering::Release => Ordering::Relaxed,
                Ordering::AcqRel => Ordering::Acquire,
                order => order,
            };
            let (Ok(old) | Err(old)) = self.0.exchange("compare_and_swap", (current, new), (order, failure), false);
            old
        }

        #[doc = concat!("As [`", $std, "::compare_exchange`].")]
        ///
        /// # Errors
        /// If the value is not `current`: what it is.
        ///
        /// # Panics
        /// If `failure` is [`Ordering::Release`] or [`Ordering::AcqRel`].
        #[track_caller]
        pub fn compare_exchange(
            &self,
            current: $value,
            new: $value,
            success: Ordering,
            failure: Ordering,
        ) -> Result<$value, $value> {
            self.0.exchange("compare_exchange", (current, new), (success, failure), false)
        }

        #[doc = concat!("As [`", $std, "::compare_exchange_weak`]. It fails for no reason only in weak memory.")]
        ///
        /// # Errors
        /// If the value is not `current`, or for no reason: what it is.
        ///
        /// # Panics
        /// If `failure` is [`Ordering::Release`] or [`Ordering::AcqRel`].
        #[track_caller]
        pub fn compare_exchange_weak(
            &self,
            current: $value,
            new: $value,
            success: Ordering,
            failure: Ordering,
        ) -> Result<$value, $value> {
            self.0.exchange("compare_exchange_weak", (current, new), (success, failure), true)
        }

        #[doc = concat!("As [`", $std, "::fetch_update`].")]
        ///
        /// # Errors
        /// If `change` returns `None`: the value.
        ///
        /// # Panics
        /// If `fetch_order` is [`Ordering::Release`] or [`Ordering::AcqRel`].
        #[track_caller]
        pub fn fetch_update<F>(&self, set_order: Ordering, fetch_order: Ordering, change: F) -> Result<$value, $value>
        where
            F: FnMut($value) -> Option<$value>,
        {
            self.0.try_update("fetch_update", set_order, fetch_order, change)
        }

        #[doc = concat!("As [`", $std, "::try_update`].")]
        ///
        /// # Errors
        /// If `change` returns `None`: the value.
        ///
        /// # Panics
        /// If `fetch_order` is [`Ordering::Release`] or [`Ordering::AcqRel`].
        #[track_caller]
        pub fn try_update(
            &self,
            set_order: Ordering,
            fetch_order: Ordering,
            change: impl FnMut($value) -> Option<$value>,
        ) -> Result<$value, $value> {
            self.0.try_update("try_update", set_order, fetch_order, change)
        }

        #[doc = concat!("As [`", $std, "::update`].")]
        ///
        /// # Panics
        /// If `fetch_order` is [`Ordering::Release`] or [`Ordering::AcqRel`].
        #[track_caller]
        pub fn update(
            &self,
            set_order: Ordering,
            fetch_order: Ordering,
            mut change: impl FnMut($value) -> $value,
        ) -> $value {
            let updated = self.0.try_update("update", set_order, fetch_order, |value| Some(change(value)));
            match updated {
                Ok(old) | Err(old) => old,
            }
        }
    };
}

/// One read-modify-write method: its name, the new value as an expression, and what else its documentation says.
macro_rules! read_modify_write {
    ($std:literal, $result:ty, $method:ident($value:ident: $operand:ty), |$old:ident| $new:expr) => {
        #[doc = concat!("As [`", $std, "::", stringify!($method), "`].")]
        #[track_caller]
        pub fn $method(&self, $value: $operand, order: Ordering) -> $result {
            self.0.update(stringify!($method), order, |$old| $new)
        }
    };
}

pub(super) use {common_methods, read_modify_write};
