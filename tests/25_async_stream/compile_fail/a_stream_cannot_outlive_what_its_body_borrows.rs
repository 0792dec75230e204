//! A stream cannot outlive what its body borrows.
use subject::{collect, generator};

fn main() {
    let items;
    {
        let words = vec![String::from("short-lived")];
        let borrowed = &words; //~ E0597
        items = generator(async move |y| {
            for word in borrowed {
                y.emit(word.len()).await;
            }
        });
    }
    drop(collect(items));
}
