//! [`AtomicPtr`].

use super::ordering::Ordering;
use super::value::{Atomic, Value, common_methods, read_modify_write};
use crate::engine;
use std::cell::RefCell;
use std::fmt;
use std::panic::RefUnwindSafe;
use std::ptr;

impl<T> Value for *mut T {
    fn to_bits(self) -> u64 {
        self.expose_provenance() as u64
    }

    fn from_bits(bits: u64) -> Self {
        ptr::with_exposed_provenance_mut(bits as usize)
    }

    fn show(self) -> String {
        name(self.addr())
    }
}

thread_local! {
    /// The addresses shown so far in an execution.
    static SHOWN: RefCell<(u32, Vec<usize>)> = const { RefCell::new((0, Vec::new())) };
}

/// Addresses differ from run to run and say nothing: they are numbered as they appear.
fn name(address: usize) -> String {
    if address == 0 {
        return "null".to_owned();
    }
    SHOWN.with_borrow_mut(|(epoch, shown)| {
        if *epoch != engine::epoch() {
            *epoch = engine::epoch();
            shown.clear();
        }
        let known = shown.iter().position(|known| *known == address);
        let index = known.unwrap_or_else(|| {
            shown.push(address);
            shown.len() - 1
        });
        format!("pointer #{}", index + 1)
    })
}

/// The stand-in for [`std::sync::atomic::AtomicPtr`].
pub struct AtomicPtr<T>(Atomic<*mut T>);

impl<T> RefUnwindSafe for AtomicPtr<T> {}

impl<T> AtomicPtr<T> {
    common_methods!(*mut T, "std::sync::atomic::AtomicPtr");
    read_modify_write!("std::sync::atomic::AtomicPtr", *mut T, fetch_ptr_add(count: usize), |old| old.wrapping_add(count));
    read_modify_write!("std::sync::atomic::AtomicPtr", *mut T, fetch_ptr_sub(count: usize), |old| old.wrapping_sub(count));
    read_modify_write!("std::sync::atomic::AtomicPtr", *mut T, fetch_byte_add(count: usize), |old| old
        .wrapping_byte_add(count));
    read_modify_write!("std::sync::atomic::AtomicPtr", *mut T, fetch_byte_sub(count: usize), |old| old
        .wrapping_byte_sub(count));
    read_modify_write!("std::sync::atomic::AtomicPtr", *mut T, fetch_or(bits: usize), |old| old
        .map_addr(|address| address | bits));
    read_modify_write!("std::sync::atomic::AtomicPtr", *mut T, fetch_and(bits: usize), |old| old
        .map_addr(|address| address & bits));
    read_modify_write!("std::sync::atomic::AtomicPtr", *mut T, fetch_xor(bits: usize), |old| old
        .map_addr(|address| address ^ bits));
}

impl<T> fmt::Debug for AtomicPtr<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.peek(), formatter)
    }
}

impl<T> fmt::Pointer for AtomicPtr<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Pointer::fmt(&self.0.peek(), formatter)
    }
}

impl<T> Default for AtomicPtr<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(ptr::null_mut())
    }
}

impl<T> From<*mut T> for AtomicPtr<T> {
    #[track_caller]
    fn from(pointer: *mut T) -> Self {
        Self::new(pointer)
    }
}
