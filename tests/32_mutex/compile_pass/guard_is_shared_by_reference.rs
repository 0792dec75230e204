//! A guard of a value that can be sent and shared may be looked through by another thread.
use subject::Lock;
fn main() {
    let lock = Lock::new(String::from("shared"));
    let guard = lock.lock().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| println!("{}", guard.len()));
    });
}
