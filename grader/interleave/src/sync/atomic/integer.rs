//! Atomic integers.

use super::ordering::Ordering;
use super::value::{Atomic, Value, common_methods, read_modify_write};
use std::fmt;
use std::panic::RefUnwindSafe;

macro_rules! integer {
    ($atomic:ident, $value:ty, $std:literal) => {
        impl Value for $value {
            fn to_bits(self) -> u64 {
                self as u64
            }

            fn from_bits(bits: u64) -> Self {
                bits as Self
            }

            fn show(self) -> String {
                self.to_string()
            }
        }

        #[doc = concat!("The stand-in for [`", $std, "`].")]
        pub struct $atomic(Atomic<$value>);

        impl RefUnwindSafe for $atomic {}

        impl $atomic {
            common_methods!($value, $std);
            read_modify_write!($std, $value, fetch_add(value: $value), |old| old.wrapping_add(value));
            read_modify_write!($std, $value, fetch_sub(value: $value), |old| old.wrapping_sub(value));
            read_modify_write!($std, $value, fetch_and(value: $value), |old| old & value);
            read_modify_write!($std, $value, fetch_nand(value: $value), |old| !(old & value));
            read_modify_write!($std, $value, fetch_or(value: $value), |old| old | value);
            read_modify_write!($std, $value, fetch_xor(value: $value), |old| old ^ value);
            read_modify_write!($std, $value, fetch_max(value: $value), |old| old.max(value));
            read_modify_write!($std, $value, fetch_min(value: $value), |old| old.min(value));
        }

        impl fmt::Debug for $atomic {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0.peek(), formatter)
            }
        }

        impl Default for $atomic {
            #[track_caller]
            fn default() -> Self {
                Self::new(0)
            }
        }

        impl From<$value> for $atomic {
            #[track_caller]
            fn from(value: $value) -> Self {
                Self::new(value)
            }
        }
    };
}

#[cfg(target_has_atomic = "8")]
integer!(AtomicI8, i8, "std::sync::atomic::AtomicI8");
#[cfg(target_has_atomic = "8")]
integer!(AtomicU8, u8, "std::sync::atomic::AtomicU8");
#[cfg(target_has_atomic = "16")]
integer!(AtomicI16, i16, "std::sync::atomic::AtomicI16");
#[cfg(target_has_atomic = "16")]
integer!(AtomicU16, u16, "std::sync::atomic::AtomicU16");
#[cfg(target_has_atomic = "32")]
integer!(AtomicI32, i32, "std::sync::atomic::AtomicI32");
#[cfg(target_has_atomic = "32")]
integer!(AtomicU32, u32, "std::sync::atomic::AtomicU32");
#[cfg(target_has_atomic = "64")]
integer!(AtomicI64, i64, "std::sync::atomic::AtomicI64");
#[cfg(target_has_atomic = "64")]
integer!(AtomicU64, u64, "std::sync::atomic::AtomicU64");
#[cfg(target_has_atomic = "ptr")]
integer!(AtomicIsize, isize, "std::sync::atomic::AtomicIsize");
#[cfg(target_has_atomic = "ptr")]
integer!(AtomicUsize, usize, "std::sync::atomic::AtomicUsize");
