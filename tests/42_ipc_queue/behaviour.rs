//! What a queue does with items, with peers that come and go, and with those that misbehave.
//!
//! Most facts play the peers themselves, byte by byte, while the queue lives in this process: then `quiesce` makes exact what has
//! been answered and what waits.

use harness::{
    actor, child_processes, children_running_after, expect, expect_eq, fact, open_descriptors, peer, peer_command,
    quiesce, reap_children, threads_alive,
};
use std::collections::HashSet;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Stdio};
use std::time::Duration;
use subject::{Consumer, MAX_ITEM, Producer, Queue, QueueError};

// ---------------------------------------------------------------------------------------------- what the facts use

/// The request to put an item.
fn put(item: impl AsRef<[u8]>) -> Vec<u8> {
    let item = item.as_ref();
    [b"P", &(item.len() as u32).to_be_bytes()[..], item].concat()
}

/// The answer that brings an item.
fn item(redelivered: u32, item: &[u8]) -> Vec<u8> {
    [b"I", &redelivered.to_be_bytes()[..], &(item.len() as u32).to_be_bytes(), item].concat()
}

/// Answers in words: `K`, `I 0 "a"`, and the end of the stream.
fn words(mut bytes: &[u8], ended: bool) -> String {
    let mut words = Vec::new();
    while let Some((first, rest)) = bytes.split_first() {
        let number = |at: usize| Some(u32::from_be_bytes(*rest.get(at..)?.first_chunk()?));
        let item = || rest.get(8..)?.split_at_checked(number(4)? as usize);
        bytes = match (first, item()) {
            (b'K' | b'C' | b'E', _) => {
                words.push(char::from(*first).to_string());
                rest
            }
            (b'I', Some((item, rest))) => {
                let about =
                    if item.len() > 20 { format!("({} bytes)", item.len()) } else { item.escape_ascii().to_string() };
                words.push(format!("I {} \"{about}\"", number(0).unwrap_or_default()));
                rest
            }
            _ => {
                words.push(format!("{} bytes: \"{}\"", bytes.len(), bytes[..bytes.len().min(20)].escape_ascii()));
                &[]
            }
        };
    }
    if ended {
        words.push("the end of the stream".into());
    }
    if words.is_empty() { "nothing".into() } else { words.join(", ") }
}

/// The other side of a connection, in bytes.
struct Raw(UnixStream);

impl Raw {
    fn new(queue: &Queue) -> Raw {
        Raw(connect(queue))
    }

    fn say(&self, bytes: impl AsRef<[u8]>) {
        (&self.0).write_all(bytes.as_ref()).expect("the other side of a connection takes a request");
    }

    /// What has arrived when everything that can happen has happened, and whether the stream has ended.
    fn arrived(&self) -> (Vec<u8>, bool) {
        let mut bytes = Vec::new();
        loop {
            quiesce();
            let before = bytes.len();
            self.0.set_nonblocking(true).expect("a socket can be set to non-blocking");
            let result = (&self.0).read_to_end(&mut bytes);
            self.0.set_nonblocking(false).expect("a socket can be set to blocking");
            match result {
                Err(error) if error.kind() == ErrorKind::WouldBlock && bytes.len() > before => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return (bytes, false),
                _ => return (bytes, true),
            }
        }
    }

    /// What is expected usually comes at once, and is believed; anything else only when everything has come to rest.
    #[track_caller]
    fn hears(&self, expected: &str, about: &str) {
        let (mut bytes, mut ended) = (Vec::new(), false);
        if expected != "nothing" && expected != HUNG_UP {
            self.0.set_read_timeout(Some(Duration::from_millis(200))).expect("a socket can be given a time-out");
            let mut buffer = [0; 65_536];
            while words(&bytes, ended) != expected && !ended {
                match (&self.0).read(&mut buffer) {
                    Ok(count) => {
                        bytes.extend_from_slice(&buffer[..count]);
                        ended = count == 0;
                    }
                    Err(error) if error.kind() == ErrorKind::ConnectionReset => ended = true,
                    Err(_) => break,
                }
            }
            self.0.set_read_timeout(None).expect("a socket can be given a time-out");
        }
        if words(&bytes, ended) != expected && !ended || bytes.is_empty() {
            let (rest, end) = self.arrived();
            bytes.extend(rest);
            ended = end;
        }
        expect_eq!(words(&bytes, ended), expected, about);
    }

    /// The test is the queue here: this is the request that has come, and all of it.
    #[track_caller]
    fn is_asked(&self, expected: &[u8], about: &str) {
        expect_eq!(self.arrived().0.escape_ascii().to_string(), expected.escape_ascii().to_string(), about);
    }

    /// Says this, and hears that.
    #[track_caller]
    fn asks(&self, request: impl AsRef<[u8]>, expected: &str, about: &str) {
        self.say(request);
        self.hears(expected, about);
    }
}

/// A connection on whose other side the test plays the queue.
fn raw_queue() -> (Raw, UnixStream) {
    let (near, far) = UnixStream::pair().expect("the system has room for a socket pair");
    (Raw(far), near)
}

const HUNG_UP: &str = "the end of the stream";

fn connect(queue: &Queue) -> UnixStream {
    queue.connect().expect("the system has room for a socket pair")
}

/// A queue with these items in it, and the connection that put them there.
fn queue_with(capacity: usize, items: &[&str]) -> (Queue, Raw) {
    let queue = Queue::bounded(capacity);
    let producer = Raw::new(&queue);
    for item in items {
        producer.asks(put(item), "K", &format!("putting {item:?} into a queue with room (capacity {capacity})"));
    }
    (queue, producer)
}

/// What `get` returned, in words; an item is acknowledged.
fn got(consumer: &mut Consumer) -> String {
    match consumer.get() {
        Ok(Some(delivery)) => {
            let words = format!("{} \"{}\"", delivery.redelivered(), delivery.bytes().escape_ascii());
            match delivery.ack() {
                Ok(()) => words,
                Err(error) => format!("{words}, and {error:?} from ack"),
            }
        }
        Ok(None) => "None".into(),
        Err(error) => format!("{error:?}"),
    }
}

/// Where processes of a test report: their standard input leads to the queue.
struct Reports {
    listener: UnixListener,
    name: String,
}

const REPORTS: &str = "IPC_QUEUE_REPORTS";

fn address(name: &str) -> SocketAddr {
    SocketAddr::from_abstract_name(name).expect("a short name is a name")
}

impl Reports {
    fn new() -> Reports {
        let name = format!("ipc_queue-reports-{}", std::process::id());
        let listener = UnixListener::bind_addr(&address(&name)).expect("nobody else has this name");
        Reports { listener, name }
    }

    /// Starts a process that plays a part, with this stream as its standard input.
    fn start(&self, part: &str, stream: UnixStream) -> Process {
        let mut command = peer_command(part);
        let child = command.env(REPORTS, &self.name).stdin(Stdio::from(OwnedFd::from(stream))).spawn();
        Process(child.expect("the system has room for one more process"))
    }

    /// The next process that begins to report. Not blocking: a process may have ended before it came to that.
    fn accept(&self) -> UnixStream {
        self.listener.set_nonblocking(true).expect("a socket can be set to non-blocking");
        loop {
            let lives = child_processes().iter().any(|child| !child.is_zombie);
            if let Ok((report, _)) = self.listener.accept() {
                report.set_nonblocking(false).expect("a socket can be set to blocking");
                return report;
            }
            expect!(lives, "a process that uses the queue", "it does its part", "it has ended before (a panic?)");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// In a process that `Reports` has started, directly or not: the way to the test.
fn report() -> UnixStream {
    let name = std::env::var(REPORTS).expect("the test has said where to report");
    UnixStream::connect_addr(&address(&name)).expect("the test listens")
}

/// A process, killed at the latest when this is dropped.
struct Process(Child);

impl Process {
    fn kill(&mut self) {
        self.0.kill().expect("a child can be killed");
        self.0.wait().expect("a child can be waited for");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

// ------------------------------------------------------------------------------------------------------ putting, getting

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
#[fact]
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

// -------------------------------------------------------------------------------------------------------- coming back

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
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let delivery = first.get().expect("there is a queue").expect("there is an item");
        expect_eq!(delivery.redelivered(), 2, "how often the item has come back");
        panic!("the consumer gives up");
    }));
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

// ------------------------------------------------------------------------------------------------------------ closing

/// A closed queue takes no item, refuses puts that wait for room, and gives out what it has.
///
/// Next: `close` concerns those that wait already, not only those who come later.
#[fact]
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

// --------------------------------------------------------------------------------------- connections that end or misbehave

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
#[fact]
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

// --------------------------------------------------------------------------------------------------- the end of the queue

/// Dropping the queue disconnects everybody, those that wait included, and ends its threads.
///
/// Next: a thread that reads from a socket ends when somebody shuts the socket down.
#[fact]
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

// --------------------------------------------------------------------------------------------- errors and what follows

/// An item over the limit is refused without a byte, one of exactly the limit goes through.
///
/// Next: compare the length before anything is written.
#[fact]
fn an_item_over_the_limit_is_refused() {
    let queue = Queue::bounded(1);
    let mut producer = Producer::new(connect(&queue));
    let mut bytes = vec![b'x'; MAX_ITEM + 1];
    let too_large = QueueError::TooLarge { len: MAX_ITEM + 1, limit: MAX_ITEM };
    expect_eq!(producer.put(&bytes), Err(too_large), "putting MAX_ITEM + 1 bytes");
    bytes.pop();
    bytes[0] = b'>';
    expect_eq!(producer.put(&bytes), Ok(()), "putting MAX_ITEM bytes, after an item was refused");
    let mut consumer = Consumer::new(connect(&queue));
    let delivery = consumer.get();
    let same = matches!(&delivery, Ok(Some(delivery)) if delivery.bytes() == bytes);
    expect!(same, "getting MAX_ITEM bytes", "the bytes that were put", "something else");
}

/// Whatever goes wrong with a connection is `Disconnected`, ends the connection, and lasts.
///
/// Next: after an answer that makes no sense nobody knows what the next byte means: shut the stream down.
#[fact]
fn a_failed_connection_is_disconnected_for_good() {
    let nonsense: [(&str, Vec<u8>); 7] = [
        ("an unknown byte", b"?KKKK".into()),
        ("a request instead of an answer", b"GKEKE".into()),
        ("the end of the stream", vec![]),
        ("half an item", item(0, b"abcd")[..11].into()),
        ("half a header", item(0, b"")[..4].into()),
        ("an item over the limit", [b"I\0\0\0\0", &(MAX_ITEM as u32 + 1).to_be_bytes()[..]].concat()),
        ("an item of 4 GiB", b"I\0\0\0\0\xff\xff\xff\xff".into()),
    ];
    for (case, answer) in nonsense {
        for part in ["put", "get", "ack"] {
            // Nobody waits for what a length over the limit announces.
            fails_for_good(part, case, &answer, !case.starts_with("an item"));
        }
    }
    // What would be right for another request makes no sense either.
    for (part, answer) in [("put", "E"), ("get", "K"), ("get", "C"), ("ack", "C"), ("ack", "E")] {
        fails_for_good(part, answer, answer.repeat(3).as_bytes(), false);
    }
}

/// A call that gets such an answer fails, and so does the call after it, because the connection has ended.
fn fails_for_good(part: &str, case: &str, answer: &[u8], is_last: bool) {
    let (far, near) = raw_queue();
    far.say(if part == "ack" { item(0, b"a") } else { vec![] });
    far.say(answer);
    if is_last {
        far.0.shutdown(Shutdown::Write).expect("a socket can be shut down");
    }
    let about = format!("{part} and the call after it, when the answer is {case}");
    let ended = if part == "put" {
        let mut producer = Producer::new(near);
        let results = [(); 2].map(|()| producer.put(b"x"));
        expect_eq!(results, [Err(QueueError::Disconnected); 2], about);
        far.arrived().1
    } else {
        let mut consumer = Consumer::new(near);
        let first = match consumer.get() {
            Ok(Some(delivery)) if part == "ack" => {
                delivery.ack().map_or_else(|error| format!("{error:?}"), |()| "Ok".into())
            }
            Ok(Some(_)) => "an item".into(),
            Ok(None) => "None".into(),
            Err(error) => format!("{error:?}"),
        };
        expect_eq!([first, got(&mut consumer)], ["Disconnected"; 2], about);
        far.arrived().1
    };
    expect!(ended, format!("the connection, after {part} failed"), "it has ended", "it goes on");
}

/// Errors say what happened, with both numbers for `TooLarge`.
///
/// Next: one arm for each variant.
#[fact]
fn errors_say_what_happened() {
    let too_large = QueueError::TooLarge { len: 4_711, limit: 1_234 }.to_string();
    expect!(too_large.contains("4711") && too_large.contains("1234"), "TooLarge as text", "4711 and 1234", too_large);
    for error in [QueueError::Closed, QueueError::Disconnected] {
        expect!(!error.to_string().is_empty(), format!("{error:?} as text"), "a few words", "nothing");
    }
}

/// A queue without room is refused.
///
/// Next: assert on the capacity.
#[fact(panics)]
fn a_capacity_of_zero_is_refused() {
    let refused = catch_unwind(|| drop(Queue::bounded(0))).is_err();
    expect!(refused, "Queue::bounded(0)", "a panic", "a queue");
}
