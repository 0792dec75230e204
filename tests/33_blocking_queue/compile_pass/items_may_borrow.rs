//! Items may borrow, and so may the threads that use the queue: nothing is tied to `'static`.
use subject::Queue;
fn main() {
    let text = String::from("to be or not");
    let queue = Queue::unbounded();
    std::thread::scope(|scope| {
        scope.spawn(|| text.split(' ').for_each(|word| queue.put(word).unwrap()));
        scope.spawn(|| queue.get().unwrap().len());
    });
}
