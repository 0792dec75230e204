//! A bounded queue between processes, as `multiprocessing.Queue` is one, that loses nothing when a consumer dies.
//!
//! One process owns the [`Queue`]. Every other process gets one end of a Unix socket and talks over it with a
//! [`Producer`] or a [`Consumer`]. The brief in `README.md` says everything that is checked, the bytes on the sockets
//! included. Where a body says `todo!()` and where a private field stands, the code is yours; the public names and
//! signatures stay as they are.

use std::io;
use std::marker::PhantomData;
use std::os::unix::net::UnixStream;

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
        let _ = formatter;
        todo!("say in a few words what happened")
    }
}

impl std::error::Error for QueueError {}

/// The queue itself, in the process that owns it.
///
/// ```
/// use ipc_queue::{Consumer, Producer, Queue, QueueError};
///
/// let queue = Queue::bounded(8);
/// let mut producer = Producer::new(queue.connect()?);
/// let mut consumer = Consumer::new(queue.connect()?);
/// producer.put(b"one").unwrap();
/// producer.put(b"two").unwrap();
/// queue.close();
/// assert_eq!(producer.put(b"three"), Err(QueueError::Closed));
/// while let Some(delivery) = consumer.get().unwrap() {
///     println!("{}", delivery.bytes().escape_ascii());
///     delivery.ack().unwrap();
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Dropping it disconnects everybody.
#[derive(Debug)]
pub struct Queue {
    _yours: PhantomData<()>,
}

impl Queue {
    /// An empty queue that holds at most `capacity` items.
    ///
    /// # Panics
    /// If `capacity` is 0.
    pub fn bounded(capacity: usize) -> Queue {
        let _ = capacity;
        todo!("what must be remembered about items, and what about connections?")
    }

    /// Makes two connected sockets, serves one of them and returns the other: for a child process, or for a
    /// [`Producer`] or [`Consumer`] in this one.
    ///
    /// # Errors
    /// If the system refuses the sockets.
    pub fn connect(&self) -> io::Result<UnixStream> {
        todo!("a pair of sockets, one end of which is served")
    }

    /// Serves whoever is at the other end of the stream, until one of the sides ends the connection. Returns at once.
    ///
    /// # Panics
    /// If the system refuses a thread.
    pub fn serve(&self, stream: UnixStream) {
        let _ = stream;
        todo!("who reads the requests, who writes the answers, and who notices that the other side is gone?")
    }

    /// Closes the queue: it takes no more items, and gives out those that it has. Closing it again does nothing.
    pub fn close(&self) {
        todo!("whom does this concern at this moment?")
    }
}

impl Drop for Queue {
    /// Disconnects everybody.
    fn drop(&mut self) {
        todo!("every thread that serves a connection must come to its end")
    }
}

/// Puts items into a queue in another process.
#[derive(Debug)]
pub struct Producer {
    _yours: PhantomData<()>,
}

impl Producer {
    /// A producer at the other end of a stream that a [`Queue`] serves.
    pub fn new(stream: UnixStream) -> Producer {
        let _ = stream;
        todo!("keep the stream")
    }

    /// Puts one item, and waits until the queue has taken it.
    ///
    /// # Errors
    /// [`QueueError::TooLarge`] if the item is longer than [`MAX_ITEM`]: nothing was sent. [`QueueError::Closed`] if the
    /// queue is closed. [`QueueError::Disconnected`] if there is no queue any more.
    pub fn put(&mut self, item: &[u8]) -> Result<(), QueueError> {
        let _ = item;
        todo!("one request, one answer")
    }
}

/// Gets items out of a queue in another process.
#[derive(Debug)]
pub struct Consumer {
    _yours: PhantomData<()>,
}

impl Consumer {
    /// A consumer at the other end of a stream that a [`Queue`] serves.
    pub fn new(stream: UnixStream) -> Consumer {
        let _ = stream;
        todo!("keep the stream")
    }

    /// Waits for the next item. `None` means that there will never be one: the queue is closed, and every item has been
    /// acknowledged.
    ///
    /// # Errors
    /// [`QueueError::Disconnected`] if there is no queue any more.
    pub fn get(&mut self) -> Result<Option<Delivery<'_>>, QueueError> {
        todo!("one request; the answer is an item or the end")
    }
}

/// An item that is out with this consumer. The queue keeps it until it is acknowledged.
///
/// Dropped without that, the item goes back to the queue, for whoever gets it next:
///
/// ```
/// use ipc_queue::{Consumer, Producer, Queue};
///
/// let queue = Queue::bounded(8);
/// Producer::new(queue.connect()?).put(b"fragile").unwrap();
/// let mut consumer = Consumer::new(queue.connect()?);
/// drop(consumer.get().unwrap());
/// let delivery = consumer.get().unwrap().expect("the item is back");
/// assert_eq!((delivery.bytes(), delivery.redelivered()), (&b"fragile"[..], 1));
/// delivery.ack().unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Delivery<'a> {
    _yours: PhantomData<&'a mut Consumer>,
}

impl Delivery<'_> {
    /// The item.
    pub fn bytes(&self) -> &[u8] {
        todo!("the bytes that came with the answer")
    }

    /// How often the item has been out before, with this consumer or another one, and come back.
    pub fn redelivered(&self) -> u32 {
        todo!("the number that came with the answer")
    }

    /// Tells the queue that the item has been dealt with, and waits until it knows.
    ///
    /// # Errors
    /// [`QueueError::Disconnected`] if there is no queue any more.
    pub fn ack(self) -> Result<(), QueueError> {
        todo!("one request, one answer; and what does dropping `self` do then?")
    }
}

impl Drop for Delivery<'_> {
    /// Returns the item to the queue, unless it has been acknowledged.
    fn drop(&mut self) {
        todo!("nobody else will return it")
    }
}
