//! Values and arrays, other objects of the same memory, and what came of locking them.

use subject::{Guard, OwnerDied, SharedArray, SharedValue, TryLockError};

pub(super) fn value(initial: i64) -> SharedValue {
    SharedValue::new(initial).expect("the system has room for a little memory")
}

pub(super) fn array(initial: &[i32]) -> SharedArray {
    SharedArray::new(initial).expect("the system has room for a little memory")
}

pub(super) fn same_value(value: &SharedValue) -> SharedValue {
    SharedValue::from_fd(value.descriptor().expect("descriptor() succeeds"))
        .expect("from_fd() takes a descriptor of descriptor()")
}

pub(super) fn same_array(array: &SharedArray) -> SharedArray {
    SharedArray::from_fd(array.descriptor().expect("descriptor() succeeds"))
        .expect("from_fd() takes a descriptor of descriptor()")
}

/// What `lock` returned, and lets go of it.
pub(super) fn locking<T: ?Sized>(result: Result<Guard<'_, T>, OwnerDied<'_, T>>) -> &'static str {
    match result {
        Ok(_) => "a guard",
        Err(_) => "OwnerDied",
    }
}

/// What `try_lock` returned, and lets go of it.
pub(super) fn trying<T: ?Sized>(result: Result<Guard<'_, T>, TryLockError<'_, T>>) -> &'static str {
    match result {
        Ok(_) => "a guard",
        Err(TryLockError::OwnerDied(_)) => "OwnerDied",
        Err(TryLockError::WouldBlock) => "WouldBlock",
    }
}

/// The guard of a lock that nobody has died with.
#[track_caller]
pub(super) fn entered<'a, T: ?Sized>(result: Result<Guard<'a, T>, OwnerDied<'a, T>>, about: &str) -> Guard<'a, T> {
    result.unwrap_or_else(|_| harness::unmet(about, "a guard", "OwnerDied"))
}

/// What follows the death of an owner.
#[track_caller]
pub(super) fn in_doubt<'a, T: ?Sized>(result: Result<Guard<'a, T>, OwnerDied<'a, T>>, about: &str) -> OwnerDied<'a, T> {
    result.err().unwrap_or_else(|| harness::unmet(about, "OwnerDied", "a guard"))
}

/// A thread locks, leaks the guard and ends.
pub(super) fn dies_with(value: &SharedValue) {
    std::thread::scope(|scope| scope.spawn(|| std::mem::forget(value.lock())).join().expect("leaking does not panic"));
}
