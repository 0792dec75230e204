//! A lock around a `Cell` may move to another thread.
use std::cell::Cell;
use subject::RwLock;
fn main() {
    let lock = RwLock::new(Cell::new(0));
    std::thread::spawn(move || lock.write().unwrap().set(1)).join().unwrap();
}
