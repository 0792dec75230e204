//! A guard cannot outlive its lock.
use subject::Lock;
fn main() {
    let guard;
    {
        let lock = Lock::new(0);
        guard = lock.lock().unwrap(); //~ E0597
    }
    println!("{}", *guard);
}
