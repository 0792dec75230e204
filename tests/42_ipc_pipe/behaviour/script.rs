//! Streams that do what they are told, one that gives way to other threads, and connections over them.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use subject::Connection;

/// What a scripted stream does next.
#[derive(Clone)]
pub(super) enum Step {
    /// A read gets these bytes, or as many of them as fit; they never come together with those of another step.
    Gives(Vec<u8>),
    /// A write takes at most so many bytes.
    Takes(usize),
    /// The call fails.
    Fails(ErrorKind),
}

/// A stream that follows a script. After the script a read finds the end, and a write takes everything.
pub(super) struct Scripted {
    steps: VecDeque<Step>,
    written: Arc<Mutex<Vec<u8>>>,
}

pub(super) fn scripted(steps: impl IntoIterator<Item = Step>) -> Scripted {
    Scripted { steps: steps.into_iter().collect(), written: Arc::default() }
}

impl Scripted {
    /// What has been written so far, from now on.
    pub(super) fn written(&self) -> impl Fn() -> Vec<u8> + use<> {
        let written = Arc::clone(&self.written);
        move || written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Read for Scripted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.steps.pop_front() {
            Some(Step::Gives(mut bytes)) => {
                let count = bytes.len().min(buffer.len());
                buffer[..count].copy_from_slice(&bytes[..count]);
                bytes.drain(..count);
                if !bytes.is_empty() {
                    self.steps.push_front(Step::Gives(bytes));
                }
                Ok(count)
            }
            Some(Step::Fails(kind)) => Err(kind.into()),
            Some(Step::Takes(_)) | None => Ok(0),
        }
    }
}

impl Write for Scripted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = match self.steps.pop_front() {
            Some(Step::Takes(count)) => count.min(bytes.len()),
            Some(Step::Fails(kind)) => return Err(kind.into()),
            Some(Step::Gives(_)) | None => bytes.len(),
        };
        self.written.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stream whose calls give way to other threads for a moment, now a shorter and now a longer one, before they return.
/// Whoever lets go of it between two calls then loses it to another thread hundreds of times.
pub(super) struct GivesWay<S> {
    stream: S,
    random: u64,
    /// On a busy machine giving way takes long, and works all the better: it stops after a second.
    since: Instant,
}

impl<S> GivesWay<S> {
    pub(super) fn new(stream: S) -> GivesWay<S> {
        GivesWay { stream, random: 0x9E37_79B9_7F4A_7C15, since: Instant::now() }
    }

    fn give_way(&mut self) {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let moment = Duration::from_nanos(500 << (self.random % 8));
        let start = Instant::now();
        while start.elapsed() < moment && self.since.elapsed() < Duration::from_secs(1) {
            std::thread::yield_now();
        }
    }
}

impl<S: Read> Read for GivesWay<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.give_way();
        Ok(count)
    }
}

impl<S: Write> Write for GivesWay<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.stream.write(bytes)?;
        self.give_way();
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// A connection that only receives, these steps.
pub(super) fn receiving(steps: impl IntoIterator<Item = Step>) -> Connection<Scripted, io::Sink> {
    Connection::from_parts(scripted(steps), io::sink())
}

/// A connection that only receives, these bytes, in one piece.
pub(super) fn receiving_bytes(bytes: impl AsRef<[u8]>) -> Connection<Scripted, io::Sink> {
    receiving([Step::Gives(bytes.as_ref().to_vec())])
}

/// A connection that only sends, with these steps; and what has been written.
pub(super) fn sending(
    steps: impl IntoIterator<Item = Step>,
) -> (Connection<io::Empty, Scripted>, impl Fn() -> Vec<u8>) {
    let writer = scripted(steps);
    let written = writer.written();
    (Connection::from_parts(io::empty(), writer), written)
}

pub(super) fn one_byte_at_a_time(bytes: &[u8]) -> impl Iterator<Item = Step> {
    bytes.iter().map(|byte| Step::Gives(vec![*byte]))
}
