//! Two `next` futures of one stream cannot exist at the same time.
use subject::{generator, next};

async fn both() {
    let mut numbers = generator(async |y| y.emit(1).await);
    let first = next(&mut numbers);
    let second = next(&mut numbers); //~ E0499
    second.await;
    first.await;
}

fn main() {
    drop(both());
}
