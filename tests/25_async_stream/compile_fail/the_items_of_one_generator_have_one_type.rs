//! All items of a generator have the same type.
use subject::{collect, generator};

fn main() {
    let items = generator(async |y| {
        y.emit(1).await;
        y.emit("two").await; //~ E0308
    });
    drop(collect(items));
}
