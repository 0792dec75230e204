//! Threads share a queue; producers, consumers and deliveries move to other threads.
use subject::{Consumer, Producer, Queue};

fn main() {
    let queue = Queue::bounded(2);
    std::thread::scope(|scope| {
        let mut producer = Producer::new(queue.connect().unwrap());
        scope.spawn(move || producer.put(b"item").unwrap());
        let (queue, mut consumer) = (&queue, Consumer::new(queue.connect().unwrap()));
        scope.spawn(move || {
            let delivery = consumer.get().unwrap().unwrap();
            let bytes = delivery.bytes().to_vec();
            std::thread::scope(|scope| {
                scope.spawn(move || delivery.ack().unwrap());
            });
            queue.close();
            assert_eq!(bytes, b"item");
            assert!(consumer.get().unwrap().is_none());
        });
    });
}
