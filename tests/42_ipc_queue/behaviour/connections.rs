//! Connections that end, misbehave or do not read: they cost nobody else anything.

use super::reports::{Reports, report};
use super::wire::{HUNG_UP, Raw, connect, got, put, queue_with, words};
use harness::{actor, expect, expect_eq, fact, open_descriptors, peer, quiesce, threads_alive};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use subject::{Consumer, MAX_ITEM, Queue};

/// Half a request has no effect, wherever it is cut off.
///
/// Next: only a whole item is an item; the end of the stream inside one is the end of the connection.
#[fact]
fn half_a_request_has_no_effect() {
    let (queue, producer) = queue_with(8, &[]);
    let request = put("abcd");
    for count in 0..request.len() {
        let half = Raw::new(&queue);
        half.asks(&request[..count], "nothing", "the answer to a part of a request");
        half.0.shutdown(Shutdown::Write).expect("a socket can be shut down");
        half.hears(HUNG_UP, &format!("a peer whose stream ended after {count} bytes of a put"));
    }
    producer.asks(put("whole"), "K", "another producer");
    Raw::new(&queue).asks("G", "I 0 \"whole\"", "the only item that was put whole");
}

#[peer]
fn stops_inside_an_item(mut stream: UnixStream) {
    let mut report = report();
    let half = &put("only the half of it")[..12];
    let _ = stream.write_all(&[&put("whole"), half].concat());
    let mut answer = [0];
    let _ = stream.read_exact(&mut answer);
    let _ = report.write_all(&answer);
    // Until it is killed.
    let _ = report.read(&mut [0]);
}

/// Nothing is seen of an item whose producer process is killed in the middle of it; what it had put before is there.
///
/// Next: the queue must not hear of an item before all of it has been read.
#[fact(seconds = 5)]
fn a_process_killed_inside_an_item_has_not_put_it() {
    let queue = Queue::bounded(8);
    let reports = Reports::new();
    let mut process = reports.start("stops_inside_an_item", connect(&queue));
    let (mut report, mut answer) = (reports.accept(), [0]);
    let _ = report.read_exact(&mut answer);
    expect_eq!(words(&answer, false), "K", "the answer to the first put of a process");
    process.kill();
    queue.close();
    let mut consumer = Consumer::new(connect(&queue));
    expect_eq!(got(&mut consumer), "0 \"whole\"", "the item before");
    expect_eq!(got(&mut consumer), "None", "get, after half an item");
}

/// A whole request that need not wait is carried out, even if the connection ends right behind it.
///
/// Next: act on a request when it has been read, before the next read, which may find the end.
#[fact]
fn a_last_request_is_carried_out() {
    let (queue, producer) = queue_with(8, &["a"]);
    let consumer = Raw::new(&queue);
    consumer.asks("G", "I 0 \"a\"", "the first item");
    consumer.say("A");
    drop(consumer);
    producer.say(put("b"));
    drop(producer);
    quiesce();
    let consumer = Raw::new(&queue);
    consumer.asks("G", "I 0 \"b\"", "what waits after `A` and a put, each from a connection that ended behind it");
    consumer.say("R");
    drop(consumer);
    Raw::new(&queue).asks("G", "I 1 \"b\"", "the item after `R` from a connection that ended behind it");
}

/// A connection that ends while it waits is forgotten: its `get` takes no item, its put is withdrawn.
///
/// Next: somebody has to read from a connection while it waits: the end is only seen by a read.
#[fact]
fn a_connection_that_ends_while_it_waits_is_forgotten() {
    let (queue, producer) = queue_with(1, &[]);
    let consumer = Raw::new(&queue);
    for _ in 0..2 {
        let gone = Raw::new(&queue);
        gone.asks("G", "nothing", "the answer to G, when the queue is empty");
        gone.0.shutdown(Shutdown::Write).expect("a socket can be shut down");
        gone.hears(HUNG_UP, "a peer that shut down its direction while it waited for an item");
    }
    producer.asks(put("a"), "K", "putting an item when nobody waits any more");
    consumer.asks("G", "I 0 \"a\"", "the item, when two consumers ended while they waited for it");
    for _ in 0..2 {
        let gone = Raw::new(&queue);
        gone.asks(put("never"), "nothing", "the answer to a put into a full queue");
        gone.0.shutdown(Shutdown::Write).expect("a socket can be shut down");
        gone.hears(HUNG_UP, "a peer that shut down its direction while it waited for room");
    }
    consumer.asks("A", "K", "acknowledging the item");
    consumer.asks("G", "nothing", "the answer to G, when two puts ended while they waited for room");
    producer.asks(put("b"), "K", "putting an item into a queue with room");
    consumer.hears("I 0 \"b\"", "the next item");
}

/// A peer that misbehaves is disconnected at once, its item comes back, and nobody else notices.
///
/// Next: each request is checked against what its connection has out; a length is checked before anything is reserved.
#[fact]
fn a_misbehaving_peer_is_disconnected() {
    let (queue, _producer) = queue_with(8, &["a", "b"]);
    let over = MAX_ITEM as u32 + 1;
    let length = |len: u32| [b"P", &len.to_be_bytes()[..]].concat();
    let cases: [(&str, Vec<u8>); 8] = [
        ("an unknown request", b"X".into()),
        ("an unknown request", b"\0".into()),
        ("`A` with nothing out", b"A".into()),
        ("`R` with nothing out", b"R".into()),
        ("an answer instead of a request", b"K".into()),
        ("a length over the limit", length(over)),
        ("a length of 4 GiB", length(u32::MAX)),
        ("the header of a put and of another one", [length(over), put("never")].concat()),
    ];
    for (case, bytes) in cases {
        Raw::new(&queue).asks(bytes, HUNG_UP, &format!("what a peer hears after {case}"));
    }
    let bystander = Raw::new(&queue);
    bystander.asks("G", "I 0 \"a\"", "another consumer, after several have misbehaved");
    let greedy = Raw::new(&queue);
    greedy.asks("G", "I 0 \"b\"", "the second item");
    greedy.asks("G", HUNG_UP, "what a peer hears that asks for a second item before it has acknowledged the first");
    bystander.asks("A", "K", "the other consumer acknowledges its item");
    bystander.asks("A", HUNG_UP, "what a peer hears that acknowledges an item twice");
    Raw::new(&queue).asks("G", "I 1 \"b\"", "the item of the peer that misbehaved");
}

/// A peer that ends its direction while it does not read its answer is forgotten like any other: its item comes back.
///
/// Next: the thread that reads must not be the one that writes; and only a shutdown of the stream ends a write.
#[fact(negated)]
fn a_peer_that_ends_without_reading_is_forgotten() {
    let (queue, producer) = queue_with(1, &[]);
    producer.asks(put(vec![b'x'; MAX_ITEM]), "K", "putting an item of MAX_ITEM bytes");
    quiesce();
    let before = threads_alive();
    let slow = Raw::new(&queue);
    slow.say("G");
    quiesce();
    slow.0.shutdown(Shutdown::Write).expect("a socket can be shut down");
    quiesce();
    let other = Raw::new(&queue);
    let about = "the item of a consumer that has shut down its direction without reading it, for another one";
    other.asks("G", &format!("I 1 \"({MAX_ITEM} bytes)\""), about);
    drop(other);
    quiesce();
    expect_eq!(threads_alive(), before, "the threads, when both consumers have ended");
}

/// An item for a peer that cannot be written to any more goes to somebody else.
///
/// Next: a write that fails is the end of the connection; what follows from that is the same as for any other end.
#[fact]
fn an_answer_that_cannot_be_written_is_an_end() {
    let (queue, producer) = queue_with(1, &[]);
    let deaf = Raw::new(&queue);
    deaf.asks("G", "nothing", "the answer to G, when the queue is empty");
    deaf.0.shutdown(Shutdown::Read).expect("a socket can be shut down");
    producer.asks(put("a"), "K", "putting an item");
    quiesce();
    Raw::new(&queue).asks("G", "I 1 \"a\"", "the item, when the peer that waited for it has shut down its reading");
}

/// A peer that asks again before it has been answered takes nothing away, and cannot make the queue remember without limit.
///
/// Next: a connection that waits for an answer has nothing to say; there is one place for its request.
#[fact]
fn a_peer_that_asks_out_of_turn_harms_nobody() {
    let (queue, producer) = queue_with(2, &[]);
    let hasty = Raw::new(&queue);
    hasty.say("GG");
    quiesce();
    producer.asks(put("a"), "K", "putting an item, after a peer has asked for two at once");
    producer.asks(put("b"), "K", "putting another one");
    quiesce();
    drop(hasty);
    quiesce();
    let consumer = Raw::new(&queue);
    for item in ["a", "b"] {
        consumer.say("G");
        let answer = words(&consumer.arrived().0, false);
        expect!(answer.ends_with(&format!(" \"{item}\"")), "what is left when that peer has gone", item, answer);
        if item == "a" {
            consumer.asks("A", "K", "acknowledging it");
        }
    }
    producer.asks(put("c"), "K", "putting an item into a queue of capacity 2 that holds one");
    let greedy = connect(&queue);
    let writing = actor("greedy", move || {
        let request = put(vec![b'x'; MAX_ITEM]);
        (0..100).take_while(|_| (&greedy).write_all(&request).is_ok()).count()
    });
    quiesce();
    let taken = if writing.has_finished() { writing.finish() } else { 0 };
    let about = "how many of 100 puts into a full queue a connection takes in, without having answered the first";
    expect!(taken < 100, about, "a few, then it ends or reads no more", "all of them");
}

/// A peer that sends half a request, or does not read its answer, delays nobody.
///
/// Next: never read or write a socket while you hold what the other connections need.
#[fact]
fn a_slow_peer_delays_nobody() {
    let (queue, producer) = queue_with(8, &[]);
    producer.asks(put(vec![b'x'; MAX_ITEM]), "K", "putting an item of MAX_ITEM bytes");
    let slow = Raw::new(&queue);
    slow.say("G");
    quiesce();
    let half = Raw::new(&queue);
    half.say(&put([b'y'; 100])[..50]);
    let consumer = Raw::new(&queue);
    producer.asks(
        put("a"),
        "K",
        "putting, while a consumer does not read its item and a producer has stopped half-way",
    );
    consumer.asks("G", "I 0 \"a\"", "getting, meanwhile");
    consumer.asks("A", "K", "acknowledging, meanwhile");
    let queue = std::sync::Arc::new(queue);
    let theirs = std::sync::Arc::clone(&queue);
    let closing = actor("close", move || theirs.close());
    quiesce();
    expect!(closing.has_finished(), "close, meanwhile", "it returns", "it waits");
    closing.finish();
    slow.hears(&format!("I 0 \"({MAX_ITEM} bytes)\""), "the slow consumer, when it reads at last");
    slow.asks("A", "K", "and acknowledges");
    half.asks(&put([b'y'; 100])[50..], "C", "the second half of a put, when the queue was closed meanwhile");
    consumer.asks("G", "E", "the end");
    drop(queue);
    half.hears(HUNG_UP, "a producer, when the queue is dropped");
}

/// A connection that has ended leaves no descriptor and no thread behind, whatever it was doing.
///
/// Next: what ends a thread that waits, when its peer has gone? And who still keeps the socket?
#[fact]
fn connections_leave_nothing_behind() {
    let (full, _producer) = queue_with(1, &["a"]);
    let (stocked, _other) = queue_with(10, &["x"; 10]);
    let empty = Queue::bounded(1);
    drop(Raw::new(&empty));
    let count = || {
        quiesce();
        (open_descriptors(), threads_alive())
    };
    let cases: [(&str, &Queue, Vec<u8>); 6] = [
        ("idle", &full, vec![]),
        ("waiting for an item", &empty, b"G".into()),
        ("waiting for room", &full, put("b")),
        ("half-way through a request", &full, b"P\0\0".into()),
        ("misbehaving", &full, b"?".into()),
        ("with an item out", &stocked, b"G".into()),
    ];
    let before = count();
    for (doing, queue, request) in cases {
        let peers = [(); 10].map(|()| Raw::new(queue));
        for peer in &peers {
            peer.say(&request);
        }
        quiesce();
        drop(peers);
        expect_eq!(count(), before, &format!("open descriptors and threads, after 10 connections ended: {doing}"));
    }
}
