//! An error of an item can be compared, copied, sent to another thread and boxed.
use std::error::Error;
use subject::{ItemError, MAX_TEXT, dispatch};

fn first() -> Result<u64, Box<dyn Error + Send + Sync>> {
    let results = dispatch(Vec::new(), &[7], MAX_TEXT);
    Ok(results[0].clone()?)
}

fn main() {
    let error = std::thread::spawn(first).join().unwrap().unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&ItemError::NoWorker));
    assert_ne!(ItemError::WorkerDied, ItemError::Panicked(String::new()));
}
