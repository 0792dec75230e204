//! A guard of a value that threads may share can be lent to another thread.
use subject::{RwLock, WriteGuard};
fn main() {
    let lock = RwLock::new(vec![1]);
    let guard = lock.write().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| guard.len());
    });
    let guard = WriteGuard::downgrade(guard);
    std::thread::scope(|scope| {
        scope.spawn(|| guard.len());
    });
}
