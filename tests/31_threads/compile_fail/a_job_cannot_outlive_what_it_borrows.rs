//! A job that borrows is no good when what it has borrowed is gone.
use subject::{Job, run_all};

fn main() {
    let mut jobs = Vec::new();
    {
        let local = String::from("local");
        jobs.push(Job::new("job", || local.len())); //~ E0597
    }
    let _ = run_all(jobs);
}
