//! A lock around a value that cannot be sent cannot be shared between threads.
use std::rc::Rc;
use subject::Lock;
fn main() {
    let lock = Lock::new(Rc::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| drop(lock.lock())); //~ E0277
    });
}
