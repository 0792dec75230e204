//! A lock cannot be taken apart while a guard is alive.
use subject::Lock;
fn main() {
    let lock = Lock::new(0);
    let guard = lock.lock().unwrap();
    let value = lock.into_inner(); //~ E0505
    println!("{} {}", *guard, value.is_ok());
}
