//! Every way in returns the result types of std.
use std::ops::{Deref, DerefMut};
use std::sync::{LockResult, TryLockResult};
use subject::{ReadGuard, RwLock, WriteGuard};
fn reads(_: &impl Deref<Target = i32>) {}
fn writes(_: &mut impl DerefMut<Target = i32>) {}
fn main() {
    let lock: RwLock<i32> = RwLock::new(0);
    let guard: LockResult<ReadGuard<'_, i32>> = lock.read();
    reads(&guard.unwrap());
    let guard: TryLockResult<ReadGuard<'_, i32>> = lock.try_read();
    reads(&guard.unwrap());
    let guard: LockResult<WriteGuard<'_, i32>> = lock.write();
    writes(&mut guard.unwrap());
    let guard: TryLockResult<WriteGuard<'_, i32>> = lock.try_write();
    writes(&mut guard.unwrap());
    let poisoned: bool = lock.is_poisoned();
    lock.clear_poison();
    let value: LockResult<i32> = lock.into_inner();
    println!("{poisoned} {}", value.unwrap());
}
