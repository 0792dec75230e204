//! What starts workers may run on any thread, and so uses nothing that belongs to one.
use std::cell::Cell;
use std::rc::Rc;
use subject::{Pool, Worker};

fn worker() -> std::io::Result<Worker> {
    unimplemented!()
}

fn main() {
    let started = Rc::new(Cell::new(0));
    let count = move || {
        started.set(started.get() + 1);
        worker()
    };
    let _pool = Pool::new(1, count); //~ E0277
}
