//! `get_mut` needs a lock that nobody else looks at, a guard included.
use subject::Lock;
fn main() {
    let mut lock = Lock::new(0);
    let guard = lock.lock().unwrap();
    *lock.get_mut().unwrap() += 1; //~ E0502
    println!("{}", *guard);
}
