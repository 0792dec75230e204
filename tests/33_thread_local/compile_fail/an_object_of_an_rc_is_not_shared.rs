//! Values are dropped by whoever drops the object: an `Rc` of one thread must not get into an object that others share.
use std::rc::Rc;
use subject::ThreadLocal;

fn shared<T: Sync>(_: &T) {}

fn check(local: &ThreadLocal<Rc<i32>>) {
    shared(local); //~ E0277
}

fn main() {
    let _ = check;
}
