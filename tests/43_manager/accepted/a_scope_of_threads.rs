//! A scope of threads over one lock; a binary wire with a byte for the operation, answers that begin with their kind.

use std::collections::HashMap;
use std::io::{self, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// The longest payload of a frame, in bytes; the four bytes of the header are not counted.
pub const MAX_FRAME: usize = 1024 * 1024;

/// The longest key, and the longest name of a dictionary or a list, in bytes of UTF-8.
pub const MAX_KEY: usize = 64 * 1024;

/// Why an operation has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManagerError {
    /// The dictionary has no such key.
    NoSuchKey,
    /// An `update` expected something else: this is the value that is there, if there is one. Nothing was changed.
    Changed(Option<i64>),
    /// The list has no such element.
    OutOfRange,
    /// A key or a name is longer than [`MAX_KEY`]. Nothing was sent.
    TooLarge,
    /// The server sent what cannot be an answer.
    Protocol,
    /// The connection is over.
    Closed,
}

impl std::fmt::Display for ManagerError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ManagerError::NoSuchKey => formatter.write_str("no such key"),
            ManagerError::Changed(Some(actual)) => write!(formatter, "the value has changed to {actual}"),
            ManagerError::Changed(None) => formatter.write_str("the key has gone"),
            ManagerError::OutOfRange => formatter.write_str("no such element"),
            ManagerError::TooLarge => formatter.write_str("a key or a name is too long"),
            ManagerError::Protocol => formatter.write_str("the server does not speak the protocol"),
            ManagerError::Closed => formatter.write_str("the connection to the server is closed"),
        }
    }
}

impl std::error::Error for ManagerError {}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Store {
    dicts: HashMap<String, HashMap<String, i64>>,
    lists: HashMap<String, Vec<i64>>,
}

#[derive(Default)]
struct Connections {
    over: bool,
    next: u64,
    open: HashMap<u64, Arc<UnixStream>>,
}

#[derive(Default)]
struct Server {
    store: Mutex<Store>,
    connections: Mutex<Connections>,
}

/// Owns dictionaries and lists until the owner's connection ends.
pub fn serve(owner: UnixStream, listener: UnixListener) -> io::Result<()> {
    let server = Server::default();
    let here = listener.local_addr()?;
    thread::scope(|scope| {
        // It is closed as soon as nobody is accepted any more: whoever waits in its queue is refused.
        let listener = listener;
        let (number, owner) = server.admit(owner).expect("it is not over yet");
        scope.spawn({
            let server = &server;
            move || {
                server.attend(number, &owner);
                server.end();
                // Wakes the thread that accepts.
                let _ = UnixStream::connect_addr(&here);
            }
        });
        loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    let Some((number, stream)) = server.admit(stream) else { return Ok(()) };
                    let server = &server;
                    scope.spawn(move || server.attend(number, &stream));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    server.end();
                    return Err(error);
                }
            }
        }
    })
}

impl Server {
    /// Takes a connection in, unless it is over.
    fn admit(&self, stream: UnixStream) -> Option<(u64, Arc<UnixStream>)> {
        let mut connections = lock(&self.connections);
        if connections.over {
            return None;
        }
        let stream = Arc::new(stream);
        connections.next += 1;
        let number = connections.next;
        connections.open.insert(number, Arc::clone(&stream));
        Some((number, stream))
    }

    fn end(&self) {
        let mut connections = lock(&self.connections);
        connections.over = true;
        for stream in connections.open.values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn attend(&self, number: u64, mut stream: &UnixStream) {
        let mut requests = BufReader::new(stream);
        while let Ok(Some(request)) = read_frame(&mut requests) {
            let Some(answer) = self.carry_out(&request) else { break };
            let mut frame = (answer.len() as u32).to_be_bytes().to_vec();
            frame.extend(answer);
            if stream.write_all(&frame).is_err() {
                break;
            }
        }
        let _ = stream.shutdown(Shutdown::Both);
        lock(&self.connections).open.remove(&number);
    }

    /// The answer; `None` if this is no request.
    fn carry_out(&self, request: &[u8]) -> Option<Vec<u8>> {
        let (operation, mut rest) = request.split_first()?;
        let rest = &mut rest;
        let name = take_text(rest)?;
        let mut store = lock(&self.store);
        let Store { dicts, lists } = &mut *store;
        let key = if b"girc".contains(operation) { take_text(rest)? } else { String::new() };
        let number = if b"ip@".contains(operation) { take_number(rest)? } else { 0 };
        let (expected, new) = match operation {
            b'c' => (take_maybe(rest)?, take_number(rest)?),
            _ => (None, 0),
        };
        if !rest.is_empty() {
            return None;
        }
        let is_dict = b"gircd".contains(operation);
        let (kind, value) = if is_dict {
            let dict = dicts.entry(name).or_default();
            match operation {
                b'g' => (b'k', dict.get(&key).copied()),
                b'i' => (b'v', dict.insert(key, number)),
                b'r' => (b'k', dict.remove(&key)),
                b'd' => (b'v', Some(dict.len() as i64)),
                _ => match dict.get(&key).copied() {
                    actual if actual == expected => {
                        dict.insert(key, new);
                        (b'v', None)
                    }
                    actual => (b'c', actual),
                },
            }
        } else {
            let list = lists.entry(name).or_default();
            match operation {
                b'p' => {
                    list.push(number);
                    (b'v', None)
                }
                b'o' => (b'o', list.pop()),
                b'@' => (b'o', usize::try_from(number).ok().and_then(|index| list.get(index).copied())),
                b'l' => (b'v', Some(list.len() as i64)),
                _ => return None,
            }
        };
        let mut answer = vec![kind, u8::from(value.is_some())];
        answer.extend(value.unwrap_or_default().to_be_bytes());
        Some(answer)
    }
}

/// The next frame; `None` at the end or for a frame that cannot be.
fn read_frame(stream: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut header = [0; 4];
    stream.read_exact(&mut header)?;
    let len = u32::from_be_bytes(header) as usize;
    if len == 0 || len > MAX_FRAME {
        return Ok(None);
    }
    let mut payload = Vec::new();
    stream.take(len as u64).read_to_end(&mut payload)?;
    if payload.len() < len { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(Some(payload)) }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

fn take_number(bytes: &mut &[u8]) -> Option<i64> {
    take(bytes).map(i64::from_be_bytes)
}

fn take_maybe(bytes: &mut &[u8]) -> Option<Option<i64>> {
    match take(bytes)? {
        [0] => Some(None),
        [1] => take_number(bytes).map(Some),
        _ => None,
    }
}

fn take_text(bytes: &mut &[u8]) -> Option<String> {
    let len = u32::from_be_bytes(take(bytes)?) as usize;
    let (text, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    String::from_utf8(text.to_vec()).ok()
}

/// A server process and the connection that owns it.
pub struct Manager {
    client: Client,
    process: Child,
}

impl Manager {
    /// Starts the server's process and waits until it answers.
    pub fn start(mut command: Command) -> io::Result<Manager> {
        let (ours, theirs) = UnixStream::pair()?;
        let process = command.stdin(Stdio::from(OwnedFd::from(theirs))).spawn()?;
        drop(command);
        let mut manager = Manager { client: Client::over(ours), process };
        if let Err(error) = manager.client.list("").len() {
            let _ = manager.process.kill();
            return Err(io::Error::other(error));
        }
        Ok(manager)
    }

    /// A client over the owner's connection.
    pub fn client(&self) -> Client {
        self.client.clone()
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        let _ = self.client.line.stream.shutdown(Shutdown::Both);
        let _ = self.process.wait();
    }
}

struct Line {
    stream: UnixStream,
    /// Whose turn it is, and whether the connection is over.
    turn: Mutex<bool>,
}

/// One connection to a server.
#[derive(Clone)]
pub struct Client {
    line: Arc<Line>,
}

struct Request {
    bytes: Vec<u8>,
    too_large: bool,
}

impl Request {
    fn new(operation: u8, name: &str) -> Request {
        Request { bytes: vec![operation], too_large: false }.text(name)
    }

    fn text(mut self, text: &str) -> Request {
        self.too_large |= text.len() > MAX_KEY;
        self.bytes.extend((text.len() as u32).to_be_bytes());
        self.bytes.extend(text.bytes());
        self
    }

    fn number(mut self, number: i64) -> Request {
        self.bytes.extend(number.to_be_bytes());
        self
    }

    fn maybe(mut self, number: Option<i64>) -> Request {
        self.bytes.push(u8::from(number.is_some()));
        match number {
            Some(number) => self.number(number),
            None => self,
        }
    }
}

/// What an answer may be made into.
trait Answer: Sized {
    /// From the kind and the value; `None` if it does not fit.
    fn from(kind: u8, value: Option<i64>) -> Option<Result<Self, ManagerError>>;
}

impl Answer for i64 {
    fn from(kind: u8, value: Option<i64>) -> Option<Result<i64, ManagerError>> {
        match (kind, value) {
            (b'k' | b'o', Some(value)) => Some(Ok(value)),
            (b'k', None) => Some(Err(ManagerError::NoSuchKey)),
            (b'o', None) => Some(Err(ManagerError::OutOfRange)),
            _ => None,
        }
    }
}

impl Answer for Option<i64> {
    fn from(kind: u8, value: Option<i64>) -> Option<Result<Option<i64>, ManagerError>> {
        (kind == b'v').then_some(Ok(value))
    }
}

impl Answer for usize {
    fn from(kind: u8, value: Option<i64>) -> Option<Result<usize, ManagerError>> {
        (kind == b'v').then_some(())?;
        value.and_then(|value| usize::try_from(value).ok()).map(Ok)
    }
}

impl Answer for () {
    fn from(kind: u8, value: Option<i64>) -> Option<Result<(), ManagerError>> {
        match (kind, value) {
            (b'v', None) => Some(Ok(())),
            (b'c', actual) => Some(Err(ManagerError::Changed(actual))),
            _ => None,
        }
    }
}

impl Client {
    /// A client over a stream that is connected to a server.
    pub fn over(stream: UnixStream) -> Client {
        Client { line: Arc::new(Line { stream, turn: Mutex::new(false) }) }
    }

    /// The proxy of a dictionary.
    pub fn dict(&self, name: &str) -> Dict {
        Dict { client: self.clone(), name: name.into() }
    }

    /// The proxy of a list.
    pub fn list(&self, name: &str) -> List {
        List { client: self.clone(), name: name.into() }
    }

    fn ask<T: Answer>(&self, request: Request) -> Result<T, ManagerError> {
        if request.too_large {
            return Err(ManagerError::TooLarge);
        }
        let mut over = lock(&self.line.turn);
        if *over {
            return Err(ManagerError::Closed);
        }
        let answered = self.exchange(&request.bytes).and_then(|answer| {
            let [kind, there, value @ ..] = &answer[..] else { return Err(ManagerError::Protocol) };
            let value = i64::from_be_bytes(value.try_into().map_err(|_| ManagerError::Protocol)?);
            if *there > 1 {
                return Err(ManagerError::Protocol);
            }
            T::from(*kind, (*there == 1).then_some(value)).ok_or(ManagerError::Protocol)
        });
        answered.unwrap_or_else(|error| {
            *over = true;
            let _ = self.line.stream.shutdown(Shutdown::Both);
            Err(error)
        })
    }

    fn exchange(&self, request: &[u8]) -> Result<Vec<u8>, ManagerError> {
        let mut stream = &self.line.stream;
        let frame = [&(request.len() as u32).to_be_bytes()[..], request].concat();
        stream.write_all(&frame).map_err(|_| ManagerError::Closed)?;
        read_frame(&mut stream).map_err(|_| ManagerError::Closed)?.ok_or(ManagerError::Protocol)
    }
}

/// The proxy of a dictionary.
#[derive(Clone)]
pub struct Dict {
    client: Client,
    name: Arc<str>,
}

impl Dict {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Result<i64, ManagerError> {
        self.client.ask(Request::new(b'g', &self.name).text(key))
    }

    /// Sets the value of a key.
    pub fn insert(&self, key: &str, value: i64) -> Result<Option<i64>, ManagerError> {
        self.client.ask(Request::new(b'i', &self.name).text(key).number(value))
    }

    /// Takes a key out.
    pub fn remove(&self, key: &str) -> Result<i64, ManagerError> {
        self.client.ask(Request::new(b'r', &self.name).text(key))
    }

    /// Sets the value of a key if it is what is expected.
    pub fn update(&self, key: &str, expected: Option<i64>, new: i64) -> Result<(), ManagerError> {
        self.client.ask(Request::new(b'c', &self.name).text(key).maybe(expected).number(new))
    }

    /// How many keys there are.
    pub fn len(&self) -> Result<usize, ManagerError> {
        self.client.ask(Request::new(b'd', &self.name))
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> Result<bool, ManagerError> {
        Ok(self.len()? == 0)
    }
}

/// The proxy of a list.
#[derive(Clone)]
pub struct List {
    client: Client,
    name: Arc<str>,
}

impl List {
    /// Appends a value.
    pub fn push(&self, value: i64) -> Result<(), ManagerError> {
        self.client.ask(Request::new(b'p', &self.name).number(value))
    }

    /// Takes the last value.
    pub fn pop(&self) -> Result<i64, ManagerError> {
        self.client.ask(Request::new(b'o', &self.name))
    }

    /// The value at an index.
    pub fn get(&self, index: usize) -> Result<i64, ManagerError> {
        self.client.ask(Request::new(b'@', &self.name).number(index as i64))
    }

    /// How many values there are.
    pub fn len(&self) -> Result<usize, ManagerError> {
        self.client.ask(Request::new(b'l', &self.name))
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> Result<bool, ManagerError> {
        Ok(self.len()? == 0)
    }
}
