//! A yielder cannot leave its body.
use subject::{Yielder, collect, generator};

fn keep(_: impl Sized + 'static) {}

fn main() {
    let numbers = generator(async |y: &mut Yielder<u8>| {
        keep(y); //~ E0521
    });
    drop(collect(numbers));
}
