//! A lock around a `Vec` is shared by threads that outlive the one that made it.
use std::sync::Arc;
use subject::RwLock;
fn main() {
    let lock = Arc::new(RwLock::new(vec![1]));
    let theirs = Arc::clone(&lock);
    let writer = std::thread::spawn(move || theirs.write().unwrap().push(2));
    writer.join().unwrap();
    println!("{}", lock.read().unwrap().len());
}
