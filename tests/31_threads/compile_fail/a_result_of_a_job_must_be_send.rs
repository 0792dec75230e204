//! The result of a job comes from another thread: an `Rc` cannot.
use std::rc::Rc;
use subject::{Job, run_all};

fn main() {
    let jobs = vec![Job::new("job", || Rc::new(1))];
    let _ = run_all(jobs); //~ E0277
}
