//! A queue of items that must stay on their thread (`Rc`) is not shared with another thread.
use std::rc::Rc;
use subject::Queue;
fn main() {
    let queue = Queue::bounded(1);
    queue.put(Rc::new(0)).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| drop(queue.get())); //~ E0277
    });
}
