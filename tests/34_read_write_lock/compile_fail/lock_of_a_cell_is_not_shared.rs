//! A lock around a value that threads must not share (a `Cell`) is not shared either: two readers would race.
use std::cell::Cell;
use subject::RwLock;
fn main() {
    let lock = RwLock::new(Cell::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| lock.read().unwrap().set(1)); //~ E0277
    });
}
