//! A guard of a value that cannot be shared cannot be shared either.
use std::cell::Cell;
use subject::Lock;
fn main() {
    let lock = Lock::new(Cell::new(0));
    let guard = lock.lock().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| guard.set(1)); //~ E0277
    });
}
