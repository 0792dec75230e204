//! One lock and one condition variable for all; of the two threads of a connection one reads ahead by a request, and so sees its end.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// The longest item, in bytes.
pub const MAX_ITEM: usize = 1024 * 1024;

/// Why an item could not be put, got or acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueError {
    /// The queue has been closed: it takes no more items.
    Closed,
    /// The queue is gone, or this connection to it has failed.
    Disconnected,
    /// An item is longer than the limit.
    TooLarge {
        /// The length of the item, in bytes.
        len: usize,
        /// [`MAX_ITEM`].
        limit: usize,
    },
}

impl std::fmt::Display for QueueError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            QueueError::Closed => formatter.write_str("the queue is closed"),
            QueueError::Disconnected => formatter.write_str("there is no connection to the queue"),
            QueueError::TooLarge { len, limit } => write!(formatter, "{len} bytes are more than the {limit} allowed"),
        }
    }
}

impl std::error::Error for QueueError {}

#[derive(Debug)]
struct Item {
    bytes: Vec<u8>,
    times: u32,
}

#[derive(Debug, Default)]
struct Shelf {
    /// The items that wait, by the number under which they were taken.
    here: BTreeMap<u64, Item>,
    /// Those that wait and those that are out.
    held: usize,
    numbers: u64,
    closed: bool,
    gone: bool,
    lines: HashMap<u64, Arc<UnixStream>>,
}

#[derive(Debug)]
struct Shared {
    capacity: usize,
    shelf: Mutex<Shelf>,
    changed: Condvar,
}

impl Shared {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `ready` has something; `None` if the connection or the queue ends before.
    fn wait_for<T>(&self, ended: &AtomicBool, mut ready: impl FnMut(&mut Shelf) -> Option<T>) -> Option<T> {
        let mut shelf = self.shelf();
        loop {
            if shelf.gone {
                return None;
            }
            if let Some(found) = ready(&mut shelf) {
                self.changed.notify_all();
                return Some(found);
            }
            if ended.load(Ordering::SeqCst) {
                return None;
            }
            shelf = self.changed.wait(shelf).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

enum Asked {
    Put(Vec<u8>),
    Get,
    Ack,
    Back,
}

/// The queue itself, in the process that owns it.
#[derive(Debug)]
pub struct Queue {
    shared: Arc<Shared>,
}

impl Queue {
    /// An empty queue that holds at most `capacity` items.
    ///
    /// # Panics
    /// If `capacity` is 0.
    pub fn bounded(capacity: usize) -> Queue {
        assert_ne!(capacity, 0, "a queue without room");
        Queue { shared: Arc::new(Shared { capacity, shelf: Mutex::default(), changed: Condvar::new() }) }
    }

    /// Serves one end of a new pair of sockets, and returns the other.
    ///
    /// # Errors
    /// If the system refuses the sockets.
    pub fn connect(&self) -> io::Result<UnixStream> {
        UnixStream::pair().map(|(one, other)| {
            self.serve(one);
            other
        })
    }

    /// Serves whoever is at the other end.
    ///
    /// # Panics
    /// If the system refuses a thread.
    pub fn serve(&self, stream: UnixStream) {
        let stream = Arc::new(stream);
        let line = {
            let mut shelf = self.shared.shelf();
            shelf.numbers += 1;
            let line = shelf.numbers;
            shelf.lines.insert(line, Arc::clone(&stream));
            line
        };
        let ended = Arc::new(AtomicBool::new(false));
        let (send, receive) = sync_channel(1);
        let (shared, reader_ended, reads) = (Arc::clone(&self.shared), Arc::clone(&ended), Arc::clone(&stream));
        thread::spawn(move || {
            let mut source = BufReader::new(&*reads);
            while let Some(asked) = next(&mut source) {
                // A peer that asks twice without having read an answer is sent away.
                if send.try_send(asked).is_err() {
                    break;
                }
            }
            {
                let _shelf = shared.shelf();
                reader_ended.store(true, Ordering::SeqCst);
                shared.changed.notify_all();
            }
            let _ = reads.shutdown(Shutdown::Both);
        });
        let shared = Arc::clone(&self.shared);
        thread::spawn(move || {
            let mut out = None;
            attend(&shared, &receive, &stream, &ended, &mut out);
            let _ = stream.shutdown(Shutdown::Both);
            let mut shelf = shared.shelf();
            if let Some((number, item)) = out {
                shelf.here.insert(number, Item { times: item.times + 1, ..item });
            }
            shelf.lines.remove(&line);
            shared.changed.notify_all();
        });
    }

    /// Closes the queue.
    pub fn close(&self) {
        self.shared.shelf().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let mut shelf = self.shared.shelf();
        shelf.gone = true;
        for stream in shelf.lines.values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.shared.changed.notify_all();
    }
}

/// Answers one connection until it ends.
fn attend(
    shared: &Shared,
    requests: &Receiver<Asked>,
    mut stream: &UnixStream,
    ended: &AtomicBool,
    out: &mut Option<(u64, Item)>,
) {
    for asked in requests {
        let answer = match asked {
            Asked::Put(bytes) => {
                let mut bytes = Some(bytes);
                let taken = shared.wait_for(ended, |shelf| {
                    if shelf.closed {
                        return Some(false);
                    }
                    (shelf.held < shared.capacity).then(|| {
                        shelf.held += 1;
                        shelf.numbers += 1;
                        let item = Item { bytes: bytes.take().expect("it is put once"), times: 0 };
                        let number = shelf.numbers;
                        shelf.here.insert(number, item);
                        true
                    })
                });
                match taken {
                    Some(taken) => vec![if taken { b'K' } else { b'C' }],
                    None => return,
                }
            }
            Asked::Get if out.is_none() => {
                let found = shared.wait_for(ended, |shelf| match shelf.here.pop_first() {
                    Some(found) => Some(Some(found)),
                    None => (shelf.closed && shelf.held == 0).then_some(None),
                });
                let Some(found) = found else { return };
                *out = found;
                match out {
                    None => vec![b'E'],
                    Some((_, item)) => {
                        let len = (item.bytes.len() as u32).to_be_bytes();
                        [&b"I"[..], &item.times.to_be_bytes(), &len, &item.bytes].concat()
                    }
                }
            }
            Asked::Ack if out.is_some() => {
                *out = None;
                shared.shelf().held -= 1;
                shared.changed.notify_all();
                vec![b'K']
            }
            Asked::Back if out.is_some() => {
                let (number, item) = out.take().expect("just looked");
                shared.shelf().here.insert(number, Item { times: item.times + 1, ..item });
                shared.changed.notify_all();
                vec![b'K']
            }
            _ => return,
        };
        if stream.write_all(&answer).is_err() {
            return;
        }
    }
}

fn next(source: &mut impl Read) -> Option<Asked> {
    Some(match byte(source)? {
        b'P' => Asked::Put(item(source)?),
        b'G' => Asked::Get,
        b'A' => Asked::Ack,
        b'R' => Asked::Back,
        _ => return None,
    })
}

fn byte(source: &mut impl Read) -> Option<u8> {
    let mut byte = [0];
    source.read_exact(&mut byte).ok()?;
    Some(byte[0])
}

fn number(source: &mut impl Read) -> Option<u32> {
    let mut number = [0; 4];
    source.read_exact(&mut number).ok()?;
    Some(u32::from_be_bytes(number))
}

fn item(source: &mut impl Read) -> Option<Vec<u8>> {
    let len = usize::try_from(number(source)?).ok().filter(|len| *len <= MAX_ITEM)?;
    let mut item = Vec::new();
    let count = source.take(len as u64).read_to_end(&mut item).ok()?;
    (count == len).then_some(item)
}

#[derive(Debug)]
struct Line {
    stream: BufReader<UnixStream>,
    broken: bool,
}

impl Line {
    fn new(stream: UnixStream) -> Line {
        Line { stream: BufReader::new(stream), broken: false }
    }

    fn ask<T>(
        &mut self,
        what: &[u8],
        answer: impl FnOnce(&mut BufReader<UnixStream>) -> Option<T>,
    ) -> Result<T, QueueError> {
        if !self.broken
            && self.stream.get_mut().write_all(what).is_ok()
            && let Some(answer) = answer(&mut self.stream)
        {
            return Ok(answer);
        }
        self.broken = true;
        let _ = self.stream.get_ref().shutdown(Shutdown::Both);
        Err(QueueError::Disconnected)
    }
}

/// Puts items into a queue in another process.
#[derive(Debug)]
pub struct Producer {
    line: Line,
}

impl Producer {
    /// A producer at the other end of a stream that a [`Queue`] serves.
    pub fn new(stream: UnixStream) -> Producer {
        Producer { line: Line::new(stream) }
    }

    /// Puts one item, and waits until the queue has taken it.
    ///
    /// # Errors
    /// As in the brief.
    pub fn put(&mut self, item: &[u8]) -> Result<(), QueueError> {
        let (len, limit) = (item.len(), MAX_ITEM);
        if len > limit {
            return Err(QueueError::TooLarge { len, limit });
        }
        let mut what = Vec::with_capacity(len + 5);
        what.push(b'P');
        what.extend_from_slice(&(len as u32).to_be_bytes());
        what.extend_from_slice(item);
        let is_taken = self.line.ask(&what, |source| match byte(source)? {
            b'K' => Some(true),
            b'C' => Some(false),
            _ => None,
        })?;
        if is_taken { Ok(()) } else { Err(QueueError::Closed) }
    }
}

/// Gets items out of a queue in another process.
#[derive(Debug)]
pub struct Consumer {
    line: Line,
}

impl Consumer {
    /// A consumer at the other end of a stream that a [`Queue`] serves.
    pub fn new(stream: UnixStream) -> Consumer {
        Consumer { line: Line::new(stream) }
    }

    /// Waits for the next item.
    ///
    /// # Errors
    /// [`QueueError::Disconnected`] if there is no queue any more.
    pub fn get(&mut self) -> Result<Option<Delivery<'_>>, QueueError> {
        let got = self.line.ask(b"G", |source| match byte(source)? {
            b'E' => Some(None),
            b'I' => Some(Some(Item { times: number(source)?, bytes: item(source)? })),
            _ => None,
        })?;
        Ok(got.map(|item| Delivery { line: &mut self.line, item, settled: false }))
    }
}

/// An item that is out with this consumer.
#[derive(Debug)]
pub struct Delivery<'a> {
    line: &'a mut Line,
    item: Item,
    settled: bool,
}

impl Delivery<'_> {
    /// The item.
    pub fn bytes(&self) -> &[u8] {
        &self.item.bytes
    }

    /// How often it has come back.
    pub fn redelivered(&self) -> u32 {
        self.item.times
    }

    /// Tells the queue that the item has been dealt with.
    ///
    /// # Errors
    /// [`QueueError::Disconnected`] if there is no queue any more.
    pub fn ack(mut self) -> Result<(), QueueError> {
        self.tell(b"A")
    }

    fn tell(&mut self, what: &[u8]) -> Result<(), QueueError> {
        self.settled = true;
        self.line.ask(what, |source| (byte(source)? == b'K').then_some(()))
    }
}

impl Drop for Delivery<'_> {
    fn drop(&mut self) {
        if !self.settled {
            let _ = self.tell(b"R");
        }
    }
}
