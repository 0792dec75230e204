//! Without its lock an array has no elements.
use subject::SharedArray;

fn main() {
    let mut array = SharedArray::new(&[1, 2, 3]).unwrap();
    array[0] = 7; //~ E0608
    drop(array.lock().unwrap());
}
