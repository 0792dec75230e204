//! Requests and answers byte by byte, and connections over which facts speak them.

use harness::{expect_eq, quiesce};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;
use subject::{Consumer, Queue};

/// The request to put an item.
pub(super) fn put(item: impl AsRef<[u8]>) -> Vec<u8> {
    let item = item.as_ref();
    [b"P", &(item.len() as u32).to_be_bytes()[..], item].concat()
}

/// The answer that brings an item.
pub(super) fn item(redelivered: u32, item: &[u8]) -> Vec<u8> {
    [b"I", &redelivered.to_be_bytes()[..], &(item.len() as u32).to_be_bytes(), item].concat()
}

/// Answers in words: `K`, `I 0 "a"`, and the end of the stream.
pub(super) fn words(mut bytes: &[u8], ended: bool) -> String {
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
pub(super) struct Raw(pub(super) UnixStream);

impl Raw {
    pub(super) fn new(queue: &Queue) -> Raw {
        Raw(connect(queue))
    }

    pub(super) fn say(&self, bytes: impl AsRef<[u8]>) {
        (&self.0).write_all(bytes.as_ref()).expect("the other side of a connection takes a request");
    }

    /// What has arrived when everything that can happen has happened, and whether the stream has ended.
    pub(super) fn arrived(&self) -> (Vec<u8>, bool) {
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
    pub(super) fn hears(&self, expected: &str, about: &str) {
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
    pub(super) fn is_asked(&self, expected: &[u8], about: &str) {
        expect_eq!(self.arrived().0.escape_ascii().to_string(), expected.escape_ascii().to_string(), about);
    }

    /// Says this, and hears that.
    #[track_caller]
    pub(super) fn asks(&self, request: impl AsRef<[u8]>, expected: &str, about: &str) {
        self.say(request);
        self.hears(expected, about);
    }
}

/// A connection on whose other side the test plays the queue.
pub(super) fn raw_queue() -> (Raw, UnixStream) {
    let (near, far) = UnixStream::pair().expect("the system has room for a socket pair");
    (Raw(far), near)
}

pub(super) const HUNG_UP: &str = "the end of the stream";

pub(super) fn connect(queue: &Queue) -> UnixStream {
    queue.connect().expect("the system has room for a socket pair")
}

/// A queue with these items in it, and the connection that put them there.
pub(super) fn queue_with(capacity: usize, items: &[&str]) -> (Queue, Raw) {
    let queue = Queue::bounded(capacity);
    let producer = Raw::new(&queue);
    for item in items {
        producer.asks(put(item), "K", &format!("putting {item:?} into a queue with room (capacity {capacity})"));
    }
    (queue, producer)
}

/// What `get` returned, in words; an item is acknowledged.
pub(super) fn got(consumer: &mut Consumer) -> String {
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
