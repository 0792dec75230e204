//! caught-by: behaviour — the_server_ends_when_its_owner_leaves
//! Returns when the owner has gone, and leaves a thread in accept for ever.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

pub const MAX_FRAME: usize = 1024 * 1024;

pub const MAX_KEY: usize = 64 * 1024;

const HEADER: usize = 4;

const NO_VALUE: i64 = 0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManagerError {
    NoSuchKey,
    Changed(Option<i64>),
    OutOfRange,
    TooLarge,
    Protocol,
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

pub fn serve(owner: UnixStream, listener: UnixListener) -> io::Result<()> {
    let server: &'static Server = Box::leak(Box::default());
    let owner = server.admit(0, owner);
    thread::spawn(move || accept(server, listener));
    owner.attend();
    server.close();
    Ok(())
}

fn accept(server: &'static Server, listener: UnixListener) -> io::Result<()> {
    for number in 1.. {
        let (stream, _) = listener.accept()?;
        if server.open().owner_has_left {
            break;
        }
        let connection = server.admit(number, stream);
        thread::spawn(move || connection.attend());
    }
    Ok(())
}

#[derive(Default)]
struct Server {
    store: Mutex<Store>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    owner_has_left: bool,
    streams: BTreeMap<u64, Arc<UnixStream>>,
}

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

    fn close(&self) {
        for stream in self.open().streams.values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Connection<'_> {
    fn attend(self) {
        while let Ok(payload) = read_frame(&self.stream) {
            let Some(request) = Request::decode(&payload) else { return };
            let answer = self.server.store.lock().expect("nothing panics under this lock").carry_out(&request);
            let _ = write_frame(&self.stream, encode_answer(answer));
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

pub struct Manager {
    client: Client,
    process: Child,
}

impl Manager {
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

    pub fn client(&self) -> Client {
        self.client.clone()
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        let _ = self.client.connection.stream.shutdown(Shutdown::Both);
        let _ = self.process.wait();
    }
}

#[derive(Clone)]
pub struct Client {
    connection: Arc<ClientConnection>,
}

struct ClientConnection {
    stream: UnixStream,
    in_step: Mutex<bool>,
}

impl Client {
    pub fn over(stream: UnixStream) -> Client {
        Client { connection: Arc::new(ClientConnection { stream, in_step: Mutex::new(true) }) }
    }

    pub fn dict(&self, name: &str) -> Dict {
        Dict { connection: Arc::clone(&self.connection), name: name.to_owned() }
    }

    pub fn list(&self, name: &str) -> List {
        List { connection: Arc::clone(&self.connection), name: name.to_owned() }
    }
}

impl ClientConnection {
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

#[derive(Clone)]
pub struct Dict {
    connection: Arc<ClientConnection>,
    name: String,
}

impl Dict {
    pub fn get(&self, key: &str) -> Result<i64, ManagerError> {
        self.ask(Operation::DictGet, key, None, NO_VALUE, |value| value)
    }

    pub fn insert(&self, key: &str, value: i64) -> Result<Option<i64>, ManagerError> {
        self.ask(Operation::DictInsert, key, None, value, Some)
    }

    pub fn remove(&self, key: &str) -> Result<i64, ManagerError> {
        self.ask(Operation::DictRemove, key, None, NO_VALUE, |value| value)
    }

    pub fn update(&self, key: &str, expected: Option<i64>, new: i64) -> Result<(), ManagerError> {
        self.ask(Operation::DictUpdate, key, expected, new, nothing)
    }

    pub fn len(&self) -> Result<usize, ManagerError> {
        self.ask(Operation::DictLen, "", None, NO_VALUE, length)
    }

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

#[derive(Clone)]
pub struct List {
    connection: Arc<ClientConnection>,
    name: String,
}

impl List {
    pub fn push(&self, value: i64) -> Result<(), ManagerError> {
        self.ask(Operation::ListPush, value, nothing)
    }

    pub fn pop(&self) -> Result<i64, ManagerError> {
        self.ask(Operation::ListPop, NO_VALUE, |value| value)
    }

    pub fn get(&self, index: usize) -> Result<i64, ManagerError> {
        self.ask(Operation::ListGet, index as i64, |value| value)
    }

    pub fn len(&self) -> Result<usize, ManagerError> {
        self.ask(Operation::ListLen, NO_VALUE, length)
    }

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

fn nothing(value: Option<i64>) -> Option<()> {
    value.is_none().then_some(())
}

fn length(value: Option<i64>) -> Option<usize> {
    usize::try_from(value?).ok()
}

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

fn encode_answer(answer: Answer) -> Vec<u8> {
    let (kind, number) = match answer {
        Ok(None) => (0, None),
        Ok(Some(number)) => (1, Some(number)),
        Err(ManagerError::Changed(None)) => (2, None),
        Err(ManagerError::Changed(Some(number))) => (3, Some(number)),
        Err(ManagerError::NoSuchKey) => (4, None),
        Err(_) => (5, None),
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

fn write_frame(mut stream: &UnixStream, mut frame: Vec<u8>) -> Result<(), ManagerError> {
    let len = (frame.len() - HEADER) as u32;
    frame[..HEADER].copy_from_slice(&len.to_be_bytes());
    stream.write_all(&frame).map_err(|_| ManagerError::Closed)
}

fn read_frame(mut stream: &UnixStream) -> Result<Vec<u8>, ManagerError> {
    let mut header = [0; HEADER];
    stream.read_exact(&mut header).map_err(|_| ManagerError::Closed)?;
    let len = u32::from_be_bytes(header) as usize;
    if len == 0 || len > MAX_FRAME {
        return Err(ManagerError::Protocol);
    }
    let mut payload = vec![0; len];
    stream.read_exact(&mut payload).map_err(|_| ManagerError::Closed)?;
    Ok(payload)
}
