//! Every way to the value returns the result types of std.
use std::ops::{Deref, DerefMut};
use std::sync::{LockResult, TryLockResult};
use subject::{Guard, Lock};
fn reads(_: &impl Deref<Target = i32>) {}
fn writes(_: &mut impl DerefMut<Target = i32>) {}
fn main() {
    let mut lock: Lock<i32> = Lock::new(0);
    let guard: LockResult<Guard<'_, i32>> = lock.lock();
    reads(&guard.unwrap());
    let guard: TryLockResult<Guard<'_, i32>> = lock.try_lock();
    writes(&mut guard.unwrap());
    let poisoned: bool = lock.is_poisoned();
    lock.clear_poison();
    let value: LockResult<&mut i32> = lock.get_mut();
    *value.unwrap() += 1;
    let value: LockResult<i32> = lock.into_inner();
    println!("{poisoned} {}", value.unwrap());
}
