//! A lock around a value that cannot be sent cannot be sent either.
use std::rc::Rc;
use subject::Lock;
fn main() {
    let lock = Lock::new(Rc::new(0));
    std::thread::spawn(move || drop(lock)); //~ E0277
}
