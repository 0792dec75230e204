//! A manager, as `multiprocessing.Manager()` is one: a server process owns dictionaries and lists of numbers, and other
//! processes work on them through proxies. The starter documents its interface in full, with examples.
//!
//! The server has a thread for each connection, which blocks on that one alone: a slow client is slow for itself. What
//! the threads share is the store, whose lock is held while one request is carried out and never during I/O.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, Scope};

/// The longest payload of a frame, in bytes; the four bytes of the header are not counted.
pub const MAX_FRAME: usize = 1024 * 1024;
/// The longest key, and the longest name of a dictionary or a list, in bytes of UTF-8.
pub const MAX_KEY: usize = 64 * 1024;

const HEADER: usize = 4; // The length of a frame's header, in bytes.
const NO_VALUE: i64 = 0; // What is sent as the value by an operation that has none.

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

/// Owns dictionaries and lists, and carries out what its clients ask for, until the owner's connection ends. When it
/// returns, all connections are closed and all threads that it has started have ended. Fails if it cannot accept.
pub fn serve(owner: UnixStream, listener: UnixListener) -> io::Result<()> {
    let address = listener.local_addr()?;
    let server = &Server::default();
    thread::scope(|scope| {
        let owner = server.admit(0, owner);
        scope.spawn(move || {
            owner.attend();
            server.open().owner_has_left = true;
            let _ = UnixStream::connect_addr(&address); // The acceptor may be waiting for a connection: here is one.
        });
        let result = accept(server, listener, scope);
        server.close(); // Nobody is admitted any more: no connection can come too late to be found.
        result
    })
}

/// Gives every new connection a thread, until the owner has left or the listener fails. Then the listener is dropped:
/// whoever still waits to be accepted, the owner's thread included, is refused.
fn accept<'scope>(server: &'scope Server, listener: UnixListener, scope: &'scope Scope<'scope, '_>) -> io::Result<()> {
    for number in 1.. {
        let (stream, _) = listener.accept()?;
        if server.open().owner_has_left {
            break;
        }
        let connection = server.admit(number, stream);
        scope.spawn(move || connection.attend());
    }
    Ok(())
}

/// What all connections share. Neither lock is held during I/O, nor while the other one is.
#[derive(Default)]
struct Server {
    store: Mutex<Store>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    owner_has_left: bool,
    /// The open connections by number, so that `close` finds them.
    streams: BTreeMap<u64, Arc<UnixStream>>,
}

/// A connection that the server attends to; the server lets go of it when this is dropped.
struct Connection<'server> {
    server: &'server Server,
    number: u64,
    stream: Arc<UnixStream>,
}

impl Server {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().expect("nothing panics under this lock")
    }

    fn admit(&self, number: u64, stream: UnixStream) -> Connection<'_> {
        let stream = Arc::new(stream);
        self.open().streams.insert(number, Arc::clone(&stream));
        Connection { server: self, number, stream }
    }

    /// Ends all connections, whatever their threads wait for.
    fn close(&self) {
        for stream in self.open().streams.values() {
            let _ = stream.shutdown(Shutdown::Both); // Fails if the other side has gone: then no thread waits for it.
        }
    }
}

impl Connection<'_> {
    /// Answers one request after the other, until the connection ends or brings something that is no request.
    fn attend(self) {
        while let Ok(payload) = read_frame(&self.stream) {
            let Some(request) = Request::decode(&payload) else { return };
            let answer = self.server.store.lock().expect("nothing panics under this lock").carry_out(&request);
            let _ = write_frame(&self.stream, encode_answer(answer)); // Should it fail, what has come is still done.
        }
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.server.open().streams.remove(&self.number);
    }
}

#[derive(Default)]
struct Store {
    dicts: HashMap<String, HashMap<String, i64>>,
    lists: HashMap<String, Vec<i64>>,
}

/// What a request comes to: a number, nothing, or one of the first three errors.
type Answer = Result<Option<i64>, ManagerError>;

impl Store {
    fn carry_out(&mut self, request: &Request<'_>) -> Answer {
        let Request { operation, name, key, expected, value } = *request;
        match operation {
            Operation::DictGet => self.dict(name).get(key).copied().map(Some).ok_or(ManagerError::NoSuchKey),
            Operation::DictInsert => Ok(self.dict(name).insert(key.to_owned(), value)),
            Operation::DictRemove => self.dict(name).remove(key).map(Some).ok_or(ManagerError::NoSuchKey),
            Operation::DictUpdate => {
                let dict = self.dict(name);
                let actual = dict.get(key).copied();
                if actual != expected {
                    return Err(ManagerError::Changed(actual));
                }
                dict.insert(key.to_owned(), value);
                Ok(None)
            }
            Operation::DictLen => Ok(Some(self.dict(name).len() as i64)),
            Operation::ListPush => {
                self.list(name).push(value);
                Ok(None)
            }
            Operation::ListPop => self.list(name).pop().map(Some).ok_or(ManagerError::OutOfRange),
            Operation::ListGet => {
                let value = usize::try_from(value).ok().and_then(|index| self.list(name).get(index).copied());
                value.map(Some).ok_or(ManagerError::OutOfRange)
            }
            Operation::ListLen => Ok(Some(self.list(name).len() as i64)),
        }
    }

    fn dict(&mut self, name: &str) -> &mut HashMap<String, i64> {
        self.dicts.entry(name.to_owned()).or_default()
    }

    fn list(&mut self, name: &str) -> &mut Vec<i64> {
        self.lists.entry(name.to_owned()).or_default()
    }
}

/// A server process and the connection that owns it. Dropping the manager ends both, and waits for the process.
pub struct Manager {
    client: Client,
    process: Child,
}

impl Manager {
    /// Starts the server's process, whose standard input becomes one end of a new socket, and waits until it answers.
    /// If it answers otherwise than a server, that is an error, and it is not running any more.
    pub fn start(mut command: Command) -> io::Result<Manager> {
        let (ours, theirs) = UnixStream::pair()?;
        let process = command.stdin(Stdio::from(OwnedFd::from(theirs))).spawn()?;
        drop(command); // It still holds the server's end: as long as it does, the end of the server goes unnoticed.
        let mut manager = Manager { client: Client::over(ours), process };
        if let Err(error) = manager.client.list("").len() {
            let _ = manager.process.kill(); // Whatever this program is, it may not end by itself.
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
        let _ = self.client.connection.stream.shutdown(Shutdown::Both); // To drop it is not enough: it may have clones.
        let _ = self.process.wait();
    }
}

/// One connection to a server. Clones, and proxies made by it, share the connection, which ends with the last of them.
#[derive(Clone)]
pub struct Client {
    connection: Arc<ClientConnection>,
}

struct ClientConnection {
    stream: UnixStream,
    /// Whose turn it is to send a request and wait for its answer; whether the stream stands between two frames.
    in_step: Mutex<bool>,
}

impl Client {
    /// A client over a stream that is connected to a server.
    pub fn over(stream: UnixStream) -> Client {
        Client { connection: Arc::new(ClientConnection { stream, in_step: Mutex::new(true) }) }
    }

    /// The proxy of the dictionary with this name. It is there, and empty, before anybody has used it.
    pub fn dict(&self, name: &str) -> Dict {
        Dict { connection: Arc::clone(&self.connection), name: name.to_owned() }
    }

    /// The proxy of the list with this name. It is there, and empty, before anybody has used it.
    pub fn list(&self, name: &str) -> List {
        List { connection: Arc::clone(&self.connection), name: name.to_owned() }
    }
}

impl ClientConnection {
    /// Asks, and makes of the answer what the operation returns; an answer of which it makes nothing is none.
    fn ask<T>(&self, request: Request<'_>, result: impl FnOnce(Option<i64>) -> Option<T>) -> Result<T, ManagerError> {
        if request.name.len().max(request.key.len()) > MAX_KEY {
            return Err(ManagerError::TooLarge);
        }
        let frame = request.encode();
        let mut in_step = self.in_step.lock().expect("nothing panics under this lock");
        if !std::mem::replace(&mut *in_step, false) {
            return Err(ManagerError::Closed);
        }
        write_frame(&self.stream, frame)?;
        let answer = decode_answer(&read_frame(&self.stream)?).ok_or(ManagerError::Protocol)?;
        let result = match answer {
            Ok(value) => Ok(result(value).ok_or(ManagerError::Protocol)?),
            Err(error) => Err(error),
        };
        *in_step = true;
        result
    }
}

/// The proxy of a dictionary: the dictionary itself is in the server.
#[derive(Clone)]
pub struct Dict {
    connection: Arc<ClientConnection>,
    name: String,
}

impl Dict {
    /// The value of a key, or [`ManagerError::NoSuchKey`].
    pub fn get(&self, key: &str) -> Result<i64, ManagerError> {
        self.ask(Operation::DictGet, key, None, NO_VALUE, |value| value)
    }

    /// Sets the value of a key, and returns the one that it had before.
    pub fn insert(&self, key: &str, value: i64) -> Result<Option<i64>, ManagerError> {
        self.ask(Operation::DictInsert, key, None, value, Some)
    }

    /// Takes a key out, and returns the value that it had, or [`ManagerError::NoSuchKey`].
    pub fn remove(&self, key: &str) -> Result<i64, ManagerError> {
        self.ask(Operation::DictRemove, key, None, NO_VALUE, |value| value)
    }

    /// Sets the value of a key to `new` if it is `expected` now (`None`: not there), or [`ManagerError::Changed`].
    pub fn update(&self, key: &str, expected: Option<i64>, new: i64) -> Result<(), ManagerError> {
        self.ask(Operation::DictUpdate, key, expected, new, nothing)
    }

    /// How many keys there are.
    pub fn len(&self) -> Result<usize, ManagerError> {
        self.ask(Operation::DictLen, "", None, NO_VALUE, length)
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> Result<bool, ManagerError> {
        Ok(self.len()? == 0)
    }

    fn ask<T>(
        &self,
        operation: Operation,
        key: &str,
        expected: Option<i64>,
        value: i64,
        result: impl FnOnce(Option<i64>) -> Option<T>,
    ) -> Result<T, ManagerError> {
        self.connection.ask(Request { operation, name: &self.name, key, expected, value }, result)
    }
}

/// The proxy of a list: the list itself is in the server.
#[derive(Clone)]
pub struct List {
    connection: Arc<ClientConnection>,
    name: String,
}

impl List {
    /// Appends a value at the end.
    pub fn push(&self, value: i64) -> Result<(), ManagerError> {
        self.ask(Operation::ListPush, value, nothing)
    }

    /// Takes the last value; for an empty list [`ManagerError::OutOfRange`].
    pub fn pop(&self) -> Result<i64, ManagerError> {
        self.ask(Operation::ListPop, NO_VALUE, |value| value)
    }

    /// The value at an index, which counts from 0, or [`ManagerError::OutOfRange`].
    pub fn get(&self, index: usize) -> Result<i64, ManagerError> {
        self.ask(Operation::ListGet, index as i64, |value| value) // Too large, it turns negative: out of range, too.
    }

    /// How many values there are.
    pub fn len(&self) -> Result<usize, ManagerError> {
        self.ask(Operation::ListLen, NO_VALUE, length)
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> Result<bool, ManagerError> {
        Ok(self.len()? == 0)
    }

    fn ask<T>(
        &self,
        operation: Operation,
        value: i64,
        result: impl FnOnce(Option<i64>) -> Option<T>,
    ) -> Result<T, ManagerError> {
        self.connection.ask(Request { operation, name: &self.name, key: "", expected: None, value }, result)
    }
}

/// For an operation that has no result but its success.
fn nothing(value: Option<i64>) -> Option<()> {
    value.is_none().then_some(())
}

fn length(value: Option<i64>) -> Option<usize> {
    usize::try_from(value?).ok()
}

/// What can be asked for. On the wire it is one byte: the place in [`OPERATIONS`].
#[derive(Clone, Copy)]
enum Operation {
    DictGet,
    DictInsert,
    DictRemove,
    DictUpdate,
    DictLen,
    ListPush,
    ListPop,
    ListGet,
    ListLen,
}

const OPERATIONS: [Operation; 9] = [
    Operation::DictGet,
    Operation::DictInsert,
    Operation::DictRemove,
    Operation::DictUpdate,
    Operation::DictLen,
    Operation::ListPush,
    Operation::ListPop,
    Operation::ListGet,
    Operation::ListLen,
];

/// A request. All have the same form; an operation leaves empty what it does not need. Its payload: the operation (1
/// byte), whether something is expected (1) and what (8), the value (8), the length of the name (4), the name, and the
/// key up to the end. Numbers have their highest byte first.
struct Request<'a> {
    operation: Operation,
    name: &'a str,
    key: &'a str,
    expected: Option<i64>,
    value: i64,
}

impl<'a> Request<'a> {
    fn encode(&self) -> Vec<u8> {
        let mut frame = vec![0; HEADER];
        frame.push(self.operation as u8);
        frame.push(u8::from(self.expected.is_some()));
        frame.extend(self.expected.unwrap_or_default().to_be_bytes());
        frame.extend(self.value.to_be_bytes());
        frame.extend((self.name.len() as u32).to_be_bytes());
        frame.extend(self.name.as_bytes());
        frame.extend(self.key.as_bytes());
        frame
    }

    /// Takes a payload apart, in which anything may stand.
    fn decode(payload: &'a [u8]) -> Option<Request<'a>> {
        let (&[operation, is_expected], payload) = payload.split_first_chunk()?;
        let (expected, payload) = payload.split_first_chunk()?;
        let (value, payload) = payload.split_first_chunk()?;
        let (name_len, payload) = payload.split_first_chunk()?;
        let (name, key) = payload.split_at_checked(u32::from_be_bytes(*name_len) as usize)?;
        Some(Request {
            operation: *OPERATIONS.get(usize::from(operation))?,
            name: str::from_utf8(name).ok()?,
            key: str::from_utf8(key).ok()?,
            expected: (is_expected != 0).then_some(i64::from_be_bytes(*expected)),
            value: i64::from_be_bytes(*value),
        })
    }
}

/// The whole frame of an answer: what it is (1 byte), and a number (8).
fn encode_answer(answer: Answer) -> Vec<u8> {
    let (kind, number) = match answer {
        Ok(None) => (0, None),
        Ok(Some(number)) => (1, Some(number)),
        Err(ManagerError::Changed(None)) => (2, None),
        Err(ManagerError::Changed(Some(number))) => (3, Some(number)),
        Err(ManagerError::NoSuchKey) => (4, None),
        Err(_) => (5, None), // The store has no other errors.
    };
    let mut frame = vec![0; HEADER];
    frame.push(kind);
    frame.extend(number.unwrap_or_default().to_be_bytes());
    frame
}

fn decode_answer(payload: &[u8]) -> Option<Answer> {
    let (&[kind], number) = payload.split_first_chunk()?;
    let number = i64::from_be_bytes(number.try_into().ok()?);
    Some(match kind {
        0 => Ok(None),
        1 => Ok(Some(number)),
        2 => Err(ManagerError::Changed(None)),
        3 => Err(ManagerError::Changed(Some(number))),
        4 => Err(ManagerError::NoSuchKey),
        5 => Err(ManagerError::OutOfRange),
        _ => return None,
    })
}

/// Fills the header of a frame in, and writes all of it.
fn write_frame(mut stream: &UnixStream, mut frame: Vec<u8>) -> Result<(), ManagerError> {
    let len = (frame.len() - HEADER) as u32;
    frame[..HEADER].copy_from_slice(&len.to_be_bytes());
    stream.write_all(&frame).map_err(|_| ManagerError::Closed)
}

/// Waits for a whole frame and returns its payload.
fn read_frame(mut stream: &UnixStream) -> Result<Vec<u8>, ManagerError> {
    let mut header = [0; HEADER];
    stream.read_exact(&mut header).map_err(|_| ManagerError::Closed)?;
    let len = u32::from_be_bytes(header) as usize; // The other side chose it: not to be trusted yet.
    if len == 0 || len > MAX_FRAME {
        return Err(ManagerError::Protocol);
    }
    let mut payload = vec![0; len];
    stream.read_exact(&mut payload).map_err(|_| ManagerError::Closed)?;
    Ok(payload)
}
