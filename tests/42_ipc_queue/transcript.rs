//! The article's producer and consumer, with an end that does not depend on luck.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::thread;
use subject::{Consumer, Producer, Queue, QueueError};

/// One producer puts five numbers, one consumer squares them and is told when there is nothing more.
#[harness::transcript]
fn transcript() -> String {
    let text = Arc::new(Mutex::new(String::new()));
    let say = |text: &Arc<Mutex<String>>, line: &str| {
        writeln!(text.lock().expect("nobody panics"), "{line}").expect("a string takes everything");
    };
    let queue = Queue::bounded(8);
    let stream = queue.connect().expect("the system has room for a socket pair");
    let theirs = Arc::clone(&text);
    let producer = thread::spawn(move || {
        let mut producer = Producer::new(stream);
        for number in 1..=5 {
            producer.put(format!("{number}").as_bytes()).expect("the queue has room");
            say(&theirs, &format!("producer: put {number}"));
        }
        producer
    });
    let mut producer = producer.join().expect("the producer does not panic");
    queue.close();
    say(&text, "main: the queue is closed");
    let refused = producer.put(b"6") == Err(QueueError::Closed);
    say(&text, if refused { "producer: 6 is refused" } else { "producer: 6 is taken" });
    let stream = queue.connect().expect("the system has room for a socket pair");
    let theirs = Arc::clone(&text);
    let consumer = thread::spawn(move || {
        let mut consumer = Consumer::new(stream);
        while let Some(delivery) = consumer.get().expect("there is a queue") {
            let number: u32 = String::from_utf8_lossy(delivery.bytes()).parse().expect("a number was put");
            say(&theirs, &format!("consumer: {number} squared is {}", number * number));
            delivery.ack().expect("there is a queue");
        }
        say(&theirs, "consumer: there will be no more");
    });
    consumer.join().expect("the consumer does not panic");
    say(&text, "main: everything has been dealt with");
    text.lock().expect("nobody panics").clone()
}
