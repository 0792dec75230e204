//! A lock cannot be taken apart while a guard is alive.
use subject::RwLock;
fn main() {
    let lock = RwLock::new(0);
    let mut guard = lock.write().unwrap();
    let value = lock.into_inner(); //~ E0505
    *guard += 1;
    drop(value);
}
