//! Two `emit` futures of one generator cannot exist at the same time.
use subject::{collect, generator};

fn main() {
    let numbers = generator(async |y| {
        let first = y.emit(1);
        let second = y.emit(2); //~ E0499
        second.await;
        first.await;
    });
    drop(collect(numbers));
}
