//! A job may use up what it has captured; `f` may be a function or a reference; the panic of a job is a standard error.
use std::error::Error;
use subject::{Job, parallel_map, run_all};

fn work() -> Result<Vec<String>, Box<dyn Error + Send + Sync>> {
    let names = vec![String::from("a"), String::from("b")];
    let jobs = names.into_iter().map(|name| Job::new(name.clone(), move || name)).collect();
    run_all(jobs).into_iter().map(|result| Ok(result?)).collect()
}

fn main() {
    let lengths: Vec<usize> = parallel_map(vec!["a", "bc"], 2, str::len);
    let add = |length: usize| length + 1;
    let _: Vec<usize> = parallel_map(lengths, 2, &add);
    drop(work());
}
