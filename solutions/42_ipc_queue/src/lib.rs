//! A bounded queue between processes, as `multiprocessing.Queue` is one, that loses nothing when a consumer dies.
//!
//! All decisions are made in `State`, under one lock and without a single read or write; two threads for each
//! connection only carry requests in and answers out. The starter documents the interface in full.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard};
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
            QueueError::TooLarge { len, limit } => {
                write!(formatter, "an item of {len} bytes is over the limit of {limit}")
            }
        }
    }
}

impl std::error::Error for QueueError {}

/// The queue itself, in the process that owns it. Dropping it disconnects everybody.
///
/// ```
/// use solution_ipc_queue::{Consumer, Producer, Queue, QueueError};
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
#[derive(Debug)]
pub struct Queue {
    state: Arc<Mutex<State>>,
}

impl Queue {
    /// An empty queue that holds at most `capacity` items, which is not 0.
    pub fn bounded(capacity: usize) -> Queue {
        assert!(capacity > 0, "a queue without room could never take an item");
        Queue { state: Arc::new(Mutex::new(State { capacity, ..State::default() })) }
    }

    /// Makes two connected sockets, serves one of them and returns the other.
    pub fn connect(&self) -> io::Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair()?;
        self.serve(ours);
        Ok(theirs)
    }

    /// Serves whoever is at the other end of the stream, until one of the sides ends the connection. Returns at once.
    pub fn serve(&self, stream: UnixStream) {
        let stream = Arc::new(stream);
        // Whoever waits for an answer before asking again never has two of them here.
        let (answers, to_write) = mpsc::sync_channel(1);
        let id = lock(&self.state).join(Connection { stream: Arc::clone(&stream), answers, waits: false, out: None });
        let theirs = Arc::clone(&stream);
        thread::spawn(move || write_answers(&to_write, &theirs));
        let state = Arc::clone(&self.state);
        thread::spawn(move || read_requests(&state, id, &stream));
    }

    /// Closes the queue: it takes no more items, and gives out those that it has. Closing it again does nothing.
    pub fn close(&self) {
        lock(&self.state).close();
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        for connection in lock(&self.state).connections.values() {
            hang_up(&connection.stream);
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().expect("nothing panics under this lock")
}

/// Ends a connection: reads and writes of both sides end, those that are under way included.
fn hang_up(stream: &UnixStream) {
    let _ = stream.shutdown(Shutdown::Both); // It fails where the connection has ended already.
}

/// The part of a connection that always reads, and so notices its end whatever else the connection waits for.
fn read_requests(state: &Mutex<State>, id: u64, stream: &UnixStream) {
    let mut incoming = BufReader::new(stream);
    while let Ok(request) = Request::read(&mut incoming) {
        if lock(state).ask(id, request).is_err() {
            break;
        }
    }
    lock(state).leave(id);
    // The other thread may be in the middle of a write; and the peer may hear of the end now, as everything has been undone.
    hang_up(stream);
}

/// The part of a connection that writes. A peer that does not read keeps this thread waiting, and nobody else. It ends
/// when the connection has left the state, and the sender with it.
fn write_answers(answers: &Receiver<Answer>, mut stream: &UnixStream) {
    for answer in answers {
        if stream.write_all(&answer.encode()).is_err() {
            hang_up(stream);
        }
    }
}

#[derive(Debug)]
enum Request {
    Put(Vec<u8>),
    Get,
    Ack,
    Return,
}

impl Request {
    fn read(stream: &mut impl Read) -> io::Result<Request> {
        Ok(match read_byte(stream)? {
            b'P' => Request::Put(read_item(stream)?),
            b'G' => Request::Get,
            b'A' => Request::Ack,
            b'R' => Request::Return,
            _ => return Err(nonsense()),
        })
    }
}

#[derive(Debug)]
enum Answer {
    Done,
    Closed,
    Item(Item),
    End,
}

impl Answer {
    fn encode(&self) -> Vec<u8> {
        match self {
            Answer::Done => vec![b'K'],
            Answer::Closed => vec![b'C'],
            Answer::Item(item) => frame(b'I', &[item.redelivered], &item.bytes),
            Answer::End => vec![b'E'],
        }
    }
}

/// An item. A clone of it shares the bytes: one is written to a consumer while the queue keeps the other.
#[derive(Clone, Debug)]
struct Item {
    redelivered: u32,
    bytes: Arc<Vec<u8>>,
}

/// What the queue knows of a peer.
#[derive(Debug)]
struct Connection {
    stream: Arc<UnixStream>,
    answers: SyncSender<Answer>,
    /// It has asked for something that cannot be had yet.
    waits: bool,
    /// The item that is out with this peer, and its place.
    out: Option<(u64, Item)>,
}

impl Connection {
    fn answer(&mut self, answer: Answer) {
        self.waits = false;
        // There is no room if the peer has asked again before it read its last answer: it misses this one.
        let _ = self.answers.try_send(answer);
    }
}

/// All that the queue knows. Every method leaves it settled: no request waits that can be answered.
#[derive(Debug, Default)]
struct State {
    capacity: usize,
    closed: bool,
    /// The items that wait, by the order in which they were taken.
    waiting: BTreeMap<u64, Item>,
    next_place: u64,
    /// How many items are held: those that wait and those that are out.
    held: usize,
    /// Who waits for room, with what.
    puts: VecDeque<(u64, Vec<u8>)>,
    /// Who waits for an item.
    gets: VecDeque<u64>,
    connections: BTreeMap<u64, Connection>,
    next_connection: u64,
}

/// A peer has asked for what makes no sense now.
struct Misbehaviour;

impl State {
    fn join(&mut self, connection: Connection) -> u64 {
        let id = self.next_connection;
        self.next_connection += 1;
        self.connections.insert(id, connection);
        id
    }

    fn ask(&mut self, id: u64, request: Request) -> Result<(), Misbehaviour> {
        let connection = self.connections.get_mut(&id).expect("a connection leaves after its last request");
        if connection.waits {
            return Err(Misbehaviour);
        }
        match request {
            Request::Put(bytes) => {
                connection.waits = true;
                self.puts.push_back((id, bytes));
            }
            Request::Get if connection.out.is_none() => {
                connection.waits = true;
                self.gets.push_back(id);
            }
            Request::Get => return Err(Misbehaviour),
            Request::Ack => {
                connection.out.take().ok_or(Misbehaviour)?;
                connection.answer(Answer::Done);
                self.held -= 1;
            }
            Request::Return => {
                let (place, item) = connection.out.take().ok_or(Misbehaviour)?;
                connection.answer(Answer::Done);
                self.put_back(place, item);
            }
        }
        self.settle();
        Ok(())
    }

    fn leave(&mut self, id: u64) {
        let connection = self.connections.remove(&id).expect("a connection leaves once");
        self.puts.retain(|(waiting, _)| *waiting != id);
        self.gets.retain(|waiting| *waiting != id);
        if let Some((place, item)) = connection.out {
            self.put_back(place, item);
            self.settle();
        }
    }

    fn close(&mut self) {
        self.closed = true;
        self.settle();
    }

    fn put_back(&mut self, place: u64, item: Item) {
        self.waiting.insert(place, Item { redelivered: item.redelivered + 1, ..item });
    }

    /// Answers all that can be answered.
    fn settle(&mut self) {
        while self.closed || self.held < self.capacity {
            let Some((id, bytes)) = self.puts.pop_front() else { break };
            let answer = if self.closed {
                Answer::Closed
            } else {
                self.waiting.insert(self.next_place, Item { redelivered: 0, bytes: Arc::new(bytes) });
                self.next_place += 1;
                self.held += 1;
                Answer::Done
            };
            self.connection(id).answer(answer);
        }
        while !self.waiting.is_empty() || (self.closed && self.held == 0) {
            let Some(id) = self.gets.pop_front() else { break };
            let first = self.waiting.pop_first();
            let connection = self.connection(id);
            connection.out = first.clone();
            connection.answer(first.map_or(Answer::End, |(_, item)| Answer::Item(item)));
        }
    }

    fn connection(&mut self, id: u64) -> &mut Connection {
        self.connections.get_mut(&id).expect("whoever leaves takes its requests along")
    }
}

/// Puts items into a queue in another process.
#[derive(Debug)]
pub struct Producer {
    peer: Peer,
}

impl Producer {
    /// A producer at the other end of a stream that a [`Queue`] serves.
    pub fn new(stream: UnixStream) -> Producer {
        Producer { peer: Peer::new(stream) }
    }

    /// Puts one item, and waits until the queue has taken it. Of one that is [`QueueError::TooLarge`], nothing is sent.
    pub fn put(&mut self, item: &[u8]) -> Result<(), QueueError> {
        if item.len() > MAX_ITEM {
            return Err(QueueError::TooLarge { len: item.len(), limit: MAX_ITEM });
        }
        let taken = self.peer.ask(&frame(b'P', &[], item), |answer, _| match answer {
            b'K' => Ok(true),
            b'C' => Ok(false),
            _ => Err(nonsense()),
        })?;
        if taken { Ok(()) } else { Err(QueueError::Closed) }
    }
}

/// Gets items out of a queue in another process.
#[derive(Debug)]
pub struct Consumer {
    peer: Peer,
}

impl Consumer {
    /// A consumer at the other end of a stream that a [`Queue`] serves.
    pub fn new(stream: UnixStream) -> Consumer {
        Consumer { peer: Peer::new(stream) }
    }

    /// Waits for the next item. `None`: there will never be one, as the queue is closed and all items are acknowledged.
    pub fn get(&mut self) -> Result<Option<Delivery<'_>>, QueueError> {
        let item = self.peer.ask(b"G", |answer, stream| match answer {
            b'I' => Ok(Some((read_number(stream)?, read_item(stream)?))),
            b'E' => Ok(None),
            _ => Err(nonsense()),
        })?;
        Ok(item.map(|(redelivered, bytes)| Delivery { consumer: self, redelivered, bytes, is_out: true }))
    }

    /// Says what becomes of the item that is out.
    fn decide(&mut self, request: u8) -> Result<(), QueueError> {
        self.peer.ask(&[request], |answer, _| if answer == b'K' { Ok(()) } else { Err(nonsense()) })
    }
}

/// An item that is out with this consumer. Dropped without [`Delivery::ack`], it goes back to the queue:
///
/// ```
/// use solution_ipc_queue::{Consumer, Producer, Queue};
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
    consumer: &'a mut Consumer,
    redelivered: u32,
    bytes: Vec<u8>,
    is_out: bool,
}

impl Delivery<'_> {
    /// The item.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How often the item has been out before, with this consumer or another one, and come back.
    pub fn redelivered(&self) -> u32 {
        self.redelivered
    }

    /// Tells the queue that the item has been dealt with, and waits until it knows.
    pub fn ack(mut self) -> Result<(), QueueError> {
        self.is_out = false;
        self.consumer.decide(b'A')
    }
}

impl Drop for Delivery<'_> {
    fn drop(&mut self) {
        if self.is_out {
            let _ = self.consumer.decide(b'R'); // Should it fail, the end of the connection has returned the item.
        }
    }
}

/// The side of a connection that asks.
#[derive(Debug)]
struct Peer {
    stream: BufReader<UnixStream>,
}

impl Peer {
    fn new(stream: UnixStream) -> Peer {
        Peer { stream: BufReader::new(stream) }
    }

    /// Asks, and understands the answer, which begins with the byte that is handed over. If either fails, nobody
    /// knows what the next byte would mean: the connection ends, and asking again fails for that reason.
    fn ask<T>(
        &mut self,
        request: &[u8],
        understand: impl FnOnce(u8, &mut BufReader<UnixStream>) -> io::Result<T>,
    ) -> Result<T, QueueError> {
        let answer = self.stream.get_mut().write_all(request);
        let answer =
            answer.and_then(|()| read_byte(&mut self.stream)).and_then(|byte| understand(byte, &mut self.stream));
        answer.map_err(|_| {
            hang_up(self.stream.get_ref());
            QueueError::Disconnected
        })
    }
}

/// A first byte, numbers, the length of an item, the item.
fn frame(first: u8, numbers: &[u32], item: &[u8]) -> Vec<u8> {
    let len = u32::try_from(item.len()).expect("MAX_ITEM fits");
    let mut frame = Vec::with_capacity(16 + item.len());
    frame.push(first);
    for number in numbers.iter().chain([&len]) {
        frame.extend(number.to_be_bytes());
    }
    frame.extend_from_slice(item);
    frame
}

fn read_byte(stream: &mut impl Read) -> io::Result<u8> {
    let mut byte = [0];
    stream.read_exact(&mut byte)?;
    Ok(byte[0])
}

fn read_number(stream: &mut impl Read) -> io::Result<u32> {
    let mut number = [0; 4];
    stream.read_exact(&mut number)?;
    Ok(u32::from_be_bytes(number))
}

fn read_item(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let len = read_number(stream)? as usize;
    // The other side chose this number. Until it has been looked at, it is good for nothing.
    if len > MAX_ITEM {
        return Err(nonsense());
    }
    let mut item = vec![0; len];
    stream.read_exact(&mut item)?;
    Ok(item)
}

fn nonsense() -> io::Error {
    ErrorKind::InvalidData.into()
}
