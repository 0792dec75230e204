//! An actor: one thread owns the whole queue and hears of everything through a channel; it holds no lock at all.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::io::{self, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
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

/// What the actor hears.
enum News {
    Arrived(u64, Link),
    Asked(u64, Request),
    Left(u64),
    Closed,
    Dropped,
}

enum Request {
    Put(Vec<u8>),
    Get,
    Ack,
    Return,
}

/// The actor's way to a connection.
struct Link {
    stream: Arc<UnixStream>,
    answers: Sender<Vec<u8>>,
    unwritten: Arc<AtomicUsize>,
}

/// The queue itself, in the process that owns it.
#[derive(Debug)]
pub struct Queue {
    news: Mutex<Sender<News>>,
    next: AtomicU64,
}

impl Queue {
    /// An empty queue that holds at most `capacity` items.
    ///
    /// # Panics
    /// If `capacity` is 0.
    pub fn bounded(capacity: usize) -> Queue {
        assert!(capacity > 0, "a queue needs room for an item");
        let (sender, receiver) = channel();
        let actor = Actor {
            capacity,
            items: BTreeMap::new(),
            waiting: BTreeSet::new(),
            taken: 0,
            closed: false,
            peers: HashMap::new(),
            puts: VecDeque::new(),
            gets: VecDeque::new(),
        };
        thread::Builder::new().name("broker".into()).spawn(move || actor.run(&receiver)).expect("a thread");
        Queue { news: Mutex::new(sender), next: AtomicU64::new(0) }
    }

    fn tell(&self, news: News) {
        // The actor ends only with the queue.
        let _ = self.news.lock().unwrap_or_else(PoisonError::into_inner).send(news);
    }

    /// Serves one end of a new pair of sockets, and returns the other.
    ///
    /// # Errors
    /// If the system refuses the sockets.
    pub fn connect(&self) -> io::Result<UnixStream> {
        let (theirs, ours) = UnixStream::pair()?;
        self.serve(ours);
        Ok(theirs)
    }

    /// Serves whoever is at the other end.
    ///
    /// # Panics
    /// If the system refuses a thread.
    pub fn serve(&self, stream: UnixStream) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let stream = Arc::new(stream);
        let (answers, to_write) = channel::<Vec<u8>>();
        let unwritten = Arc::new(AtomicUsize::new(0));
        let news = self.news.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let link = Link { stream: Arc::clone(&stream), answers, unwritten: Arc::clone(&unwritten) };
        let _ = news.send(News::Arrived(number, link));
        let writers = Arc::clone(&stream);
        let writer = move || {
            for answer in to_write {
                if (&*writers).write_all(&answer).is_err() {
                    let _ = writers.shutdown(Shutdown::Both);
                    return;
                }
                unwritten.fetch_sub(1, Ordering::SeqCst);
            }
            let _ = writers.shutdown(Shutdown::Both);
        };
        let reader = move || {
            let mut requests = BufReader::new(&*stream);
            while let Ok(request) = read_request(&mut requests) {
                if news.send(News::Asked(number, request)).is_err() {
                    break;
                }
            }
            let _ = stream.shutdown(Shutdown::Both);
            let _ = news.send(News::Left(number));
        };
        thread::Builder::new().name("writer".into()).spawn(writer).expect("a thread");
        thread::Builder::new().name("reader".into()).spawn(reader).expect("a thread");
    }

    /// Closes the queue.
    pub fn close(&self) {
        self.tell(News::Closed);
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.tell(News::Dropped);
    }
}

fn read_request(stream: &mut impl Read) -> io::Result<Request> {
    let mut tag = [0];
    stream.read_exact(&mut tag)?;
    match &tag {
        b"P" => {
            let mut len = [0; 4];
            stream.read_exact(&mut len)?;
            Ok(Request::Put(read_item(stream, u32::from_be_bytes(len))?))
        }
        b"G" => Ok(Request::Get),
        b"A" => Ok(Request::Ack),
        b"R" => Ok(Request::Return),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn read_item(stream: &mut impl Read, len: u32) -> io::Result<Vec<u8>> {
    if len as usize > MAX_ITEM {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut item = Vec::new();
    stream.take(u64::from(len)).read_to_end(&mut item)?;
    if item.len() < len as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(item)
}

struct Item {
    bytes: Vec<u8>,
    returned: u32,
}

struct Peer {
    link: Link,
    out: Option<u64>,
    /// It has asked for something that it has to wait for.
    waits: bool,
}

struct Actor {
    capacity: usize,
    /// All that are held, by the order in which they were taken.
    items: BTreeMap<u64, Item>,
    waiting: BTreeSet<u64>,
    taken: u64,
    closed: bool,
    peers: HashMap<u64, Peer>,
    puts: VecDeque<(u64, Vec<u8>)>,
    gets: VecDeque<u64>,
}

impl Actor {
    fn run(mut self, news: &Receiver<News>) {
        for news in news {
            match news {
                News::Arrived(number, link) => drop(self.peers.insert(number, Peer { link, out: None, waits: false })),
                News::Asked(number, request) => self.asked(number, request),
                News::Left(number) => self.left(number),
                News::Closed => self.closed = true,
                News::Dropped => {
                    for peer in self.peers.values() {
                        let _ = peer.link.stream.shutdown(Shutdown::Both);
                    }
                    return;
                }
            }
            self.settle();
        }
    }

    fn asked(&mut self, number: u64, request: Request) {
        // It was sent away in the meantime.
        let Some(peer) = self.peers.get_mut(&number) else { return };
        // One answer may be written and not yet counted; more than that are those of somebody who does not read.
        if peer.waits || peer.link.unwritten.load(Ordering::SeqCst) > 1 {
            return self.left(number);
        }
        match request {
            Request::Put(bytes) => {
                peer.waits = true;
                self.puts.push_back((number, bytes));
            }
            Request::Get if peer.out.is_none() => {
                peer.waits = true;
                self.gets.push_back(number);
            }
            Request::Ack if peer.out.is_some() => {
                self.items.remove(&peer.out.take().expect("just seen"));
                answer(&peer.link, vec![b'K']);
            }
            Request::Return if peer.out.is_some() => {
                let item = peer.out.take().expect("just seen");
                answer(&peer.link, vec![b'K']);
                self.come_back(item);
            }
            _ => self.left(number),
        }
    }

    fn come_back(&mut self, item: u64) {
        if let Some(held) = self.items.get_mut(&item) {
            held.returned += 1;
            self.waiting.insert(item);
        }
    }

    fn left(&mut self, number: u64) {
        let Some(peer) = self.peers.remove(&number) else { return };
        let _ = peer.link.stream.shutdown(Shutdown::Both);
        self.puts.retain(|(who, _)| *who != number);
        self.gets.retain(|who| *who != number);
        if let Some(item) = peer.out {
            self.come_back(item);
        }
    }

    /// Answers whoever can be answered now.
    fn settle(&mut self) {
        while !self.puts.is_empty() && (self.closed || self.items.len() < self.capacity) {
            let Some((number, bytes)) = self.puts.pop_front() else { break };
            let Some(peer) = self.peers.get_mut(&number) else { continue };
            peer.waits = false;
            if self.closed {
                answer(&peer.link, vec![b'C']);
                continue;
            }
            answer(&peer.link, vec![b'K']);
            self.items.insert(self.taken, Item { bytes, returned: 0 });
            self.waiting.insert(self.taken);
            self.taken += 1;
        }
        while !self.gets.is_empty() && !self.waiting.is_empty() {
            let (Some(number), Some(first)) = (self.gets.pop_front(), self.waiting.pop_first()) else { break };
            let Some(peer) = self.peers.get_mut(&number) else { continue };
            let item = &self.items[&first];
            let mut message = vec![b'I'];
            message.extend(item.returned.to_be_bytes());
            message.extend((item.bytes.len() as u32).to_be_bytes());
            message.extend(&item.bytes);
            peer.waits = false;
            peer.out = Some(first);
            answer(&peer.link, message);
        }
        if self.closed && self.items.is_empty() {
            for number in self.gets.drain(..) {
                if let Some(peer) = self.peers.get_mut(&number) {
                    peer.waits = false;
                    answer(&peer.link, vec![b'E']);
                }
            }
        }
    }
}

fn answer(link: &Link, bytes: Vec<u8>) {
    link.unwritten.fetch_add(1, Ordering::SeqCst);
    let _ = link.answers.send(bytes);
}

/// One end of a connection, until it fails.
#[derive(Debug)]
struct Client(Option<BufReader<UnixStream>>);

impl Client {
    fn ask<T>(
        &mut self,
        request: &[u8],
        read: impl FnOnce(&mut BufReader<UnixStream>) -> io::Result<T>,
    ) -> Result<T, QueueError> {
        let answered = self.0.as_mut().ok_or(QueueError::Disconnected).and_then(|stream| {
            stream.get_mut().write_all(request).map_err(|_| QueueError::Disconnected)?;
            read(stream).map_err(|_| QueueError::Disconnected)
        });
        if answered.is_err()
            && let Some(stream) = self.0.take()
        {
            let _ = stream.get_ref().shutdown(Shutdown::Both);
        }
        answered
    }
}

fn tag(stream: &mut impl Read, wanted: &[u8]) -> io::Result<u8> {
    let mut tag = [0];
    stream.read_exact(&mut tag)?;
    if wanted.contains(&tag[0]) { Ok(tag[0]) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Puts items into a queue in another process.
#[derive(Debug)]
pub struct Producer {
    client: Client,
}

impl Producer {
    /// A producer at the other end of a stream that a [`Queue`] serves.
    pub fn new(stream: UnixStream) -> Producer {
        Producer { client: Client(Some(BufReader::new(stream))) }
    }

    /// Puts one item, and waits until the queue has taken it.
    ///
    /// # Errors
    /// As in the brief.
    pub fn put(&mut self, item: &[u8]) -> Result<(), QueueError> {
        if item.len() > MAX_ITEM {
            return Err(QueueError::TooLarge { len: item.len(), limit: MAX_ITEM });
        }
        let request = [b"P", &(item.len() as u32).to_be_bytes()[..], item].concat();
        match self.client.ask(&request, |stream| tag(stream, b"KC"))? {
            b'K' => Ok(()),
            _ => Err(QueueError::Closed),
        }
    }
}

/// Gets items out of a queue in another process.
#[derive(Debug)]
pub struct Consumer {
    client: Client,
}

impl Consumer {
    /// A consumer at the other end of a stream that a [`Queue`] serves.
    pub fn new(stream: UnixStream) -> Consumer {
        Consumer { client: Client(Some(BufReader::new(stream))) }
    }

    /// Waits for the next item.
    ///
    /// # Errors
    /// [`QueueError::Disconnected`] if there is no queue any more.
    pub fn get(&mut self) -> Result<Option<Delivery<'_>>, QueueError> {
        let item = self.client.ask(b"G", |stream| {
            if tag(stream, b"IE")? == b'E' {
                return Ok(None);
            }
            let (mut redelivered, mut len) = ([0; 4], [0; 4]);
            stream.read_exact(&mut redelivered)?;
            stream.read_exact(&mut len)?;
            Ok(Some((u32::from_be_bytes(redelivered), read_item(stream, u32::from_be_bytes(len))?)))
        })?;
        Ok(item.map(|(redelivered, bytes)| Delivery { client: Some(&mut self.client), bytes, redelivered }))
    }
}

/// An item that is out with this consumer.
#[derive(Debug)]
pub struct Delivery<'a> {
    client: Option<&'a mut Client>,
    bytes: Vec<u8>,
    redelivered: u32,
}

impl Delivery<'_> {
    /// The item.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How often it has come back.
    pub fn redelivered(&self) -> u32 {
        self.redelivered
    }

    /// Tells the queue that the item has been dealt with.
    ///
    /// # Errors
    /// [`QueueError::Disconnected`] if there is no queue any more.
    pub fn ack(mut self) -> Result<(), QueueError> {
        let client = self.client.take().expect("only `ack` takes it");
        client.ask(b"A", |stream| tag(stream, b"K")).map(drop)
    }
}

impl Drop for Delivery<'_> {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            let _ = client.ask(b"R", |stream| tag(stream, b"K"));
        }
    }
}
