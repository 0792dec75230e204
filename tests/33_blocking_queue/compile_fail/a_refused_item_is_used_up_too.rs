//! An item that `try_put` refuses is in the error, and nowhere else.
use subject::Queue;
fn main() {
    let queue = Queue::bounded(1);
    let item = String::from("item");
    let error = queue.try_put(item).unwrap_err();
    println!("{item} {}", error.into_item()); //~ E0382
}
