//! The value may borrow from somewhere else.
use subject::Lock;
fn main() {
    let text = String::from("borrowed");
    let lock = Lock::new(text.as_str());
    std::thread::scope(|scope| {
        scope.spawn(|| *lock.lock().unwrap() = &text[1..]);
    });
    println!("{}", lock.into_inner().unwrap());
}
