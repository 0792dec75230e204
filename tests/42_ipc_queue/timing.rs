//! How long items take through a queue, against the reference.

use harness::workload;
use subject::{Consumer, Producer, Queue};

/// One producer and one consumer, on threads of their own, move items of 400 bytes through a queue with room for 16.
#[workload(cpu)]
fn items_through_a_queue(n: u64) -> u64 {
    let queue = Queue::bounded(16);
    let count = n * 16;
    let stream = queue.connect().expect("the system has room for a socket pair");
    let producer = std::thread::spawn(move || {
        let mut producer = Producer::new(stream);
        for number in 0..count {
            producer.put(&[number.to_be_bytes(); 50].concat()).expect("the queue is open");
        }
    });
    let mut consumer = Consumer::new(queue.connect().expect("the system has room for a socket pair"));
    let mut checksum = 0u64;
    for _ in 0..count {
        let delivery = consumer.get().expect("there is a queue").expect("the queue is open");
        let number = delivery.bytes().last_chunk().copied().map_or(0, u64::from_be_bytes);
        checksum = checksum.wrapping_mul(31).wrapping_add(number);
        delivery.ack().expect("there is a queue");
    }
    producer.join().expect("the producer does not panic");
    checksum
}
