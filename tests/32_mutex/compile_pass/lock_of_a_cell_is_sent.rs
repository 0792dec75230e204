//! A lock around a value that can be sent can be sent.
use std::cell::Cell;
use subject::Lock;
fn main() {
    let lock = Lock::new(Cell::new(0));
    std::thread::spawn(move || lock.into_inner().unwrap().get()).join().unwrap();
}
