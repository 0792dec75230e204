//! The guard of an array cannot be sent to another thread, nor can the news that its last owner died.
use subject::{OwnerDied, SharedArray};

fn sends<T: Send>(_: T) {}

fn look(died: OwnerDied<'_, [i32]>) {
    sends(died); //~ E0277
}

fn main() {
    let array = SharedArray::new(&[1, 2]).unwrap();
    let guard = match array.lock() {
        Ok(guard) => guard,
        Err(died) => return look(died),
    };
    sends(guard); //~ E0277
}
