//! A job goes to another thread: one that holds an `Rc` cannot.
use std::rc::Rc;
use subject::{Job, run_all};

fn main() {
    let shared = Rc::new(1);
    let _ = run_all(vec![Job::new("job", move || *shared)]); //~ E0277
}
