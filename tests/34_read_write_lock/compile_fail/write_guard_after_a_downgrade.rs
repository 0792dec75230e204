//! A write guard is used up by its downgrade.
use subject::{RwLock, WriteGuard};
fn main() {
    let lock = RwLock::new(0);
    let mut guard = lock.write().unwrap();
    let reader = WriteGuard::downgrade(guard);
    *guard += 1; //~ E0382
    drop(reader);
}
