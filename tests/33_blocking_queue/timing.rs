//! How fast items get through, and how deep a queue may be.

use harness::workload;
use std::thread;
use subject::Queue;

/// Two producers and two consumers at a queue with room for 32.
#[workload]
fn two_producers_and_two_consumers(n: u64) -> u64 {
    let each = 2000 * n;
    let queue = Queue::bounded(32);
    thread::scope(|scope| {
        let producers = [0, 1].map(|producer| {
            let queue = &queue;
            scope.spawn(move || (0..each).for_each(|number| drop(queue.put(2 * number + producer))))
        });
        let consumers = [0, 1].map(|_| {
            scope.spawn(|| {
                let mut sum = 0;
                while let Ok(number) = queue.get() {
                    sum += number;
                    let _ = queue.task_done();
                }
                sum
            })
        });
        for producer in producers {
            let _ = producer.join();
        }
        queue.join();
        queue.shutdown(false);
        consumers.into_iter().map(|consumer| consumer.join().unwrap_or(0)).sum()
    })
}

/// A queue is filled with ten thousand items of 256 bytes, then emptied.
#[workload]
fn a_deep_queue_is_filled_and_emptied(n: u64) -> u64 {
    let mut mixed = 0u64;
    for round in 0..n {
        let queue = Queue::bounded(10_000);
        (0..10_000).for_each(|number| drop(queue.put([number + round; 32])));
        while let Ok(item) = queue.try_get() {
            mixed = mixed.wrapping_mul(31).wrapping_add(item[31]);
        }
    }
    mixed
}
