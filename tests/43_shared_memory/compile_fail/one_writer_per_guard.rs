//! A guard lends its numbers to one writer at a time.
use subject::SharedArray;

fn main() {
    let array = SharedArray::new(&[1, 2, 3]).unwrap();
    let mut guard = array.lock().unwrap();
    let first = &mut guard[..1];
    let second = &mut guard[..1]; //~ E0499
    std::mem::swap(&mut first[0], &mut second[0]);
}
