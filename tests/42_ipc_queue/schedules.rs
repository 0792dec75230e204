//! Stories of a few connections to one queue, each told along every schedule.
//!
//! Mostly the main thread plays the peers, in the bytes of the brief: then the only threads are those of the queue.

use harness::{actor, expect, expect_eq, note, quiesce, scenario};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use subject::{Consumer, Producer, Queue};

/// The other side of a connection, and what it is called in the lanes.
struct Peer(UnixStream, &'static str);

impl Drop for Peer {
    fn drop(&mut self) {
        note(&format!("{} leaves", self.1));
    }
}

impl Peer {
    fn new(queue: &Queue, name: &'static str) -> Peer {
        Peer(connect(queue), name)
    }

    fn say(&self, request: &[u8]) {
        note(&format!("{} says {}", self.1, char::from(request[0])));
        (&self.0).write_all(request).expect("the queue listens");
    }

    /// The next answer, in words.
    fn answer(&self) -> String {
        let mut first = [0];
        let answer = match (&self.0).read(&mut first) {
            Ok(1) => self.rest(first[0]),
            _ => "the end of the stream".into(),
        };
        note(&format!("{} hears {answer}", self.1));
        answer
    }

    /// The next answer, if there is one when everything that can happen has happened.
    fn answer_at_rest(&self) -> String {
        quiesce();
        let mut first = [0];
        self.0.set_nonblocking(true).expect("a socket can be set to non-blocking");
        let result = (&self.0).read(&mut first);
        self.0.set_nonblocking(false).expect("a socket can be set to blocking");
        let answer = match result {
            Ok(1) => self.rest(first[0]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => "nothing".into(),
            _ => "the end of the stream".into(),
        };
        note(&format!("{} hears {answer}", self.1));
        answer
    }

    fn rest(&self, first: u8) -> String {
        if first != b'I' {
            return char::from(first).into();
        }
        // Items are single bytes here.
        let mut header = [0; 9];
        match (&self.0).read_exact(&mut header) {
            Ok(()) => format!("I {} \"{}\"", header[3], char::from(header[8])),
            Err(_) => "half an item".into(),
        }
    }

    /// Says this, and hears that.
    #[track_caller]
    fn asks(&self, request: &[u8], expected: &str, about: &str) {
        self.say(request);
        expect_eq!(self.answer(), expected, about);
    }
}

const PUT_A: &[u8] = b"P\0\0\0\x01a";
const PUT_B: &[u8] = b"P\0\0\0\x01b";

fn connect(queue: &Queue) -> UnixStream {
    queue.connect().expect("the system has room for a socket pair")
}

fn get(consumer: &mut Consumer) -> String {
    match consumer.get() {
        Ok(Some(delivery)) => {
            let text = delivery.bytes().escape_ascii().to_string();
            delivery.ack().map_or_else(|error| format!("{error:?}"), |()| text)
        }
        Ok(None) => "None".into(),
        Err(error) => format!("{error:?}"),
    }
}

/// A producer and a consumer move two items through a queue of this capacity, and the consumer is told the end.
fn two_items(capacity: usize) {
    let queue = Queue::bounded(capacity);
    let stream = connect(&queue);
    let producer = actor("producer", move || {
        let mut producer = Producer::new(stream);
        [producer.put(b"a"), producer.put(b"b")]
    });
    let mut consumer = Consumer::new(connect(&queue));
    expect_eq!(get(&mut consumer), "a", "the first item");
    expect_eq!(get(&mut consumer), "b", "the second item");
    expect_eq!(producer.finish(), [Ok(()), Ok(())], "putting two items");
    queue.close();
    expect_eq!(get(&mut consumer), "None", "get from the closed queue");
}

/// Two items go through a queue of capacity 1, in any order of asking: every `put` and `get` that waits is answered.
///
/// Next: an acknowledgement makes room: does the put that waits for it hear of that?
#[scenario]
fn two_items_through_capacity_1() {
    two_items(1);
}

/// Two items go through a queue of capacity 2, in any order of asking.
///
/// Next: between "there is nothing" and "I wait" nothing may happen: both belong under one hold of the lock.
#[scenario]
fn two_items_through_capacity_2() {
    two_items(2);
}

/// Of two puts that come at the same time, a queue of capacity 1 takes one.
///
/// Next: looking for room and taking the item is one step, under one hold of the lock.
#[scenario(negated)]
fn two_puts_and_room_for_one() {
    let queue = Queue::bounded(1);
    let peers = [(PUT_A, "peer 1"), (PUT_B, "peer 2")].map(|(request, name)| {
        let peer = Peer::new(&queue, name);
        peer.say(request);
        peer
    });
    let [first, second] = &peers;
    let answers = [first.answer_at_rest(), second.answer_at_rest()];
    let one = answers == ["K", "nothing"] || answers == ["nothing", "K"];
    expect!(one, "the answers to two puts, with capacity 1", "K for one of them", format!("{answers:?}"));
}

/// Two consumers that acknowledge at the same time leave the queue empty: the next `get` is told the end.
///
/// Next: the number of items that are held is changed by several threads; each change is one step, under the lock.
#[scenario]
fn two_acknowledgements_at_once() {
    let queue = Queue::bounded(2);
    let peers = [(PUT_A, "I 0 \"a\"", "peer 1"), (PUT_B, "I 0 \"b\"", "peer 2")].map(|(request, item, name)| {
        let peer = Peer::new(&queue, name);
        peer.asks(request, "K", "putting an item into a queue with room");
        peer.asks(b"G", item, "getting the only item that waits");
        peer
    });
    peers.iter().for_each(|peer| peer.say(b"A"));
    for peer in &peers {
        expect_eq!(peer.answer(), "K", "the answer to A");
    }
    queue.close();
    let [first, _second] = &peers;
    first.say(b"G");
    expect_eq!(first.answer_at_rest(), "E", "the answer to G, when the queue is closed and both items acknowledged");
}

/// An item that is being given to a consumer while that one leaves is not lost.
///
/// Next: the item is out from the moment when it is taken from those that wait, before a byte of it is written.
#[scenario]
fn a_consumer_leaves_while_it_is_given_an_item() {
    let queue = Queue::bounded(1);
    let leaving = Peer::new(&queue, "the leaving one");
    leaving.say(b"G");
    let peer = Peer::new(&queue, "the peer");
    peer.say(PUT_A);
    drop(leaving);
    expect_eq!(peer.answer(), "K", "putting an item into a queue with room");
    peer.say(b"G");
    let answer = peer.answer_at_rest();
    let whole = answer == "I 0 \"a\"" || answer == "I 1 \"a\"";
    expect!(whole, "the answer to G, when another consumer that asked before has left", "the item", answer);
}

/// A consumer that comes, or waits, while the empty queue is closed is told the end.
///
/// Next: `close` changes what a waiting `get` looks at: under the same lock, and before it wakes anybody.
#[scenario]
fn a_get_while_the_queue_is_closed() {
    let queue = Queue::bounded(1);
    let peer = Peer::new(&queue, "the peer");
    peer.say(b"G");
    queue.close();
    expect_eq!(peer.answer_at_rest(), "E", "the answer to G, when the empty queue was closed before it or behind it");
}

/// A put that comes, or waits for room, while the queue is closed is refused.
///
/// Next: `close` concerns puts that wait, too.
#[scenario(negated)]
fn a_put_while_the_queue_is_closed() {
    let queue = Queue::bounded(1);
    let peer = Peer::new(&queue, "the peer");
    peer.asks(PUT_A, "K", "putting an item into a queue with room");
    let late = Peer::new(&queue, "the late one");
    late.say(PUT_B);
    queue.close();
    expect_eq!(late.answer_at_rest(), "C", "the answer to a put into a full queue that is closed");
}

/// Of two consumers that ask a closed queue for its last item, the one without it waits, until the other one is done.
///
/// Next: from "it waits" to "it is out" is one step: in between, the queue must not look empty.
#[scenario]
fn two_gets_and_one_last_item() {
    let queue = Queue::bounded(1);
    let [first, second] = [Peer::new(&queue, "peer 1"), Peer::new(&queue, "peer 2")];
    first.asks(PUT_A, "K", "putting an item into a queue with room");
    queue.close();
    first.say(b"G");
    second.say(b"G");
    let answers = [first.answer_at_rest(), second.answer_at_rest()];
    let (taker, other) = if answers[0] == "nothing" { (second, first) } else { (first, second) };
    let one = answers == ["nothing", "I 0 \"a\""] || answers == ["I 0 \"a\"", "nothing"];
    expect!(
        one,
        "the answers to G of two consumers",
        "the item for one, nothing for the other",
        format!("{answers:?}")
    );
    drop(taker);
    expect_eq!(other.answer_at_rest(), "I 1 \"a\"", "a consumer that waits, when the one with the last item leaves");
}

/// The last item is acknowledged while another consumer asks: that one is told the end.
///
/// Next: an acknowledgement may be what a waiting `get` waits for.
#[scenario]
fn the_last_acknowledgement_and_a_get() {
    let queue = Queue::bounded(1);
    let holder = Peer::new(&queue, "the holder");
    holder.asks(PUT_A, "K", "putting an item into a queue with room");
    holder.asks(b"G", "I 0 \"a\"", "getting it");
    queue.close();
    let other = Peer::new(&queue, "the other");
    other.say(b"G");
    holder.say(b"A");
    expect_eq!(other.answer_at_rest(), "E", "the answer to G, when the last item of a closed queue is acknowledged");
    expect_eq!(holder.answer(), "K", "the answer to A");
}

/// An item that comes back finds the consumer that waits for it, even if a put waits as well.
///
/// Next: who is woken must be somebody who can go on; with one place to wait for all, wake all.
#[scenario]
fn an_item_comes_back_among_several_that_wait() {
    let queue = Queue::bounded(1);
    let holder = Peer::new(&queue, "the holder");
    holder.asks(PUT_A, "K", "putting an item into a queue with room");
    holder.asks(b"G", "I 0 \"a\"", "getting it");
    let [putting, getting] = [Peer::new(&queue, "the producer"), Peer::new(&queue, "the consumer")];
    putting.say(PUT_B);
    getting.say(b"G");
    drop(holder);
    expect_eq!(getting.answer_at_rest(), "I 1 \"a\"", "a consumer that waits, when the one with the item leaves");
    getting.say(b"A");
    expect_eq!(putting.answer(), "K", "a put that waits for room, when the item is acknowledged");
}

/// A peer that asks while the queue is dropped hears its end.
///
/// Next: every connection is among those that the drop ends, from the moment when it exists.
#[scenario]
fn a_get_while_the_queue_is_dropped() {
    let queue = Queue::bounded(1);
    let stream = connect(&queue);
    let consumer = actor("consumer", move || get(&mut Consumer::new(stream)));
    drop(queue);
    expect_eq!(consumer.finish(), "Disconnected", "get, when the queue is dropped before it or behind it");
}
