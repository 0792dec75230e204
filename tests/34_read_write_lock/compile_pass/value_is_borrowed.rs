//! A lock may guard a value that borrows from somewhere else, and is not tied to `'static`.
use subject::RwLock;
fn main() {
    let mut text = String::from("text");
    let lock = RwLock::new(&mut text);
    std::thread::scope(|scope| {
        scope.spawn(|| lock.write().unwrap().push('!'));
    });
    println!("{}", lock.read().unwrap().len());
    drop(lock);
    println!("{text}");
}
