//! Buffers its reads, keeps one buffer per direction for payloads, encodes and decodes while it holds the lock, and writes header and payload apart.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};

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
    receiver: Mutex<Receiver<R>>,
    sender: Mutex<Sender<W>>,
}

#[derive(Debug)]
struct Receiver<R> {
    reader: BufReader<R>,
    payload: Vec<u8>,
    over: bool,
}

#[derive(Debug)]
struct Sender<W> {
    writer: W,
    payload: Vec<u8>,
    over: bool,
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
        Connection {
            receiver: Mutex::new(Receiver { reader: BufReader::new(reader), payload: Vec::new(), over: false }),
            sender: Mutex::new(Sender { writer, payload: Vec::new(), over: false }),
        }
    }

    pub fn send<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), PipeError> {
        // A panic in the value poisons the lock and leaves nothing but an unused payload behind.
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let Sender { writer, payload, over } = &mut *sender;
        if *over {
            return Err(PipeError::Closed);
        }
        payload.clear();
        serde_json::to_writer(&mut *payload, value).map_err(PipeError::Codec)?;
        if payload.len() > MAX_FRAME {
            return Err(PipeError::TooLarge { len: payload.len(), limit: MAX_FRAME });
        }
        let header = (payload.len() as u32).to_be_bytes();
        let written = writer.write_all(&header).and_then(|()| writer.write_all(payload)).and_then(|()| writer.flush());
        written.map_err(|error| {
            *over = true;
            match error.kind() {
                ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => PipeError::Closed,
                _ => PipeError::Io(error),
            }
        })
    }

    pub fn recv<T: DeserializeOwned>(&self) -> Result<T, PipeError> {
        let mut receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner);
        if receiver.over {
            return Err(PipeError::Closed);
        }
        if let Err(error) = receiver.next_payload() {
            receiver.over = true;
            return Err(error);
        }
        serde_json::from_slice(&receiver.payload).map_err(PipeError::Codec)
    }
}

impl<R: Read> Receiver<R> {
    fn next_payload(&mut self) -> Result<(), PipeError> {
        if self.is_at_end()? {
            return Err(PipeError::Closed);
        }
        let mut header = [0; HEADER];
        self.reader.read_exact(&mut header).map_err(inside)?;
        let len = u32::from_be_bytes(header) as usize;
        if len > MAX_FRAME {
            return Err(PipeError::TooLarge { len, limit: MAX_FRAME });
        }
        self.payload.clear();
        // Room is made as bytes arrive, not as they are announced.
        let mut rest = self.reader.by_ref().take(len as u64);
        rest.read_to_end(&mut self.payload).map_err(inside)?;
        if self.payload.len() < len { Err(PipeError::Truncated) } else { Ok(()) }
    }

    fn is_at_end(&mut self) -> Result<bool, PipeError> {
        loop {
            match self.reader.fill_buf() {
                Ok(bytes) => return Ok(bytes.is_empty()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(true),
                Err(error) => return Err(PipeError::Io(error)),
            }
        }
    }
}

fn inside(error: io::Error) -> PipeError {
    match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => PipeError::Truncated,
        _ => PipeError::Io(error),
    }
}
