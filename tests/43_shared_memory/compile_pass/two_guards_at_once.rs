//! Guards of several objects can be held at once, and be handed over to a function.
use std::ops::DerefMut;
use subject::{Guard, OwnerDied, SharedArray, SharedValue};

fn store(mut value: Guard<'_, i64>, array: &mut Guard<'_, [i32]>) {
    value.set(i64::from(array[0]));
    let numbers: &mut [i32] = array.deref_mut();
    numbers.rotate_left(1);
}

fn describe<T: ?Sized>(died: OwnerDied<'_, T>) -> (String, Guard<'_, T>) {
    let error: &dyn std::error::Error = &died;
    (format!("{error} {died:?}"), died.recover())
}

fn main() -> std::io::Result<()> {
    let (value, array) = (SharedValue::new(0)?, SharedArray::new(&[1, 2])?);
    let mut numbers = array.lock().unwrap();
    store(value.lock().unwrap(), &mut numbers);
    drop(numbers);
    if let Err(died) = array.lock() {
        println!("{:?}", describe(died).0);
    }
    Ok(())
}
