//! A guard of a value that threads must not share (a `Cell`) is not shared either.
use std::cell::Cell;
use subject::RwLock;
fn main() {
    let lock = RwLock::new(Cell::new(0));
    let guard = lock.write().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| guard.set(1)); //~ E0277
    });
}
