//! An item cannot borrow from the local variables of the body that emits it.
use subject::{collect, generator};

fn main() {
    let lines = generator(async |y| {
        let line = String::from("a local variable of the body");
        y.emit(line.as_str()).await; //~ E0597
    });
    drop(collect(lines));
}
