//! Closing: nothing goes in any more, and what is there still goes out.

use super::wire::{Raw, connect, got, put, queue_with, words};
use harness::{actor, expect, expect_eq, fact, quiesce};
use subject::{Consumer, Producer, Queue, QueueError};

/// A closed queue takes no item, refuses puts that wait for room, and gives out what it has.
///
/// Next: `close` concerns those that wait already, not only those who come later.
#[fact(negated)]
fn a_closed_queue_takes_nothing_and_gives_out_the_rest() {
    let (queue, producer) = queue_with(2, &["a", "b"]);
    let waiting = [Raw::new(&queue), Raw::new(&queue)];
    for peer in &waiting {
        peer.asks(put("never"), "nothing", "the answer to a put into a full queue");
    }
    queue.close();
    queue.close();
    for peer in &waiting {
        peer.hears("C", "the answer to each of two puts that wait for room, when the queue is closed");
    }
    producer.asks(put("never"), "C", "the answer to a put, when the queue is closed and full");
    let mut consumer = Consumer::new(connect(&queue));
    expect_eq!(got(&mut consumer), "0 \"a\"", "the first item of a closed queue");
    producer.asks(put("never"), "C", "the answer to a put, when the queue is closed and has room");
    expect_eq!(got(&mut consumer), "0 \"b\"", "the second item of a closed queue");
    expect_eq!(got(&mut consumer), "None", "get, when a closed queue is empty");
    expect_eq!(got(&mut consumer), "None", "get once more");
    let mut late = Producer::new(connect(&queue));
    expect_eq!(late.put(b"never"), Err(QueueError::Closed), "put by a producer that came after close");
}

/// `close` ends every `get` that waits, if the queue holds nothing.
///
/// Next: more than one may wait.
#[fact]
fn close_ends_every_get_that_waits() {
    let queue = Queue::bounded(1);
    let consumers: Vec<_> = (0..3)
        .map(|_| {
            let stream = connect(&queue);
            actor("consumer", move || got(&mut Consumer::new(stream)))
        })
        .collect();
    quiesce();
    expect!(!consumers.iter().any(|each| each.has_finished()), "get from an empty queue", "it waits", "it returned");
    queue.close();
    quiesce();
    let finished = consumers.iter().filter(|each| each.has_finished()).count();
    expect_eq!(finished, 3, "how many of three consumers that wait return, when the empty queue is closed");
    for consumer in consumers {
        expect_eq!(consumer.finish(), "None", "what get returns");
    }
}

/// Nobody is told the end while an item is out: its consumer may die, and then another one gets it.
///
/// Next: closed and nothing *waits* is not the end; closed and nothing is *held* is.
#[fact]
fn nobody_is_told_the_end_while_an_item_is_out() {
    let (queue, _producer) = queue_with(8, &["a", "b"]);
    let consumers = [(); 4].map(|()| Raw::new(&queue));
    consumers[0].asks("G", "I 0 \"a\"", "the first item");
    consumers[1].asks("G", "I 0 \"b\"", "the second item");
    queue.close();
    let about = "the answer to G, when the queue is closed, nothing waits and items are out";
    consumers[2].asks("G", "nothing", about);
    consumers[3].asks("G", "nothing", about);
    let [first, second, third, fourth] = consumers;
    first.asks("A", "K", "acknowledging the first item");
    third.hears("nothing", "a consumer that waits, when the first of two items that are out was acknowledged");
    fourth.hears("nothing", "a consumer that waits, when the first of two items that are out was acknowledged");
    drop(second);
    let (bytes, _) = third.arrived();
    let (taker, other) = if bytes.is_empty() { (fourth, third) } else { (third, fourth) };
    let seen = if bytes.is_empty() { taker.arrived().0 } else { bytes };
    expect_eq!(
        words(&seen, false),
        "I 1 \"b\"",
        "what one of two waiting consumers gets, when the one with the last item leaves"
    );
    other.hears("nothing", "the other waiting consumer, while the last item is out again");
    first.asks("G", "nothing", "the answer to G, while the last item is out again");
    taker.asks("A", "K", "acknowledging the last item");
    other.hears("E", "a consumer that waits, when the last item was acknowledged");
    first.hears("E", "another consumer that waits, when the last item was acknowledged");
    taker.asks("G", "E", "the answer to G, when the last item was acknowledged");
}
