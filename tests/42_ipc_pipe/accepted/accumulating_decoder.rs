//! Collects whatever a read brings in one growing buffer, cuts frames off its front, and remembers for ever why a direction is over by taking its stream away.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Mutex;

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
    decoder: Mutex<Decoder<R>>,
    writer: Mutex<Option<W>>,
}

#[derive(Debug)]
struct Decoder<R> {
    /// Taken away when nothing more may be read.
    reader: Option<R>,
    /// What has been read and belongs to no frame yet.
    bytes: VecDeque<u8>,
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
        let decoder = Decoder { reader: Some(reader), bytes: VecDeque::new() };
        Connection { decoder: Mutex::new(decoder), writer: Mutex::new(Some(writer)) }
    }

    pub fn send<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), PipeError> {
        let text = serde_json::to_string(value).map_err(PipeError::Codec)?;
        if text.len() > MAX_FRAME {
            return Err(PipeError::TooLarge { len: text.len(), limit: MAX_FRAME });
        }
        let frame = [&(text.len() as u32).to_be_bytes(), text.as_bytes()].concat();
        let mut writer = self.writer.lock().expect("no foreign code runs under this lock but the stream's");
        let stream = writer.as_mut().ok_or(PipeError::Closed)?;
        let mut rest = &frame[..];
        let outcome = loop {
            if rest.is_empty() {
                break stream.flush();
            }
            match stream.write(rest) {
                Ok(0) => break Err(ErrorKind::WriteZero.into()),
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        outcome.map_err(|error| {
            *writer = None;
            match error.kind() {
                ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => PipeError::Closed,
                _ => PipeError::Io(error),
            }
        })
    }

    pub fn recv<T: DeserializeOwned>(&self) -> Result<T, PipeError> {
        let payload = {
            let mut decoder = self.decoder.lock().expect("no foreign code runs under this lock but the stream's");
            decoder.next().inspect_err(|_| {
                decoder.reader = None;
                decoder.bytes.clear();
            })?
        };
        serde_json::from_slice(&payload).map_err(PipeError::Codec)
    }
}

impl<R: Read> Decoder<R> {
    fn next(&mut self) -> Result<Vec<u8>, PipeError> {
        self.collect(HEADER)?;
        let mut header = [0; HEADER];
        for (place, byte) in header.iter_mut().zip(&self.bytes) {
            *place = *byte;
        }
        let len = u32::from_be_bytes(header) as usize;
        if len > MAX_FRAME {
            return Err(PipeError::TooLarge { len, limit: MAX_FRAME });
        }
        self.collect(HEADER + len)?;
        self.bytes.drain(..HEADER);
        Ok(self.bytes.drain(..len).collect())
    }

    /// Reads until there are at least `wanted` bytes.
    fn collect(&mut self, wanted: usize) -> Result<(), PipeError> {
        let reader = self.reader.as_mut().ok_or(PipeError::Closed)?;
        let mut chunk = [0; 16 * 1024];
        while self.bytes.len() < wanted {
            match reader.read(&mut chunk) {
                Ok(0) => return Err(if self.bytes.is_empty() { PipeError::Closed } else { PipeError::Truncated }),
                Ok(count) => self.bytes.extend(&chunk[..count]),
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::ConnectionReset if self.bytes.is_empty() => return Err(PipeError::Closed),
                    ErrorKind::ConnectionReset => return Err(PipeError::Truncated),
                    _ => return Err(PipeError::Io(error)),
                },
            }
        }
        Ok(())
    }
}
