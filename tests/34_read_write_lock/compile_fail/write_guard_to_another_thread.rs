//! A write guard cannot be sent to another thread.
use subject::RwLock;
fn main() {
    let lock = RwLock::new(0);
    let guard = lock.write().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| drop(guard)); //~ E0277
    });
}
