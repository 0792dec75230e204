//! A guard cannot outlive its lock.
use subject::RwLock;
fn main() {
    let guard;
    {
        let lock = RwLock::new(0);
        guard = lock.read().unwrap(); //~ E0597
    }
    println!("{}", *guard);
}
