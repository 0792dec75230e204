//! An item belongs to the queue once it is put.
use subject::Queue;
fn main() {
    let queue = Queue::bounded(1);
    let item = String::from("item");
    queue.put(item).unwrap();
    println!("{item}"); //~ E0382
}
