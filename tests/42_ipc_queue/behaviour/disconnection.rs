//! The end of the queue: it is dropped, or its process is killed, and nobody waits on.

use super::reports::{Reports, report};
use super::wire::{HUNG_UP, Raw, connect, got, put, queue_with};
use harness::{
    actor, children_running_after, expect, expect_eq, fact, open_descriptors, peer, peer_command, quiesce,
    reap_children, threads_alive,
};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::Duration;
use subject::{Consumer, MAX_ITEM, Producer, Queue, QueueError};

/// Dropping the queue disconnects everybody, those that wait included, and ends its threads.
///
/// Next: a thread that reads from a socket ends when somebody shuts the socket down.
#[fact(negated)]
fn dropping_the_queue_disconnects_everybody() {
    let before = (threads_alive(), open_descriptors());
    let (queue, idle) = queue_with(1, &["a"]);
    let streams = [(); 3].map(|()| connect(&queue));
    let [holding, getting, putting] = streams;
    let mut holding = Consumer::new(holding);
    let delivery = holding.get().expect("there is a queue").expect("there is an item");
    let consumer = actor("consumer", move || {
        let mut consumer = Consumer::new(getting);
        [(); 2].map(|()| got(&mut consumer))
    });
    let producer = actor("producer", move || {
        let mut producer = Producer::new(putting);
        [(); 2].map(|()| producer.put(b"b"))
    });
    quiesce();
    expect!(
        !consumer.has_finished() && !producer.has_finished(),
        "get and put, while an item is out",
        "both wait",
        "not both"
    );
    drop(queue);
    quiesce();
    expect!(consumer.has_finished(), "a get that waits, when the queue is dropped", "it returns", "it waits");
    expect!(producer.has_finished(), "a put that waits, when the queue is dropped", "it returns", "it waits");
    expect_eq!(consumer.finish(), ["Disconnected"; 2], "get twice, when the queue is dropped");
    expect_eq!(producer.finish(), [Err(QueueError::Disconnected); 2], "put twice, when the queue is dropped");
    expect_eq!(delivery.ack(), Err(QueueError::Disconnected), "ack, when the queue has been dropped");
    expect_eq!(got(&mut holding), "Disconnected", "get, when the queue has been dropped");
    idle.hears(HUNG_UP, "an idle peer, when the queue is dropped");
    drop((idle, holding));
    quiesce();
    let after = (threads_alive(), open_descriptors());
    expect_eq!(after, before, "threads and descriptors, after the queue and its peers were dropped");
}

/// Dropping the queue waits for no peer: not for one that does not read its answer, nor for one inside a request.
///
/// Next: drop only ends the streams; it joins no thread, and takes no lock that is held while somebody reads or writes.
#[fact]
fn dropping_the_queue_waits_for_no_peer() {
    let before = threads_alive();
    let (queue, producer) = queue_with(1, &[]);
    producer.asks(put(vec![b'x'; MAX_ITEM]), "K", "putting an item of MAX_ITEM bytes");
    let (slow, half) = (Raw::new(&queue), Raw::new(&queue));
    slow.say("G");
    half.say(&put([b'y'; 100])[..50]);
    quiesce();
    let dropping = actor("drop", move || drop(queue));
    quiesce();
    let case = "while a consumer does not read its item and a producer has stopped half-way";
    expect!(dropping.has_finished(), format!("dropping the queue, {case}"), "it returns", "it waits");
    dropping.finish();
    half.hears(HUNG_UP, "the producer that has stopped half-way, when the queue is dropped");
    expect_eq!(threads_alive(), before, format!("the threads, after the queue was dropped {case}"));
}

#[peer]
fn waits_for_an_item(stream: UnixStream) {
    let mut report = report();
    let _ = report.write_all(got(&mut Consumer::new(stream)).as_bytes());
}

#[peer]
fn owner(stream: UnixStream) {
    let (full, empty) = (Queue::bounded(1), Queue::bounded(1));
    let _child = peer_command("waits_for_an_item").stdin(Stdio::from(OwnedFd::from(connect(&empty)))).spawn();
    full.serve(stream);
    // Until it is killed.
    loop {
        std::thread::park();
    }
}

/// When the owner is killed, whoever waits is told `Disconnected`, and no child process is left waiting.
///
/// Next: the end of the stream is an answer too, in `put` and in `get`.
#[fact(seconds = 5)]
fn a_killed_owner_disconnects_everybody() {
    let reports = Reports::new();
    let (near, far) = UnixStream::pair().expect("the system has room for a socket pair");
    let mut owner = reports.start("owner", far);
    let mut grandchild = reports.accept();
    let mut producer = Producer::new(near);
    expect_eq!(producer.put(b"a"), Ok(()), "putting into a queue of another process");
    let putting = actor("producer", move || producer.put(b"b"));
    owner.kill();
    expect_eq!(putting.finish(), Err(QueueError::Disconnected), "a put into a full queue, when its owner is killed");
    let mut said = String::new();
    let _ = grandchild.read_to_string(&mut said);
    expect_eq!(said, "Disconnected", "a get in a child process, when the owner is killed");
    let left = children_running_after(Duration::from_secs(4));
    expect!(
        left.is_empty(),
        "the child processes, when the owner is killed",
        "all end by themselves",
        format!("{left:?}")
    );
    reap_children();
}
