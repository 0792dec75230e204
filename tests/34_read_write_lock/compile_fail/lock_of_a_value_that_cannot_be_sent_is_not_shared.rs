//! A lock around a value that must stay on its thread (a `MutexGuard`) is not shared: a writer could take the value away.
use std::sync::Mutex;
use subject::RwLock;
fn main() {
    let (mutex, other) = (Mutex::new(0), Mutex::new(0));
    let lock = RwLock::new(mutex.lock().unwrap());
    std::thread::scope(|scope| {
        scope.spawn(|| drop(std::mem::replace(&mut *lock.write().unwrap(), other.lock().unwrap()))); //~ E0277
    });
}
