//! caught-by: schedules — two_senders_do_not_mix_their_frames
//! Takes the lock for the header and again for the payload: another thread's header can get in between.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub const MAX_FRAME: usize = 16 * 1024 * 1024;

const HEADER: usize = 4;

#[derive(Debug)]
pub enum PipeError {
    Closed,
    Truncated,
    TooLarge { len: usize, limit: usize },
    Codec(serde_json::Error),
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

#[derive(Debug)]
pub struct Connection<R = UnixStream, W = UnixStream> {
    incoming: Mutex<Direction<R>>,
    outgoing: Mutex<Direction<W>>,
}

#[derive(Debug)]
struct Direction<S> {
    stream: S,
    in_step: bool,
}

impl Connection {
    pub fn pair() -> io::Result<(Connection, Connection)> {
        let (one, other) = UnixStream::pair()?;
        Ok((Connection::from_stream(one)?, Connection::from_stream(other)?))
    }

    pub fn from_stream(stream: UnixStream) -> io::Result<Connection> {
        Ok(Connection::from_parts(stream.try_clone()?, stream))
    }
}

impl<R: Read, W: Write> Connection<R, W> {
    pub fn from_parts(reader: R, writer: W) -> Connection<R, W> {
        Connection { incoming: Mutex::new(Direction::new(reader)), outgoing: Mutex::new(Direction::new(writer)) }
    }

    pub fn send<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), PipeError> {
        let payload = serde_json::to_vec(value).map_err(PipeError::Codec)?;
        let len = payload.len();
        let header = u32::try_from(len).ok().filter(|_| len <= MAX_FRAME);
        let header = header.ok_or(PipeError::TooLarge { len, limit: MAX_FRAME })?;
        self.put(&header.to_be_bytes())?;
        self.put(&payload)
    }

    fn put(&self, bytes: &[u8]) -> Result<(), PipeError> {
        Direction::with(&self.outgoing, |writer| {
            writer
                .write_all(bytes)
                .and_then(|()| writer.flush())
                .map_err(|error| if is_end(&error) { PipeError::Closed } else { PipeError::Io(error) })
        })
    }

    pub fn recv<T: DeserializeOwned>(&self) -> Result<T, PipeError> {
        let payload = Direction::with(&self.incoming, read_payload)?;
        serde_json::from_slice(&payload).map_err(PipeError::Codec)
    }
}

impl<S> Direction<S> {
    fn new(stream: S) -> Direction<S> {
        Direction { stream, in_step: true }
    }

    fn with<T>(
        direction: &Mutex<Direction<S>>,
        one_frame: impl FnOnce(&mut S) -> Result<T, PipeError>,
    ) -> Result<T, PipeError> {
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

fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}
