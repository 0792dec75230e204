//! A slice of an array's numbers does not outlive the guard that lends it.
use subject::SharedArray;

fn main() {
    let array = SharedArray::new(&[1, 2, 3]).unwrap();
    let mut guard = array.lock().unwrap();
    let numbers: &mut [i32] = &mut guard[1..];
    drop(guard); //~ E0505
    numbers[0] = 7;
}
