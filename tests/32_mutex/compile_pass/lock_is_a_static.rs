//! A lock can be the value of a `static`.
use subject::Lock;
static VISITS: Lock<u32> = Lock::new(0);
static NAMES: Lock<Vec<String>> = Lock::new(Vec::new());
fn main() {
    *VISITS.lock().unwrap() += 1;
    NAMES.lock().unwrap().push(String::from("one"));
}
