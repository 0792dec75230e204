//! A queue of items that must stay on their thread (`Rc`) stays there too.
use std::rc::Rc;
use subject::Queue;
fn main() {
    let item = Rc::new(0);
    let queue = Queue::unbounded();
    queue.put(Rc::clone(&item)).unwrap();
    std::thread::spawn(move || drop(queue)); //~ E0277
    drop(item);
}
