//! Coming back: items whose consumer has not acknowledged them.

use super::reports::{Reports, report};
use super::wire::{Raw, connect, put, queue_with};
use harness::{catch_panic, expect, expect_eq, fact, peer, quiesce};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use subject::Consumer;

/// A delivery that is dropped goes to a consumer that waits, and counts how often it has come back.
///
/// Next: `Drop` tells the queue; whoever waits for an item must hear of one that comes back.
#[fact(panics)]
fn a_dropped_delivery_goes_to_another_consumer() {
    let (queue, _producer) = queue_with(8, &["a"]);
    let mut first = Consumer::new(connect(&queue));
    let second = Raw::new(&queue);
    {
        let delivery = first.get().expect("there is a queue").expect("there is an item");
        second.asks("G", "nothing", "the answer to G, when the only item is out with another consumer");
        drop(delivery);
    }
    second.hears("I 1 \"a\"", "a consumer that waited, when the other one drops its delivery");
    second.asks("R", "K", "returning the item");
    let panicked = catch_panic(|| {
        let delivery = first.get().expect("there is a queue").expect("there is an item");
        expect_eq!(delivery.redelivered(), 2, "how often the item has come back");
        panic!("the consumer gives up");
    });
    expect!(panicked.is_err(), "a consumer that panics", "the panic gets out", "it did not");
    second.asks("G", "I 3 \"a\"", "the answer to G, after a consumer panicked with the item");
    second.asks("A", "K", "acknowledging the item");
    drop(second);
    Raw::new(&queue).asks("G", "nothing", "the answer to G, when the only item has been acknowledged");
}

/// Items that come back take their old places, before everything that was taken later.
///
/// Next: "at the front" is not enough when several come back: an item has a number from the moment when it is taken.
#[fact]
fn items_take_their_old_places() {
    for order in [[0, 1, 2], [2, 1, 0]] {
        let (queue, _producer) = queue_with(8, &["a", "b", "c", "d", "e"]);
        let mut consumers = [const { None }; 3];
        for (index, item) in ["a", "b", "c"].iter().enumerate() {
            let consumer = Raw::new(&queue);
            consumer.asks("G", &format!("I 0 \"{item}\""), "the items in their order");
            consumers[index] = Some(consumer);
        }
        for index in order {
            let consumer = consumers[index].take().expect("each of them comes back once");
            if index == 1 {
                consumer.asks("R", "K", "returning an item");
            }
            drop(consumer);
            quiesce();
        }
        let consumer = Raw::new(&queue);
        let about = format!("the items a to e in their order, after a, b and c came back (number {order:?})");
        for expected in ["I 1 \"a\"", "I 1 \"b\"", "I 1 \"c\"", "I 0 \"d\"", "I 0 \"e\""] {
            consumer.asks("G", expected, &about);
            consumer.asks("A", "K", "acknowledging an item");
        }
    }
}

#[peer]
fn takes_an_item_and_keeps_it(stream: UnixStream) {
    let mut report = report();
    let mut consumer = Consumer::new(stream);
    if let Ok(Some(delivery)) = consumer.get() {
        let _ = report.write_all(delivery.bytes());
        // Until it is killed.
        let _ = report.read(&mut [0]);
    }
}

/// A consumer process that is killed with an item has not lost it: another one gets it.
///
/// Next: a killed process says nothing; its socket ends. Who reads there at that moment?
#[fact(seconds = 5)]
fn a_killed_consumer_loses_nothing() {
    let (queue, producer) = queue_with(1, &["a"]);
    let reports = Reports::new();
    let mut process = reports.start("takes_an_item_and_keeps_it", connect(&queue));
    let (mut report, mut item) = (reports.accept(), [0]);
    let _ = report.read_exact(&mut item);
    expect_eq!(item, *b"a", "the item that a process got");
    let other = Raw::new(&queue);
    other.asks("G", "nothing", "the answer to G, while the only item is out with a process");
    producer.asks(put("b"), "nothing", "the answer to a put, while the only item that has room is out with a process");
    process.kill();
    other.hears("I 1 \"a\"", "a consumer that waited, when the process with the item was killed");
    other.asks("A", "K", "acknowledging it");
    producer.hears("K", "the put that waited for room");
}
