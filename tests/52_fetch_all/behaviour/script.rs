//! Servers in memory that keep to a script, and a log of what is asked of them.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use subject::Connect;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// What a server in memory does, one step after the other. At the end of the script the stream ends.
#[derive(Clone)]
pub(super) enum Step {
    /// So many milliseconds pass.
    Pause(u64),
    /// `connect` returns. What stands before it happens to `connect`, what stands behind it happens to the stream.
    Accept,
    /// Bytes come, so many at a time, once the request has.
    Bytes(Vec<u8>, usize),
    /// The same bytes come again and again.
    Endless(&'static str),
    Hang,
    Fail(ErrorKind),
    /// Whoever writes is told so.
    RefuseWrites(ErrorKind),
}

use Step::{Accept, Bytes, Endless, Fail, Hang, Pause, RefuseWrites};

/// As a learner reads it, shortened.
impl fmt::Debug for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pause(milliseconds) => write!(formatter, "a pause of {milliseconds} ms"),
            Accept => formatter.write_str("connected"),
            Bytes(bytes, _) => write!(formatter, "sends {:.60}", shown(bytes)),
            Endless(pattern) => write!(formatter, "sends {pattern:?} without end"),
            Hang => formatter.write_str("silence"),
            Fail(kind) => write!(formatter, "fails with {kind:?}"),
            RefuseWrites(kind) => write!(formatter, "writes fail with {kind:?}"),
        }
    }
}

/// Text that comes all at once.
pub(super) fn text(text: &str) -> Step {
    Bytes(text.as_bytes().to_vec(), usize::MAX)
}

/// A whole response.
pub(super) fn response(status: u16, body: &str) -> Step {
    text(&format!("HTTP/1.1 {status} Such\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

/// A whole success, so many milliseconds after the call of `connect`.
pub(super) fn after(milliseconds: u64) -> Vec<Step> {
    vec![Accept, Pause(milliseconds), response(200, "ok")]
}

/// Hosts by name, each with a script for each attempt.
#[derive(Clone)]
pub(super) struct Net(pub(super) Arc<Hosts>);

/// What happens at this host, at this attempt, counted from 0.
type Script = dyn Fn(&str, usize) -> Vec<Step> + Send + Sync;

pub(super) struct Hosts {
    script: Box<Script>,
    log: Mutex<Log>,
}

#[derive(Default)]
pub(super) struct Log {
    calls: Vec<Call>,
    in_flight: usize,
    pub(super) most: usize,
    pub(super) begun: Option<Instant>,
}

/// What became of a call of `connect`. Times are milliseconds since the first poll of the story.
#[derive(Clone, Default)]
pub(super) struct Call {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) began: u64,
    pub(super) ended: Option<u64>,
    pub(super) request: Vec<u8>,
    /// How many bytes were read.
    pub(super) read: usize,
}

impl Net {
    pub(super) fn new(script: impl Fn(&str, usize) -> Vec<Step> + Send + Sync + 'static) -> Net {
        Net(Arc::new(Hosts { script: Box::new(script), log: Mutex::default() }))
    }

    /// All hosts, and all attempts, have the same script.
    pub(super) fn all(steps: Vec<Step>) -> Net {
        Net::new(move |_, _| steps.clone())
    }

    pub(super) fn log<R>(&self, look: impl FnOnce(&mut Log) -> R) -> R {
        look(&mut self.0.log.lock().unwrap())
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.log(|log| log.calls.clone())
    }

    /// When the attempts for this host began and ended.
    pub(super) fn flights(&self, host: &str) -> Vec<(u64, u64)> {
        let calls = self.calls().into_iter().filter(|call| call.host == host);
        calls.map(|call| (call.began, call.ended.unwrap_or(u64::MAX))).collect()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.log(|log| log.in_flight)
    }
}

/// As long as it lives, an attempt is in flight.
struct Flight {
    net: Net,
    index: usize,
}

impl Log {
    fn now(&mut self) -> u64 {
        self.begun.get_or_insert_with(Instant::now).elapsed().as_millis() as u64
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.net.log(|log| {
            log.in_flight -= 1;
            log.calls[self.index].ended = Some(log.now());
        });
    }
}

impl Connect for Net {
    type Stream = Scripted;

    fn connect(&self, host: &str, port: u16) -> impl Future<Output = io::Result<Scripted>> + Send {
        let (index, attempt) = self.log(|log| {
            log.in_flight += 1;
            log.most = log.most.max(log.in_flight);
            let attempt = log.calls.iter().filter(|call| call.host == host).count();
            let began = log.now();
            log.calls.push(Call { host: host.to_owned(), port, began, ..Call::default() });
            (log.calls.len() - 1, attempt)
        });
        let flight = Flight { net: self.clone(), index };
        let mut steps = VecDeque::from((self.0.script)(host, attempt));
        async move {
            loop {
                match steps.pop_front() {
                    Some(Pause(milliseconds)) => sleep(Duration::from_millis(milliseconds)).await,
                    Some(Fail(kind)) => return Err(kind.into()),
                    Some(Hang) => std::future::pending().await,
                    _ => break,
                }
            }
            let unflushed = Vec::new();
            Ok(Scripted { flight, steps, pause: None, unflushed, reader: Waker::noop().clone(), is_asked: false })
        }
    }
}

/// The client's end of a connection with a server in memory. It answers when it has been asked: when a whole request has
/// been written, which it takes seven bytes at a time, and flushed.
pub(super) struct Scripted {
    flight: Flight,
    steps: VecDeque<Step>,
    pause: Option<Pin<Box<Sleep>>>,
    unflushed: Vec<u8>,
    reader: Waker,
    is_asked: bool,
}

impl AsyncRead for Scripted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.reader.clone_from(context.waker());
        if !self.is_asked {
            return Poll::Pending;
        }
        let this = &mut *self;
        let before = buffer.filled().len();
        while let Some(step) = this.steps.front_mut() {
            match step {
                Pause(milliseconds) => {
                    let pause = Duration::from_millis(*milliseconds);
                    ready!(this.pause.get_or_insert_with(|| Box::pin(sleep(pause))).as_mut().poll(context));
                    this.pause = None;
                }
                Bytes(bytes, piece) if !bytes.is_empty() => {
                    let count = buffer.remaining().min(bytes.len()).min(*piece);
                    buffer.put_slice(&bytes[..count]);
                    bytes.drain(..count);
                    break;
                }
                Endless(pattern) => {
                    while buffer.remaining() > 0 {
                        buffer.put_slice(&pattern.as_bytes()[..pattern.len().min(buffer.remaining())]);
                    }
                    break;
                }
                Fail(kind) => return Poll::Ready(Err((*kind).into())),
                Hang => return Poll::Pending,
                Accept | Bytes(..) | RefuseWrites(_) => {}
            }
            this.steps.pop_front();
        }
        let count = buffer.filled().len() - before;
        this.flight.net.log(|log| log.calls[this.flight.index].read += count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Scripted {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(RefuseWrites(kind)) = self.steps.front() {
            return Poll::Ready(Err((*kind).into()));
        }
        let count = bytes.len().min(7);
        self.unflushed.extend_from_slice(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = std::mem::take(&mut self.unflushed);
        let index = self.flight.index;
        self.is_asked = self.flight.net.log(|log| {
            log.calls[index].request.extend_from_slice(&written);
            log.calls[index].request.windows(4).any(|window| window == b"\r\n\r\n")
        });
        self.reader.wake_by_ref();
        Poll::Ready(Ok(()))
    }

    /// A client that shuts down its half has lost interest, a server thinks.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.steps.is_empty() {
            self.steps = VecDeque::from([Fail(ErrorKind::ConnectionReset)]);
        }
        self.poll_flush(context)
    }
}

pub(super) fn shown(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}
