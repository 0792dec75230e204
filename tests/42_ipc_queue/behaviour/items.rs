//! Putting and getting: items go through whole and in order, in the bytes of the brief, and each to one consumer.

use super::reports::{Reports, report};
use super::wire::{Raw, connect, got, item, put, queue_with, raw_queue};
use harness::{actor, expect, expect_eq, fact, peer, quiesce};
use std::collections::HashSet;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use subject::{Consumer, Producer, Queue, QueueError};

/// Items go through the queue unchanged and in the order in which they were taken, whichever producer put them.
///
/// Next: follow one small item: what does `put` write, what does the queue keep, what does `get` read?
#[fact]
fn items_go_through_in_order() {
    let queue = Queue::bounded(8);
    let mut producers = [Producer::new(connect(&queue)), Producer::new(connect(&queue))];
    let mut consumer = Consumer::new(connect(&queue));
    let items: [&[u8]; 5] = [b"first", b"", b"\0\xff\n", &[7; 3000], b"last"];
    for (index, item) in items.iter().enumerate() {
        expect_eq!(producers[index % 2].put(item), Ok(()), "putting an item into a queue with room");
    }
    for item in items {
        let expected = format!("0 \"{}\"", item.escape_ascii());
        expect_eq!(got(&mut consumer), expected, "the next of five items (how often it has come back, its bytes)");
    }
}

/// The queue speaks the language of the brief, whether requests arrive whole or one byte at a time.
///
/// Next: compare with the table in the brief, byte by byte; numbers have four bytes, the highest first.
#[fact]
fn the_queue_speaks_the_language_of_the_brief() {
    let (queue, peer) = queue_with(300, &[]);
    for byte in put([b'x'; 300]) {
        peer.say([byte]);
    }
    peer.hears("K", "the answer to a put whose bytes came one by one");
    peer.asks("G", "I 0 \"(300 bytes)\"", "the answer to G, when an item of 300 bytes waits");
    peer.asks(put("b"), "K", "the answer to a put on a connection that has an item out");
    peer.asks("R", "K", "the answer to R");
    peer.asks("G", "I 1 \"(300 bytes)\"", "the answer to G, after the item was returned");
    peer.asks("A", "K", "the answer to A");
    peer.asks("G", "I 0 \"b\"", "the answer to G, when the second item waits");
    peer.asks("A", "K", "the answer to A");
    queue.close();
    peer.asks(put("c"), "C", "the answer to a put, when the queue is closed");
    peer.asks("G", "E", "the answer to G, when the queue is closed and empty");
    peer.asks("G", "E", "the answer to G, asked again");
}

/// `Producer` and `Consumer` speak the language of the brief, whether answers arrive whole or one byte at a time.
///
/// Next: compare with the table in the brief, byte by byte; one read may return less than was asked for.
#[fact(negated)]
fn producer_and_consumer_speak_the_language_of_the_brief() {
    let (queue, stream) = raw_queue();
    let putting = actor("producer", move || {
        let mut producer = Producer::new(stream);
        [producer.put(b"ab"), producer.put(&[b'x'; 300])]
    });
    queue.is_asked(&put("ab"), "what put writes");
    queue.say("K");
    queue.is_asked(&put([b'x'; 300]), "what the next put writes, after K");
    queue.say("C");
    expect_eq!(putting.finish(), [Ok(()), Err(QueueError::Closed)], "what put returned for K and for C");
    let (queue, stream) = raw_queue();
    let getting = actor("consumer", move || {
        let mut consumer = Consumer::new(stream);
        let first = match consumer.get() {
            Ok(Some(delivery)) => format!("{} {}", delivery.redelivered(), delivery.bytes().len()),
            other => format!("{other:?}"),
        };
        [first, got(&mut consumer), got(&mut consumer)]
    });
    let slowly = |answer: &[u8]| {
        for byte in answer {
            queue.say([*byte]);
            quiesce();
        }
    };
    queue.is_asked(b"G", "what get writes");
    slowly(&item(0x0102_0304, &[b'y'; 258])[..12]);
    queue.say([b'y'; 255]);
    queue.is_asked(b"R", "what the drop of a delivery writes");
    queue.say("K");
    queue.is_asked(b"G", "what get writes");
    slowly(&item(1, b"z"));
    queue.is_asked(b"A", "what ack writes");
    queue.say("K");
    queue.is_asked(b"G", "what get writes");
    queue.say("E");
    let expected = ["16909060 258", "1 \"z\"", "None"];
    let about = "what get returned for two items and for E (redelivered, the item or its length)";
    expect_eq!(getting.finish(), expected, about);
}

/// A `put` waits while the queue holds as many items as its capacity, and an item is held until it is acknowledged.
///
/// Next: what is out counts: only `A` makes room.
#[fact]
fn put_waits_until_an_item_is_acknowledged() {
    let (queue, producer) = queue_with(2, &["a", "b"]);
    producer.asks(put("c"), "nothing", "the answer to a third put, with capacity 2");
    let other = connect(&queue);
    let waiting = actor("producer", move || Producer::new(other).put(b"d"));
    quiesce();
    expect!(!waiting.has_finished(), "put into a full queue", "it waits", "it returned");
    let consumer = Raw::new(&queue);
    consumer.asks("G", "I 0 \"a\"", "the first item");
    producer.hears("nothing", "the answer to the third put, when an item is out and not acknowledged");
    consumer.asks("R", "K", "returning the item");
    producer.hears("nothing", "the answer to the third put, when the item has come back");
    consumer.asks("G", "I 1 \"a\"", "the first item again");
    consumer.asks("A", "K", "acknowledging it");
    let is_in = (producer.arrived().0 == b"K", waiting.has_finished());
    expect!(is_in.0 != is_in.1, "two puts that wait, when one item is acknowledged", "one gets in", "none or both");
    consumer.asks("G", "I 0 \"b\"", "the second item");
    consumer.asks("A", "K", "acknowledging it");
    producer.hears(if is_in.0 { "nothing" } else { "K" }, "the other put, when another item is acknowledged");
    quiesce();
    expect!(waiting.has_finished(), "a put, when there is room for all", "it returns", "it waits");
    expect_eq!(waiting.finish(), Ok(()), "a put that waited for room");
}

/// A `get` waits until there is an item, and each item goes to one consumer only.
///
/// Next: what is out is not among what waits.
#[fact]
fn get_waits_for_an_item_of_its_own() {
    let (queue, producer) = queue_with(8, &[]);
    let (first, second) = (Raw::new(&queue), Raw::new(&queue));
    first.asks("G", "nothing", "the answer to G, when the queue is empty");
    producer.asks(put("a"), "K", "putting an item while a consumer waits");
    first.hears("I 0 \"a\"", "the consumer that waited");
    second.asks("G", "nothing", "the answer to G, when the only item is out with another consumer");
    producer.asks(put("b"), "K", "putting a second item");
    second.hears("I 0 \"b\"", "the second consumer");
    first.asks("A", "K", "acknowledging the first item");
    first.asks("G", "nothing", "the answer to G, when the first item was acknowledged and the second is out");
}

#[peer]
fn puts_forty(stream: UnixStream) {
    let id = std::process::id();
    let mut producer = Producer::new(stream);
    for number in 0..40 {
        producer.put(format!("{id}:{number}").as_bytes()).expect("the queue is open");
    }
}

#[peer]
fn gets_all(stream: UnixStream) {
    let mut report = report();
    let mut consumer = Consumer::new(stream);
    let mut all = String::new();
    while let Some(delivery) = consumer.get().expect("there is a queue") {
        all += &format!("{}\n", String::from_utf8_lossy(delivery.bytes()));
        delivery.ack().expect("there is a queue");
    }
    let _ = report.write_all(all.as_bytes());
}

/// Two producer and two consumer processes move every item once, each producer's in order, and all of them end.
///
/// Next: if the facts about one connection hold, look for what two connections share.
#[fact(seconds = 5)]
fn processes_move_every_item_once() {
    let queue = Queue::bounded(3);
    let reports = Reports::new();
    let consumers = [(); 2].map(|()| reports.start("gets_all", connect(&queue)));
    let producers = [(); 2].map(|()| reports.start("puts_forty", connect(&queue)));
    let mut expected = Vec::new();
    for mut producer in producers {
        let status = producer.0.wait().expect("a child can be waited for");
        expect!(status.success(), "a process that puts 40 items", "it ends by itself", status.to_string());
        expected.extend((0..40).map(|number| (producer.0.id(), number)));
    }
    queue.close();
    let mut seen: Vec<(u32, u32)> = Vec::new();
    for _ in &consumers {
        let mut all = String::new();
        let _ = reports.accept().read_to_string(&mut all);
        let items = all.lines().filter_map(|line| line.split_once(':'));
        let items = items.filter_map(|(id, number)| Some((id.parse().ok()?, number.parse().ok()?)));
        let items: Vec<_> = items.collect();
        let ordered = expected.iter().all(|&(id, _)| items.iter().filter(|item| item.0 == id).is_sorted());
        expect!(ordered, "the items of one producer at one consumer", "in order", all);
        seen.extend(items);
    }
    seen.sort_unstable();
    expected.sort_unstable();
    let counts = format!("{} items, {} of them different", seen.len(), seen.iter().collect::<HashSet<_>>().len());
    expect!(seen == expected, "what two consumers got of 2 × 40 items", "each item once", counts);
    for mut consumer in consumers {
        let status = consumer.0.wait().expect("a child can be waited for");
        expect!(status.success(), "a process that gets until None", "it ends by itself", status.to_string());
    }
}
