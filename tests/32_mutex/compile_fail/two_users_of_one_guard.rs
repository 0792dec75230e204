//! A guard lends the value mutably to one user at a time.
use subject::Lock;
fn main() {
    let lock = Lock::new(0);
    let mut guard = lock.lock().unwrap();
    let first = &mut *guard;
    let second = &mut *guard; //~ E0499
    *first += 1;
    *second += 1;
}
