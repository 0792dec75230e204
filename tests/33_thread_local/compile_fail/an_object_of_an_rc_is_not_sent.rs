//! An object that goes to another thread takes its values with it: it cannot if one is an `Rc`.
use std::rc::Rc;
use subject::ThreadLocal;

fn sent<T: Send>(_: T) {}

fn check(local: ThreadLocal<Rc<i32>>) {
    sent(local); //~ E0277
}

fn main() {
    let _ = check;
}
