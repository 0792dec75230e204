//! An object cannot be dropped while its lock is held.
use subject::SharedValue;

fn main() {
    let value = SharedValue::new(1).unwrap();
    let guard = value.lock().unwrap();
    drop(value); //~ E0505
    println!("{}", guard.get());
}
