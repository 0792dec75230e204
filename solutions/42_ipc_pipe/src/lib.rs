//! A pipe between two processes, as `multiprocessing.Pipe` is one: whole values go in, whole values come out.
//!
//! On the wire a value is one *frame*: its length as four bytes, the highest first, then that many bytes of JSON.
//! Nothing here knows about processes; a [`Connection`] works over any two streams of bytes.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The longest payload of a frame, in bytes; the four bytes of the header are not counted.
pub const MAX_FRAME: usize = 16 * 1024 * 1024;

/// The length of a frame's header, in bytes.
const HEADER: usize = 4;

/// Why a value could not be sent or received.
#[derive(Debug)]
pub enum PipeError {
    /// The other side is gone, or this direction has failed before.
    Closed,
    /// The stream ended inside a frame.
    Truncated,
    /// A payload is longer than the limit.
    TooLarge {
        /// The length of the payload, in bytes.
        len: usize,
        /// [`MAX_FRAME`].
        limit: usize,
    },
    /// A value could not be written as JSON, or a payload is not the JSON of such a value.
    Codec(serde_json::Error),
    /// The stream failed in some other way.
    Io(io::Error),
}

impl std::fmt::Display for PipeError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PipeError::Closed => formatter.write_str("the connection is closed"),
            PipeError::Truncated => formatter.write_str("the stream ended inside a frame"),
            PipeError::TooLarge { len, limit } => {
                write!(formatter, "a payload of {len} bytes is over the limit of {limit}")
            }
            PipeError::Codec(_) => formatter.write_str("a payload could not be encoded or decoded"),
            PipeError::Io(_) => formatter.write_str("the stream failed"),
        }
    }
}

impl std::error::Error for PipeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            PipeError::Codec(error) => Some(error),
            PipeError::Io(error) => Some(error),
            PipeError::Closed | PipeError::Truncated | PipeError::TooLarge { .. } => None,
        }
    }
}

/// One end of a pipe: sends values into `W` and receives values from `R`.
///
/// All methods take `&self`, so that one thread can send while another one receives.
///
/// ```
/// use solution_ipc_pipe::Connection;
///
/// let (parent, child) = Connection::pair()?;
/// std::thread::scope(|scope| {
///     scope.spawn(|| {
///         let (base, exponent): (u64, u32) = child.recv().unwrap();
///         child.send(&base.pow(exponent)).unwrap();
///     });
///     parent.send(&(2, 10)).unwrap();
///     assert_eq!(parent.recv::<u64>().unwrap(), 1024);
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// The end of the stream between two frames is an orderly one, inside a frame it is not:
///
/// ```
/// use solution_ipc_pipe::{Connection, PipeError};
/// use std::io::{Cursor, sink};
///
/// let connection = Connection::from_parts(Cursor::new(b"\0\0\0\x0242"), sink());
/// assert_eq!(connection.recv::<u8>().unwrap(), 42);
/// assert!(matches!(connection.recv::<u8>(), Err(PipeError::Closed)));
///
/// let connection = Connection::from_parts(Cursor::new(b"\0\0\0\x054"), sink());
/// assert!(matches!(connection.recv::<u8>(), Err(PipeError::Truncated)));
/// ```
#[derive(Debug)]
pub struct Connection<R = UnixStream, W = UnixStream> {
    // Two locks, because the directions have nothing to do with each other: a send that waits until the other side
    // reads must not keep anybody here from reading.
    incoming: Mutex<Direction<R>>,
    outgoing: Mutex<Direction<W>>,
}

/// A stream, and whether it stands at the border between two frames.
#[derive(Debug)]
struct Direction<S> {
    stream: S,
    in_step: bool,
}

impl Connection {
    /// Two connected ends, each of which receives what the other one sends.
    ///
    /// # Errors
    /// If the system refuses the sockets.
    pub fn pair() -> io::Result<(Connection, Connection)> {
        let (one, other) = UnixStream::pair()?;
        Ok((Connection::from_stream(one)?, Connection::from_stream(other)?))
    }

    /// An end that sends and receives over a connected socket.
    ///
    /// # Errors
    /// If the system refuses a second descriptor for the socket.
    pub fn from_stream(stream: UnixStream) -> io::Result<Connection> {
        Ok(Connection::from_parts(stream.try_clone()?, stream))
    }
}

impl<R: Read, W: Write> Connection<R, W> {
    /// An end that receives from `reader` and sends into `writer`.
    ///
    /// ```
    /// use solution_ipc_pipe::Connection;
    ///
    /// let mut wire = Vec::new();
    /// Connection::from_parts(std::io::empty(), &mut wire).send("hi").unwrap();
    /// assert_eq!(wire, b"\0\0\0\x04\"hi\"");
    /// ```
    pub fn from_parts(reader: R, writer: W) -> Connection<R, W> {
        Connection { incoming: Mutex::new(Direction::new(reader)), outgoing: Mutex::new(Direction::new(writer)) }
    }

    /// Sends one value as one frame, and waits until the stream has taken all of it.
    ///
    /// # Errors
    /// [`PipeError::Codec`] and [`PipeError::TooLarge`] if the value cannot be sent: nothing was written, and the
    /// connection goes on. [`PipeError::Closed`] if the other side is gone and [`PipeError::Io`] if the stream fails:
    /// this direction is over, and every later `send` is [`PipeError::Closed`].
    pub fn send<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), PipeError> {
        // The whole frame is made before the lock is taken: a value that fails half-way has written nothing, a slow one
        // keeps nobody waiting, and a panic in it finds no lock held.
        let mut frame = vec![0; HEADER];
        serde_json::to_writer(&mut frame, value).map_err(PipeError::Codec)?;
        let len = frame.len() - HEADER;
        let header = u32::try_from(len).ok().filter(|_| len <= MAX_FRAME);
        let header = header.ok_or(PipeError::TooLarge { len, limit: MAX_FRAME })?;
        frame[..HEADER].copy_from_slice(&header.to_be_bytes());
        Direction::with(&self.outgoing, |writer| {
            writer
                .write_all(&frame)
                .and_then(|()| writer.flush())
                .map_err(|error| if is_end(&error) { PipeError::Closed } else { PipeError::Io(error) })
        })
    }

    /// Waits for the next frame and returns its value.
    ///
    /// # Errors
    /// [`PipeError::Codec`] if the payload is not the JSON of a `T`: it has been consumed, and the next frame can be
    /// received. Any other error is the end of this direction, and every later `recv` is [`PipeError::Closed`]:
    /// [`PipeError::Closed`] if the stream ended between two frames, [`PipeError::Truncated`] if it ended inside one,
    /// [`PipeError::TooLarge`] if a header announces more than [`MAX_FRAME`] bytes, [`PipeError::Io`] if the stream fails.
    pub fn recv<T: DeserializeOwned>(&self) -> Result<T, PipeError> {
        let payload = Direction::with(&self.incoming, read_payload)?;
        serde_json::from_slice(&payload).map_err(PipeError::Codec)
    }
}

impl<S> Direction<S> {
    fn new(stream: S) -> Direction<S> {
        Direction { stream, in_step: true }
    }

    /// Moves one frame over the stream, alone. Whatever ends that early, an error or a panic, leaves the stream
    /// somewhere inside a frame: nobody may use it any more.
    fn with<T>(
        direction: &Mutex<Direction<S>>,
        one_frame: impl FnOnce(&mut S) -> Result<T, PipeError>,
    ) -> Result<T, PipeError> {
        // A poisoned lock says less than `in_step` does, which is false after a panic too.
        let mut direction: MutexGuard<'_, _> = direction.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut direction.in_step, false) {
            return Err(PipeError::Closed);
        }
        let result = one_frame(&mut direction.stream)?;
        direction.in_step = true;
        Ok(result)
    }
}

fn read_payload(reader: &mut impl Read) -> Result<Vec<u8>, PipeError> {
    let mut header = [0; HEADER];
    match fill(reader, &mut header)? {
        0 => return Err(PipeError::Closed),
        HEADER => {}
        _ => return Err(PipeError::Truncated),
    }
    // The other side chose this number. Until it has been looked at, it is good for nothing.
    let len = u32::from_be_bytes(header) as usize;
    if len > MAX_FRAME {
        return Err(PipeError::TooLarge { len, limit: MAX_FRAME });
    }
    let mut payload = vec![0; len];
    if fill(reader, &mut payload)? < len {
        return Err(PipeError::Truncated);
    }
    Ok(payload)
}

/// Reads until the buffer is full or the stream has ended, and returns how many bytes there were. `read_exact` does not
/// tell how far it came, and the difference between nothing and something is the one between closed and truncated.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> Result<usize, PipeError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if is_end(&error) => break,
            Err(error) => return Err(PipeError::Io(error)),
        }
    }
    Ok(filled)
}

/// Whether an error only says that the other side is gone. A socket reports a reset, not an end, to the side whose last
/// words were never read.
fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}
