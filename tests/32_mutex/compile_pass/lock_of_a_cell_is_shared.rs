//! A lock around a value that can be sent, though not shared, can be shared: threads take turns with it.
use std::cell::Cell;
use std::sync::Arc;
use subject::Lock;
fn main() {
    let lock = Arc::new(Lock::new(Cell::new(0)));
    let theirs = Arc::clone(&lock);
    let thread = std::thread::spawn(move || theirs.lock().unwrap().set(1));
    thread.join().unwrap();
    println!("{}", lock.lock().unwrap().get());
}
