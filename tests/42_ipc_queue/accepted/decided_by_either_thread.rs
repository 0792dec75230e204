//! One lock and one condition variable; whichever of the two threads of a connection comes first decides what it asked.

use std::collections::BTreeMap;
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

/// The longest item, in bytes.
pub const MAX_ITEM: usize = 1024 * 1024;

/// Why an item could not be put, got or acknowledged: the queue is closed; there is no connection to it any more; the item
/// is longer than [`MAX_ITEM`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueError {
    Closed,
    Disconnected,
    TooLarge { len: usize, limit: usize },
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

/// The queue itself, in the process that owns it.
///
/// Dropping it disconnects everybody.
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
        assert!(capacity > 0, "a queue without room could never take an item");
        let state = Mutex::new(State { capacity, ..State::default() });
        Queue { shared: Arc::new(Shared { state, changed: Condvar::new() }) }
    }

    /// Makes two connected sockets, serves one of them and returns the other: for a child process, or for a
    /// [`Producer`] or [`Consumer`] in this one.
    ///
    /// # Errors
    /// If the system refuses the sockets.
    pub fn connect(&self) -> io::Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair()?;
        self.serve(ours);
        Ok(theirs)
    }

    /// Serves whoever is at the other end of the stream, until one of the sides ends the connection. Returns at once.
    ///
    /// # Panics
    /// If the system refuses a thread.
    pub fn serve(&self, stream: UnixStream) {
        let stream = Arc::new(stream);
        let id = {
            let mut state = self.shared.lock();
            state.next_connection += 1;
            let id = state.next_connection;
            let connection = Connection { stream: Arc::clone(&stream), request: None, answer: None, out: None };
            state.connections.insert(id, connection);
            id
        };
        let (shared, theirs) = (Arc::clone(&self.shared), Arc::clone(&stream));
        thread::spawn(move || answer_requests(&shared, id, &theirs));
        let shared = Arc::clone(&self.shared);
        thread::spawn(move || read_requests(&shared, id, &stream));
    }

    /// Closes the queue: it takes no more items, and gives out those that it has. Closing it again does nothing.
    pub fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Drop for Queue {
    /// Disconnects everybody.
    fn drop(&mut self) {
        for connection in self.shared.lock().connections.values() {
            hang_up(&connection.stream);
        }
    }
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics under this lock")
    }
}

/// Ends a connection: reads and writes of both sides end, those that are under way included.
fn hang_up(stream: &UnixStream) {
    let _ = stream.shutdown(Shutdown::Both);
}

/// Always reads, and so notices the end of the connection. Decides at once what need not wait.
fn read_requests(shared: &Shared, id: u64, stream: &UnixStream) {
    let mut incoming = BufReader::new(stream);
    while let Ok(request) = Request::read(&mut incoming) {
        let mut state = shared.lock();
        let connection = state.connections.get_mut(&id).expect("a connection leaves after its last request");
        let allowed = match request {
            _ if connection.request.is_some() => false,
            Request::Put(_) => true,
            Request::Get => connection.out.is_none(),
            Request::Ack | Request::Return => connection.out.is_some(),
        };
        if !allowed {
            break;
        }
        connection.request = Some(request);
        let answer = state.decide(id);
        if let Some(answer) = answer {
            let connection = state.connections.get_mut(&id).expect("it is here");
            connection.request = None;
            connection.answer = Some(answer);
            drop(state);
            shared.changed.notify_all();
        }
    }
    let mut state = shared.lock();
    let connection = state.connections.remove(&id).expect("a connection leaves once");
    if let Some((place, item)) = connection.out {
        state.put_back(place, item);
    }
    drop(state);
    shared.changed.notify_all();
    // Only now may the peer hear of the end: everything has been undone.
    hang_up(stream);
}

/// Writes the answers, and decides what had to wait: it looks again after every change.
fn answer_requests(shared: &Shared, id: u64, mut stream: &UnixStream) {
    loop {
        let mut state = shared.lock();
        let answer = loop {
            let Some(connection) = state.connections.get_mut(&id) else { return };
            let ready = connection.answer.take();
            if let Some(answer) = ready.or_else(|| state.decide(id)) {
                break answer;
            }
            state = shared.changed.wait(state).expect("nothing panics under this lock");
        };
        state.connections.get_mut(&id).expect("it is here").request = None;
        drop(state);
        shared.changed.notify_all();
        if stream.write_all(&answer.encode()).is_err() {
            hang_up(stream);
        }
    }
}

/// What a peer wants.
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

/// What it is told.
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
    /// What it has asked for, until that is answered.
    request: Option<Request>,
    /// What the reading thread has decided, until the other thread takes it to write it.
    answer: Option<Answer>,
    /// The item that is out with this peer, and its place.
    out: Option<(u64, Item)>,
}

/// All that the queue knows.
#[derive(Debug, Default)]
struct State {
    capacity: usize,
    closed: bool,
    /// The items that wait, by the order in which they were taken.
    waiting: BTreeMap<u64, Item>,
    next_place: u64,
    /// How many items are held: those that wait and those that are out.
    held: usize,
    connections: BTreeMap<u64, Connection>,
    next_connection: u64,
}

impl State {
    /// Carries out what the connection has asked for, if that is possible now.
    fn decide(&mut self, id: u64) -> Option<Answer> {
        let connection = self.connections.get_mut(&id)?;
        match connection.request.as_ref()? {
            Request::Put(_) if self.closed => Some(Answer::Closed),
            Request::Put(bytes) if self.held < self.capacity => {
                let item = Item { redelivered: 0, bytes: Arc::new(bytes.clone()) };
                self.waiting.insert(self.next_place, item);
                self.next_place += 1;
                self.held += 1;
                Some(Answer::Done)
            }
            Request::Put(_) => None,
            Request::Get => match self.waiting.pop_first() {
                Some((place, item)) => {
                    connection.out = Some((place, item.clone()));
                    Some(Answer::Item(item))
                }
                None if self.closed && self.held == 0 => Some(Answer::End),
                None => None,
            },
            Request::Ack => {
                connection.out = None;
                self.held -= 1;
                Some(Answer::Done)
            }
            Request::Return => {
                let (place, item) = connection.out.take()?;
                self.put_back(place, item);
                Some(Answer::Done)
            }
        }
    }

    fn put_back(&mut self, place: u64, item: Item) {
        self.waiting.insert(place, Item { redelivered: item.redelivered + 1, ..item });
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

    /// Puts one item, and waits until the queue has taken it.
    ///
    /// # Errors
    /// [`QueueError::TooLarge`] if the item is longer than [`MAX_ITEM`]: nothing was sent. [`QueueError::Closed`] if the
    /// queue is closed. [`QueueError::Disconnected`] if there is no queue any more.
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

    /// Waits for the next item. `None` means that there will never be one: the queue is closed, and every item has been
    /// acknowledged.
    ///
    /// # Errors
    /// [`QueueError::Disconnected`] if there is no queue any more.
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

/// An item that is out with this consumer. The queue keeps it until it is acknowledged.
/// Dropped without that, the item goes back to the queue, for whoever gets it next.
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
    ///
    /// # Errors
    /// [`QueueError::Disconnected`] if there is no queue any more.
    pub fn ack(mut self) -> Result<(), QueueError> {
        self.is_out = false;
        self.consumer.decide(b'A')
    }
}

impl Drop for Delivery<'_> {
    /// Returns the item to the queue, unless it has been acknowledged.
    fn drop(&mut self) {
        if self.is_out {
            // If the queue cannot be told, the connection has ended, and that has returned the item.
            let _ = self.consumer.decide(b'R');
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
