//! Items need not be `Sync`, `Clone`, `Debug` or comparable, and threads may share a queue of them.
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;
use subject::Queue;
struct Item(Cell<u32>);
fn main() {
    let queue = Arc::new(Queue::bounded(2));
    let theirs = Arc::clone(&queue);
    let producer = std::thread::spawn(move || theirs.put(Item(Cell::new(1))).unwrap());
    println!("{}", queue.get().ok().unwrap().0.get());
    producer.join().unwrap();
    queue.try_put(Item(Cell::new(2))).unwrap();
    let item = queue.put_timeout(Item(Cell::new(3)), Duration::ZERO).map_err(|error| error.into_item());
    drop((item, queue.try_get().ok(), queue.get_timeout(Duration::ZERO).ok()));
}
