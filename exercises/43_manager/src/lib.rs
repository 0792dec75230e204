//! A manager, as `multiprocessing.Manager()` is one: a server process owns dictionaries and lists of numbers, and other
//! processes work on them through proxies, each over a Unix socket of its own.
//!
//! The brief in `README.md` says everything that is checked. Where a body says `todo!()` and where a private field
//! stands, the code is yours; the public names and signatures stay as they are.

use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;

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

/// Owns dictionaries and lists, and carries out what its clients ask for, until the owner's connection ends.
///
/// The owner is a client like any other; `listener` is where the others connect. When `serve` returns, all connections
/// are closed and all threads that it has started have ended.
///
/// ```
/// use manager::{Client, ManagerError, serve};
/// use std::os::unix::net::{UnixListener, UnixStream};
///
/// let path = std::env::temp_dir().join(format!("manager-doc-serve-{}", std::process::id()));
/// let listener = UnixListener::bind(&path)?;
/// let (owner, theirs) = UnixStream::pair()?;
/// let server = std::thread::spawn(move || serve(theirs, listener));
///
/// let client = Client::over(UnixStream::connect(&path)?);
/// client.dict("ages").insert("Ada", 36).unwrap();
/// let other = Client::over(UnixStream::connect(&path)?);
/// assert_eq!(other.dict("ages").get("Ada"), Ok(36));
/// assert_eq!(other.dict("ages").get("Bob"), Err(ManagerError::NoSuchKey));
///
/// drop(owner); // The owner has gone, and so does the server.
/// server.join().unwrap()?;
/// assert_eq!(client.dict("ages").get("Ada"), Err(ManagerError::Closed));
/// # std::fs::remove_file(path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// If no connection can be accepted any more: `serve` ends then, too.
pub fn serve(owner: UnixStream, listener: UnixListener) -> io::Result<()> {
    let _ = (owner, listener);
    todo!("accept, read a request, carry it out, answer; for many connections at once, until the owner has gone")
}

/// A server process and the connection that owns it.
///
/// Dropping the manager ends the connection, and with it the server, and waits for the end of the process.
///
/// ```no_run
/// use manager::{Manager, serve};
/// use std::os::fd::AsFd;
/// use std::os::unix::net::{UnixListener, UnixStream};
/// use std::process::Command;
///
/// if std::env::args().any(|argument| argument == "--serve") {
///     // This process is the server: standard input is the owner's connection.
///     let owner = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
///     return serve(owner, UnixListener::bind("numbers.sock")?);
/// }
/// let mut command = Command::new(std::env::current_exe()?);
/// command.arg("--serve");
/// let manager = Manager::start(command)?;
/// manager.client().list("primes").push(2).unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Manager {
    _yours: (),
}

impl Manager {
    /// Starts the server's process, whose standard input becomes one end of a new socket, and waits until it answers.
    ///
    /// # Errors
    /// If there is no such program, if the system refuses a process or a socket, or if the program does not answer as a
    /// server does: it is not running any more then.
    pub fn start(command: Command) -> io::Result<Manager> {
        let _ = command;
        todo!("a socket pair, a process, and a first question to it")
    }

    /// A client over the owner's connection.
    pub fn client(&self) -> Client {
        todo!("the other end of the server's standard input")
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        todo!("the server must notice that its owner leaves, even if there are clones of its client")
    }
}

/// One connection to a server. Clones, and proxies made by it, share the connection, which ends with the last of them.
#[derive(Clone)]
pub struct Client {
    _yours: (),
}

impl Client {
    /// A client over a stream that is connected to a server.
    pub fn over(stream: UnixStream) -> Client {
        let _ = stream;
        todo!("who may use the stream, and when?")
    }

    /// The proxy of the dictionary with this name. It is there, and empty, before anybody has used it.
    pub fn dict(&self, name: &str) -> Dict {
        let _ = name;
        todo!("a name and a connection")
    }

    /// The proxy of the list with this name. It is there, and empty, before anybody has used it.
    pub fn list(&self, name: &str) -> List {
        let _ = name;
        todo!("a name and a connection")
    }
}

/// The proxy of a dictionary: the dictionary itself is in the server.
///
/// ```
/// use manager::{Client, ManagerError, serve};
/// # use std::os::unix::net::{UnixListener, UnixStream};
/// # let path = std::env::temp_dir().join(format!("manager-doc-dict-{}", std::process::id()));
/// # let listener = UnixListener::bind(&path)?;
/// # let (owner, theirs) = UnixStream::pair()?;
/// # let server = std::thread::spawn(move || serve(theirs, listener));
/// let counts = Client::over(owner).dict("counts");
/// counts.update("words", None, 1).unwrap();
/// assert_eq!(counts.update("words", Some(7), 8), Err(ManagerError::Changed(Some(1))));
///
/// // Adding 1, whatever others do to the same key at the same time:
/// let mut expected = None;
/// while let Err(error) = counts.update("words", expected, expected.unwrap_or(0) + 1) {
///     let ManagerError::Changed(actual) = error else { panic!("{error}") };
///     expected = actual;
/// }
/// assert_eq!(counts.get("words"), Ok(2));
/// # drop(counts);
/// # server.join().unwrap()?;
/// # std::fs::remove_file(path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Dict {
    _yours: (),
}

impl Dict {
    /// The value of a key.
    ///
    /// # Errors
    /// [`ManagerError::NoSuchKey`], and what every operation may fail with.
    pub fn get(&self, key: &str) -> Result<i64, ManagerError> {
        let _ = key;
        todo!("ask the server")
    }

    /// Sets the value of a key, and returns the one that it had before.
    ///
    /// # Errors
    /// What every operation may fail with.
    pub fn insert(&self, key: &str, value: i64) -> Result<Option<i64>, ManagerError> {
        let _ = (key, value);
        todo!("ask the server")
    }

    /// Takes a key out, and returns the value that it had.
    ///
    /// # Errors
    /// [`ManagerError::NoSuchKey`], and what every operation may fail with.
    pub fn remove(&self, key: &str) -> Result<i64, ManagerError> {
        let _ = key;
        todo!("ask the server")
    }

    /// Sets the value of a key to `new` if it is `expected` now; `None` stands for a key that is not there.
    ///
    /// # Errors
    /// [`ManagerError::Changed`] with what is there instead, and what every operation may fail with.
    pub fn update(&self, key: &str, expected: Option<i64>, new: i64) -> Result<(), ManagerError> {
        let _ = (key, expected, new);
        todo!("ask the server, once")
    }

    /// How many keys there are.
    ///
    /// # Errors
    /// What every operation may fail with.
    pub fn len(&self) -> Result<usize, ManagerError> {
        todo!("ask the server")
    }

    /// Whether there is no key.
    ///
    /// # Errors
    /// What every operation may fail with.
    pub fn is_empty(&self) -> Result<bool, ManagerError> {
        Ok(self.len()? == 0)
    }
}

/// The proxy of a list: the list itself is in the server.
#[derive(Clone)]
pub struct List {
    _yours: (),
}

impl List {
    /// Appends a value at the end.
    ///
    /// # Errors
    /// What every operation may fail with.
    pub fn push(&self, value: i64) -> Result<(), ManagerError> {
        let _ = value;
        todo!("ask the server")
    }

    /// Takes the last value.
    ///
    /// # Errors
    /// [`ManagerError::OutOfRange`] if the list is empty, and what every operation may fail with.
    pub fn pop(&self) -> Result<i64, ManagerError> {
        todo!("ask the server")
    }

    /// The value at an index, which counts from 0.
    ///
    /// # Errors
    /// [`ManagerError::OutOfRange`], and what every operation may fail with.
    pub fn get(&self, index: usize) -> Result<i64, ManagerError> {
        let _ = index;
        todo!("ask the server")
    }

    /// How many values there are.
    ///
    /// # Errors
    /// What every operation may fail with.
    pub fn len(&self) -> Result<usize, ManagerError> {
        todo!("ask the server")
    }

    /// Whether there is no value.
    ///
    /// # Errors
    /// What every operation may fail with.
    pub fn is_empty(&self) -> Result<bool, ManagerError> {
        Ok(self.len()? == 0)
    }
}
