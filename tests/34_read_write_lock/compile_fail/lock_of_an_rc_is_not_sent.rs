//! A lock around a value that must stay on its thread (an `Rc`) stays there too.
use std::rc::Rc;
use subject::RwLock;
fn main() {
    let value = Rc::new(0);
    let lock = RwLock::new(Rc::clone(&value));
    std::thread::spawn(|| drop(lock)); //~ E0277
    drop(value);
}
