//! The data belong to one thread, which the connections' threads ask over a channel; joined by hand; a wire of decimal text.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

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

/// What a connection's thread asks the keeper of the data: the words of a request, and where the answer goes.
type Question = (Vec<String>, SyncSender<Option<String>>);

/// Connections and their threads.
#[derive(Default)]
struct Guests {
    closing: bool,
    streams: BTreeMap<usize, Arc<UnixStream>>,
    threads: BTreeMap<usize, JoinHandle<()>>,
    /// Threads that are done but for their last steps.
    leaving: Vec<JoinHandle<()>>,
}

/// Owns dictionaries and lists until the owner's connection ends.
///
/// # Errors
/// If no connection can be accepted any more.
pub fn serve(owner: UnixStream, listener: UnixListener) -> io::Result<()> {
    let address = listener.local_addr()?;
    let guests = Arc::new(Mutex::new(Guests::default()));
    let (asking, asked) = channel();
    let keeper = thread::Builder::new().name("keeper".into()).spawn(move || keep(&asked))?;
    let mut number = 0;
    let wake = move || drop(UnixStream::connect_addr(&address));
    welcome(&guests, number, owner, asking.clone(), Some(Box::new(wake)));
    let result = loop {
        match listener.accept() {
            Ok((guest, _)) => {
                number += 1;
                if !welcome(&guests, number, guest, asking.clone(), None) {
                    break Ok(());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
        let leaving = std::mem::take(&mut all(&guests).leaving);
        for thread in leaving {
            let _ = thread.join();
        }
    };
    // Whoever still waits to be let in, the owner's thread included, is refused.
    drop(listener);
    close_all(&guests);
    loop {
        let next = {
            let mut guests = all(&guests);
            guests.leaving.pop().or_else(|| guests.threads.pop_first().map(|(_, thread)| thread))
        };
        let Some(thread) = next else { break };
        let _ = thread.join();
    }
    drop(asking);
    let _ = keeper.join();
    result
}

fn all(guests: &Mutex<Guests>) -> std::sync::MutexGuard<'_, Guests> {
    guests.lock().unwrap_or_else(PoisonError::into_inner)
}

fn close_all(guests: &Mutex<Guests>) {
    let mut guests = all(guests);
    guests.closing = true;
    guests.streams.values().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
}

/// Gives a guest a thread; `false` when the house is closing.
fn welcome(
    guests: &Arc<Mutex<Guests>>,
    number: usize,
    stream: UnixStream,
    asking: Sender<Question>,
    at_end: Option<Box<dyn FnOnce() + Send>>,
) -> bool {
    let stream = Arc::new(stream);
    let mut house = all(guests);
    if house.closing {
        return false;
    }
    house.streams.insert(number, Arc::clone(&stream));
    let shared = Arc::clone(guests);
    let thread = thread::spawn(move || {
        talk(&stream, &asking);
        let _ = stream.shutdown(Shutdown::Both);
        drop(stream);
        drop(asking);
        if let Some(at_end) = at_end {
            close_all(&shared);
            at_end();
        }
        let mut house = all(&shared);
        house.streams.remove(&number);
        if let Some(own) = house.threads.remove(&number) {
            house.leaving.push(own);
        }
    });
    house.threads.insert(number, thread);
    true
}

fn talk(stream: &UnixStream, asking: &Sender<Question>) {
    let mut requests = BufReader::with_capacity(1024, stream);
    let (answer, answered) = sync_channel(1);
    loop {
        let Ok(payload) = receive(&mut requests) else { return };
        let Some(words) = payload.and_then(|payload| words(&payload)) else { return };
        if asking.send((words, answer.clone())).is_err() {
            return;
        }
        let Ok(Some(text)) = answered.recv() else { return };
        if send(stream, text.as_bytes()).is_err() {
            return;
        }
    }
}

fn keep(asked: &Receiver<Question>) {
    let mut dicts: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    let mut lists: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (words, answer) in asked {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let _ = answer.send(carry_out(&words, &mut dicts, &mut lists));
    }
}

fn carry_out(
    words: &[&str],
    dicts: &mut BTreeMap<String, BTreeMap<String, i64>>,
    lists: &mut BTreeMap<String, Vec<i64>>,
) -> Option<String> {
    let maybe = |value: Option<i64>| value.map_or("none".to_owned(), |value| value.to_string());
    let found = |value: Option<i64>| value.map_or("nothing".to_owned(), |value| format!("is {value}"));
    let number = |word: &str| i64::from_str(word).ok();
    Some(match *words {
        ["dict.get", name, key] => found(dicts.get(name).and_then(|dict| dict.get(key)).copied()),
        ["dict.insert", name, key, value] => {
            let dict = dicts.entry(name.to_owned()).or_default();
            format!("was {}", maybe(dict.insert(key.to_owned(), number(value)?)))
        }
        ["dict.remove", name, key] => found(dicts.get_mut(name).and_then(|dict| dict.remove(key))),
        ["dict.update", name, key, expected, new] => {
            let dict = dicts.entry(name.to_owned()).or_default();
            let expected = if expected == "none" { None } else { Some(number(expected)?) };
            let new = number(new)?;
            let actual = dict.get(key).copied();
            if actual != expected {
                return Some(format!("changed {}", maybe(actual)));
            }
            dict.insert(key.to_owned(), new);
            "done".to_owned()
        }
        ["dict.len", name] => format!("is {}", dicts.get(name).map_or(0, BTreeMap::len)),
        ["list.push", name, value] => {
            let value = number(value)?;
            lists.entry(name.to_owned()).or_default().push(value);
            "done".to_owned()
        }
        ["list.pop", name] => found(lists.get_mut(name).and_then(Vec::pop)),
        ["list.get", name, index] => {
            let index = usize::from_str(index).ok()?;
            found(lists.get(name).and_then(|list| list.get(index)).copied())
        }
        ["list.len", name] => format!("is {}", lists.get(name).map_or(0, Vec::len)),
        _ => return None,
    })
}

/// A payload is words, each with its length in decimal and a colon before it.
fn words(mut payload: &[u8]) -> Option<Vec<String>> {
    let mut words = Vec::new();
    while !payload.is_empty() {
        let colon = payload.iter().position(|byte| *byte == b':')?;
        let digits = std::str::from_utf8(&payload[..colon]).ok().filter(|digits| !digits.starts_with('+'))?;
        let len: usize = digits.parse().ok()?;
        let rest = &payload[colon + 1..];
        let (word, rest) = rest.split_at_checked(len)?;
        words.push(String::from_utf8(word.to_vec()).ok()?);
        payload = rest;
    }
    Some(words)
}

fn send(mut stream: &UnixStream, payload: &[u8]) -> io::Result<()> {
    let mut frame = Vec::with_capacity(payload.len() + 4);
    frame.extend_from_slice(&u32::try_from(payload.len()).expect("keys are short").to_be_bytes());
    frame.extend_from_slice(payload);
    stream.write_all(&frame)
}

/// The next payload; `None` if the header is one that must not be.
fn receive(stream: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut len = 0u32;
    for _ in 0..4 {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        len = len << 8 | u32::from(byte[0]);
    }
    if len == 0 || len as usize > MAX_FRAME {
        return Ok(None);
    }
    let mut payload = Vec::new();
    match stream.take(u64::from(len)).read_to_end(&mut payload)? {
        count if count == len as usize => Ok(Some(payload)),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// A server process and the connection that owns it.
pub struct Manager {
    client: Client,
    server: Child,
}

impl Manager {
    /// Starts the server's process and waits until it answers.
    ///
    /// # Errors
    /// As in the brief.
    pub fn start(command: Command) -> io::Result<Manager> {
        let (stream, theirs) = UnixStream::pair()?;
        let server = {
            let mut command = command;
            command.stdin(Stdio::from(OwnedFd::from(theirs)));
            command.spawn()?
        };
        let client = Client::over(stream);
        let ready = client.dict("").len();
        let mut manager = Manager { client, server };
        match ready {
            Ok(_) => Ok(manager),
            Err(error) => {
                manager.server.kill()?;
                Err(io::Error::new(io::ErrorKind::InvalidData, error))
            }
        }
    }

    /// A client over the owner's connection.
    pub fn client(&self) -> Client {
        self.client.clone()
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        let _ = self.client.0.end.shutdown(Shutdown::Both);
        let _ = self.server.wait();
    }
}

/// One connection to a server.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    /// To end the connection while somebody waits for an answer.
    end: Arc<UnixStream>,
    /// `None` once it is over.
    talk: Mutex<Option<BufReader<Borrowed>>>,
}

/// The same stream, to read from.
struct Borrowed(Arc<UnixStream>);

impl Read for Borrowed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }
}

/// An answer made into a result; `None` if it does not fit the question.
type Reading<T> = fn(&str) -> Option<Result<T, ManagerError>>;

impl Client {
    /// A client over a stream that is connected to a server.
    pub fn over(stream: UnixStream) -> Client {
        let end = Arc::new(stream);
        let talk = BufReader::new(Borrowed(Arc::clone(&end)));
        Client(Arc::new(Shared { end, talk: Mutex::new(Some(talk)) }))
    }

    /// The proxy of a dictionary.
    pub fn dict(&self, name: &str) -> Dict {
        Dict { client: self.clone(), name: Arc::from(name) }
    }

    /// The proxy of a list.
    pub fn list(&self, name: &str) -> List {
        List { client: self.clone(), name: Arc::from(name) }
    }

    fn ask<T>(&self, (words, reading): (Vec<&str>, Reading<T>)) -> Result<T, ManagerError> {
        if words.iter().any(|word| word.len() > MAX_KEY) {
            return Err(ManagerError::TooLarge);
        }
        let request: String = words.iter().map(|word| format!("{}:{word}", word.len())).collect();
        let mut place = self.0.talk.lock().unwrap_or_else(PoisonError::into_inner);
        let talk = place.as_mut().ok_or(ManagerError::Closed)?;
        let answered = match send(&self.0.end, request.as_bytes()).and_then(|()| receive(talk)) {
            Err(_) => Err(ManagerError::Closed),
            Ok(None) => Err(ManagerError::Protocol),
            Ok(Some(answer)) => std::str::from_utf8(&answer).ok().and_then(reading).ok_or(ManagerError::Protocol),
        };
        answered.unwrap_or_else(|error| {
            *place = None;
            let _ = self.0.end.shutdown(Shutdown::Both);
            Err(error)
        })
    }
}

fn found<T: FromStr>(answer: &str, missing: Option<ManagerError>) -> Option<Result<T, ManagerError>> {
    if answer == "nothing" {
        return missing.map(Err);
    }
    answer.strip_prefix("is ")?.parse().ok().map(Ok)
}

fn maybe(word: &str) -> Option<Option<i64>> {
    if word == "none" { Some(None) } else { word.parse().ok().map(Some) }
}

fn done(answer: &str) -> Option<Result<(), ManagerError>> {
    match answer.strip_prefix("changed ") {
        Some(actual) => maybe(actual).map(|actual| Err(ManagerError::Changed(actual))),
        None => (answer == "done").then_some(Ok(())),
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
    ///
    /// # Errors
    /// As in the brief.
    pub fn get(&self, key: &str) -> Result<i64, ManagerError> {
        self.client.ask((vec!["dict.get", &self.name, key], |answer| found(answer, Some(ManagerError::NoSuchKey))))
    }

    /// Sets the value of a key.
    ///
    /// # Errors
    /// As in the brief.
    pub fn insert(&self, key: &str, value: i64) -> Result<Option<i64>, ManagerError> {
        self.client.ask((vec!["dict.insert", &self.name, key, &value.to_string()], |answer| {
            maybe(answer.strip_prefix("was ")?).map(Ok)
        }))
    }

    /// Takes a key out.
    ///
    /// # Errors
    /// As in the brief.
    pub fn remove(&self, key: &str) -> Result<i64, ManagerError> {
        self.client.ask((vec!["dict.remove", &self.name, key], |answer| found(answer, Some(ManagerError::NoSuchKey))))
    }

    /// Sets the value of a key if it is what is expected.
    ///
    /// # Errors
    /// As in the brief.
    pub fn update(&self, key: &str, expected: Option<i64>, new: i64) -> Result<(), ManagerError> {
        let expected = expected.map_or("none".to_owned(), |value| value.to_string());
        self.client.ask((vec!["dict.update", &self.name, key, &expected, &new.to_string()], done))
    }

    /// How many keys there are.
    ///
    /// # Errors
    /// As in the brief.
    pub fn len(&self) -> Result<usize, ManagerError> {
        self.client.ask((vec!["dict.len", &self.name], |answer| found(answer, None)))
    }

    /// Whether there is no key.
    ///
    /// # Errors
    /// As in the brief.
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
    ///
    /// # Errors
    /// As in the brief.
    pub fn push(&self, value: i64) -> Result<(), ManagerError> {
        self.client.ask((vec!["list.push", &self.name, &value.to_string()], done))
    }

    /// Takes the last value.
    ///
    /// # Errors
    /// As in the brief.
    pub fn pop(&self) -> Result<i64, ManagerError> {
        self.client.ask((vec!["list.pop", &self.name], |answer| found(answer, Some(ManagerError::OutOfRange))))
    }

    /// The value at an index.
    ///
    /// # Errors
    /// As in the brief.
    pub fn get(&self, index: usize) -> Result<i64, ManagerError> {
        self.client.ask((vec!["list.get", &self.name, &index.to_string()], |answer| {
            found(answer, Some(ManagerError::OutOfRange))
        }))
    }

    /// How many values there are.
    ///
    /// # Errors
    /// As in the brief.
    pub fn len(&self) -> Result<usize, ManagerError> {
        self.client.ask((vec!["list.len", &self.name], |answer| found(answer, None)))
    }

    /// Whether there is no value.
    ///
    /// # Errors
    /// As in the brief.
    pub fn is_empty(&self) -> Result<bool, ManagerError> {
        Ok(self.len()? == 0)
    }
}
