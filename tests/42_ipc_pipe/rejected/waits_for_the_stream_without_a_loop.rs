//! caught-by: schedules — two_senders_do_not_mix_their_frames
//! Waits once for a stream that is out: a wait that ends for no reason, or too late, takes that for the end of the direction.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
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
    reader: Slot<BufReader<R>>,
    writer: Slot<W>,
}

#[derive(Debug)]
struct Slot<S> {
    place: Mutex<Place<S>>,
    changed: Condvar,
}

#[derive(Debug)]
enum Place<S> {
    Here(S),
    Out,
    Over,
}

/// A stream that is out of its slot; unless it is given back, the slot is over.
struct Loan<'a, S> {
    slot: &'a Slot<S>,
    stream: Option<S>,
}

impl<S> Slot<S> {
    fn new(stream: S) -> Slot<S> {
        Slot { place: Mutex::new(Place::Here(stream)), changed: Condvar::new() }
    }

    fn take(&self) -> Result<Loan<'_, S>, PipeError> {
        let mut place = self.place.lock().unwrap();
        if matches!(*place, Place::Out) {
            place = self.changed.wait(place).unwrap();
        }
        match std::mem::replace(&mut *place, Place::Out) {
            Place::Here(stream) => Ok(Loan { slot: self, stream: Some(stream) }),
            Place::Out | Place::Over => {
                *place = Place::Over;
                Err(PipeError::Closed)
            }
        }
    }
}

impl<S> Loan<'_, S> {
    fn stream(&mut self) -> &mut S {
        self.stream.as_mut().expect("the stream is here until it is given back")
    }

    fn give_back(mut self) {
        if let Some(stream) = self.stream.take() {
            *self.slot.place.lock().unwrap() = Place::Here(stream);
            self.slot.changed.notify_one();
        }
    }
}

impl<S> Drop for Loan<'_, S> {
    fn drop(&mut self) {
        if self.stream.is_some() {
            *self.slot.place.lock().unwrap() = Place::Over;
            self.slot.changed.notify_all();
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
        Connection { reader: Slot::new(BufReader::new(reader)), writer: Slot::new(writer) }
    }

    pub fn send<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), PipeError> {
        // The first time only to know the length, and whether the encoding fails.
        let mut count = Count(0);
        serde_json::to_writer(BufWriter::new(&mut count), value).map_err(PipeError::Codec)?;
        let Count(len) = count;
        if len > MAX_FRAME {
            return Err(PipeError::TooLarge { len, limit: MAX_FRAME });
        }
        let mut payload = Vec::with_capacity(len);
        serde_json::to_writer(&mut payload, value).map_err(PipeError::Codec)?;
        let header = (payload.len() as u32).to_be_bytes();
        let mut loan = self.writer.take()?;
        let writer = loan.stream();
        match writer.write_all(&header).and_then(|()| writer.write_all(&payload)).and_then(|()| writer.flush()) {
            Ok(()) => {
                loan.give_back();
                Ok(())
            }
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                Err(PipeError::Closed)
            }
            Err(error) => Err(PipeError::Io(error)),
        }
    }

    pub fn recv<T: DeserializeOwned>(&self) -> Result<T, PipeError> {
        let mut loan = self.reader.take()?;
        let mut header = Vec::with_capacity(HEADER);
        let read = loan.stream().by_ref().take(HEADER as u64).read_to_end(&mut header);
        end_or(read.map(|_| ()))?;
        let header = match <[u8; HEADER]>::try_from(header) {
            Ok(header) => header,
            Err(header) if header.is_empty() => return Err(PipeError::Closed),
            Err(_) => return Err(PipeError::Truncated),
        };
        let len = u32::from_be_bytes(header) as usize;
        if len > MAX_FRAME {
            return Err(PipeError::TooLarge { len, limit: MAX_FRAME });
        }
        let mut frame = Frame { loan: Some(loan), rest: len, failure: None };
        let value = serde_json::from_reader(&mut frame);
        frame.skip_rest();
        if let Some(error) = frame.failure.take() {
            // Dropped without being given back: the slot is over.
            frame.loan = None;
            return Err(PipeError::Io(error));
        }
        if frame.rest > 0 {
            return Err(PipeError::Truncated);
        }
        value.map_err(PipeError::Codec)
    }
}

/// A reset is an end; whoever counts the bytes knows where.
fn end_or(result: io::Result<()>) -> Result<(), PipeError> {
    match result {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => Err(PipeError::Io(error)),
        _ => Ok(()),
    }
}

/// The rest of one payload. Also when the decoder panics, all of it is read before the stream is given back.
struct Frame<'a, R: Read> {
    loan: Option<Loan<'a, BufReader<R>>>,
    rest: usize,
    /// What the decoder took for an error of its own.
    failure: Option<io::Error>,
}

impl<R: Read> Frame<'_, R> {
    fn skip_rest(&mut self) {
        if self.failure.is_none() {
            let _ = io::copy(self, &mut io::sink());
        }
    }
}

impl<R: Read> Read for Frame<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(self.rest);
        let Some(loan) = self.loan.as_mut().filter(|_| wanted > 0) else { return Ok(0) };
        match loan.stream().read(&mut buffer[..wanted]) {
            Ok(count) => {
                self.rest -= count;
                Ok(count)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Err(error),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(0),
            Err(error) => {
                let kind = error.kind();
                self.failure = Some(error);
                Err(kind.into())
            }
        }
    }
}

impl<R: Read> Drop for Frame<'_, R> {
    fn drop(&mut self) {
        self.skip_rest();
        if let Some(loan) = self.loan.take().filter(|_| self.rest == 0) {
            loan.give_back();
        }
    }
}

struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
