//! A guard cannot be sent to another thread.
use subject::Lock;
fn main() {
    let lock = Lock::new(0);
    let guard = lock.lock().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || drop(guard)); //~ E0277
    });
}
