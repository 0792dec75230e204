//! [`AtomicBool`].

use super::ordering::Ordering;
use super::value::{Atomic, Value, common_methods, read_modify_write};
use std::fmt;
use std::panic::RefUnwindSafe;

impl Value for bool {
    fn to_bits(self) -> u64 {
        u64::from(self)
    }

    fn from_bits(bits: u64) -> Self {
        bits != 0
    }

    fn show(self) -> String {
        self.to_string()
    }
}

/// The stand-in for [`std::sync::atomic::AtomicBool`].
pub struct AtomicBool(Atomic<bool>);

impl RefUnwindSafe for AtomicBool {}

impl AtomicBool {
    common_methods!(bool, "std::sync::atomic::AtomicBool");
    read_modify_write!("std::sync::atomic::AtomicBool", bool, fetch_and(value: bool), |old| old & value);
    read_modify_write!("std::sync::atomic::AtomicBool", bool, fetch_nand(value: bool), |old| !(old & value));
    read_modify_write!("std::sync::atomic::AtomicBool", bool, fetch_or(value: bool), |old| old | value);
    read_modify_write!("std::sync::atomic::AtomicBool", bool, fetch_xor(value: bool), |old| old ^ value);

    /// As [`std::sync::atomic::AtomicBool::fetch_not`].
    #[track_caller]
    pub fn fetch_not(&self, order: Ordering) -> bool {
        self.0.update("fetch_not", order, |old| !old)
    }
}

impl fmt::Debug for AtomicBool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.peek(), formatter)
    }
}

impl Default for AtomicBool {
    #[track_caller]
    fn default() -> Self {
        Self::new(false)
    }
}

impl From<bool> for AtomicBool {
    #[track_caller]
    fn from(value: bool) -> Self {
        Self::new(value)
    }
}
