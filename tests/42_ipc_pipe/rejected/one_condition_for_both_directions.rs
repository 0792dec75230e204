//! caught-by: schedules — two_senders_and_two_receivers_share_a_connection
//! Senders and receivers wait on one condition variable, and one of them is notified: it may be one who waits for the other direction.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Condvar, Mutex};

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
    places: Mutex<Places<R, W>>,
    changed: Condvar,
}

#[derive(Debug)]
struct Places<R, W> {
    reader: Place<R>,
    writer: Place<W>,
}

#[derive(Debug)]
enum Place<S> {
    Here(S),
    Out,
    Over,
}

impl<S> Place<S> {
    fn is_out(&self) -> bool {
        matches!(self, Place::Out)
    }

    fn take(&mut self) -> Result<S, PipeError> {
        match std::mem::replace(self, Place::Out) {
            Place::Here(stream) => Ok(stream),
            Place::Out | Place::Over => {
                *self = Place::Over;
                Err(PipeError::Closed)
            }
        }
    }
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
        let places = Places { reader: Place::Here(reader), writer: Place::Here(writer) };
        Connection { places: Mutex::new(places), changed: Condvar::new() }
    }

    pub fn send<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), PipeError> {
        let mut frame = vec![0; HEADER];
        serde_json::to_writer(&mut frame, value).map_err(PipeError::Codec)?;
        let len = frame.len() - HEADER;
        let header = u32::try_from(len).ok().filter(|_| len <= MAX_FRAME);
        let header = header.ok_or(PipeError::TooLarge { len, limit: MAX_FRAME })?;
        frame[..HEADER].copy_from_slice(&header.to_be_bytes());
        let places = self.places.lock().unwrap();
        let mut writer = self.changed.wait_while(places, |places| places.writer.is_out()).unwrap().writer.take()?;
        let result = writer
            .write_all(&frame)
            .and_then(|()| writer.flush())
            .map_err(|error| if is_end(&error) { PipeError::Closed } else { PipeError::Io(error) });
        self.places.lock().unwrap().writer = if result.is_ok() { Place::Here(writer) } else { Place::Over };
        self.let_go(result.is_ok());
        result
    }

    fn let_go(&self, goes_on: bool) {
        if goes_on {
            self.changed.notify_one();
        } else {
            self.changed.notify_all();
        }
    }

    pub fn recv<T: DeserializeOwned>(&self) -> Result<T, PipeError> {
        let places = self.places.lock().unwrap();
        let mut reader = self.changed.wait_while(places, |places| places.reader.is_out()).unwrap().reader.take()?;
        let payload = read_payload(&mut reader);
        self.places.lock().unwrap().reader = if payload.is_ok() { Place::Here(reader) } else { Place::Over };
        self.let_go(payload.is_ok());
        serde_json::from_slice(&payload?).map_err(PipeError::Codec)
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
