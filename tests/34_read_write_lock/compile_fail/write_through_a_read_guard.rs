//! A read guard gives no way to change the value.
use subject::RwLock;
fn main() {
    let lock = RwLock::new(vec![1]);
    let guard = &mut lock.read().unwrap();
    guard.push(2); //~ E0596
}
