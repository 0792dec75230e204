//! caught-by: behaviour — put_waits_until_an_item_is_acknowledged
//! Counts only the items that wait: those that are out come on top of the capacity.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

pub const MAX_ITEM: usize = 1024 * 1024;

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

#[derive(Debug)]
pub struct Queue {
    state: Arc<Mutex<State>>,
}

impl Queue {
    pub fn bounded(capacity: usize) -> Queue {
        assert!(capacity > 0, "a queue without room could never take an item");
        Queue { state: Arc::new(Mutex::new(State { capacity, ..State::default() })) }
    }

    pub fn connect(&self) -> io::Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair()?;
        self.serve(ours);
        Ok(theirs)
    }

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

fn hang_up(stream: &UnixStream) {
    // It fails where the connection has ended already.
    let _ = stream.shutdown(Shutdown::Both);
}

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

#[derive(Clone, Debug)]
struct Item {
    redelivered: u32,
    bytes: Arc<Vec<u8>>,
}

#[derive(Debug)]
struct Connection {
    stream: Arc<UnixStream>,
    answers: SyncSender<Answer>,
    waits: bool,
    out: Option<(u64, Item)>,
}

impl Connection {
    fn answer(&mut self, answer: Answer) {
        self.waits = false;
        // There is no room if the peer has asked again before it read its last answer: it misses this one.
        let _ = self.answers.try_send(answer);
    }
}

#[derive(Debug, Default)]
struct State {
    capacity: usize,
    closed: bool,
    waiting: BTreeMap<u64, Item>,
    next_place: u64,
    held: usize,
    puts: VecDeque<(u64, Vec<u8>)>,
    gets: VecDeque<u64>,
    connections: BTreeMap<u64, Connection>,
    next_connection: u64,
}

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

    fn settle(&mut self) {
        self.settle_once();
        self.settle_once();
    }

    fn settle_once(&mut self) {
        while self.closed || self.waiting.len() < self.capacity {
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

#[derive(Debug)]
pub struct Producer {
    peer: Peer,
}

impl Producer {
    pub fn new(stream: UnixStream) -> Producer {
        Producer { peer: Peer::new(stream) }
    }

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

#[derive(Debug)]
pub struct Consumer {
    peer: Peer,
}

impl Consumer {
    pub fn new(stream: UnixStream) -> Consumer {
        Consumer { peer: Peer::new(stream) }
    }

    pub fn get(&mut self) -> Result<Option<Delivery<'_>>, QueueError> {
        let item = self.peer.ask(b"G", |answer, stream| match answer {
            b'I' => Ok(Some((read_number(stream)?, read_item(stream)?))),
            b'E' => Ok(None),
            _ => Err(nonsense()),
        })?;
        Ok(item.map(|(redelivered, bytes)| Delivery { consumer: self, redelivered, bytes, is_out: true }))
    }

    fn decide(&mut self, request: u8) -> Result<(), QueueError> {
        self.peer.ask(&[request], |answer, _| if answer == b'K' { Ok(()) } else { Err(nonsense()) })
    }
}

#[derive(Debug)]
pub struct Delivery<'a> {
    consumer: &'a mut Consumer,
    redelivered: u32,
    bytes: Vec<u8>,
    is_out: bool,
}

impl Delivery<'_> {
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn redelivered(&self) -> u32 {
        self.redelivered
    }

    pub fn ack(mut self) -> Result<(), QueueError> {
        self.is_out = false;
        self.consumer.decide(b'A')
    }
}

impl Drop for Delivery<'_> {
    fn drop(&mut self) {
        if self.is_out {
            // If the queue cannot be told, the connection has ended, and that has returned the item.
            let _ = self.consumer.decide(b'R');
        }
    }
}

#[derive(Debug)]
struct Peer {
    stream: BufReader<UnixStream>,
}

impl Peer {
    fn new(stream: UnixStream) -> Peer {
        Peer { stream: BufReader::new(stream) }
    }

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
