//! The guard of a value cannot be sent to another thread: only the thread that took the lock can release it.
use subject::SharedValue;

fn main() {
    let value = SharedValue::new(0).unwrap();
    let guard = value.lock().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| drop(guard)); //~ E0277
    });
}
