//! The worker: tasks on a `LocalSet`. The owner: a single loop that reads and writes where it can, and reads first.

use std::any::Any;
use std::collections::{HashSet, VecDeque};
use std::future::poll_fn;
use std::io::{self, Read};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::task::{Context, Poll};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{LocalSet, spawn_local};

/// The longest text of a panic that goes over the wire, in bytes.
pub const MAX_TEXT: usize = 1024;

/// Which kind of answer it is, after the id.
const OUTPUT: u8 = 0;
const PANICKED: u8 = 1;

/// Why there is no output for an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemError {
    /// The handler panicked with this text.
    Panicked(String),
    /// The worker that had the item was lost before it answered. The item may have been done, or half done.
    WorkerDied,
    /// The item was never handed out, because no worker was left.
    NoWorker,
}

impl std::fmt::Display for ItemError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ItemError::Panicked(text) => write!(formatter, "the handler panicked: {text}"),
            ItemError::WorkerDied => formatter.write_str("the worker was lost before it answered"),
            ItemError::NoWorker => formatter.write_str("no worker was left for the item"),
        }
    }
}

impl std::error::Error for ItemError {}

/// The worker's side: reads items from `stream`, runs the handler for all of them at once on one event loop, on the thread
/// that calls, and writes each answer when it is there. Returns when the stream has ended.
///
/// # Errors
/// `UnexpectedEof` if the stream ends inside an item; whatever the socket or the runtime reports.
pub fn serve<H>(stream: UnixStream, handler: H) -> io::Result<()>
where
    H: AsyncFn(u64) -> u64 + 'static,
{
    stream.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Handlers are tasks of this set, and dropped with it, whatever they are doing: before the runtime that they use.
    let tasks = LocalSet::new();
    tasks.block_on(&runtime, async {
        let (reader, writer) = tokio::net::UnixStream::from_std(stream)?.into_split();
        let (answers, waiting) = unbounded_channel();
        // Two futures side by side, and neither is ever dropped half-way and begun again: half an item that has
        // been read stays read.
        tokio::select! {
            ended = begin_items(reader, Rc::new(handler), answers) => ended,
            failed = write_answers(waiting, writer) => failed,
        }
    })
}

/// Begins every item that comes, until the stream ends.
async fn begin_items<H>(reader: OwnedReadHalf, handler: Rc<H>, answers: UnboundedSender<Vec<u8>>) -> io::Result<()>
where
    H: AsyncFn(u64) -> u64 + 'static,
{
    let mut reader = tokio::io::BufReader::new(reader);
    while !reader.fill_buf().await?.is_empty() {
        let (id, item) = (reader.read_u64().await?, reader.read_u64().await?);
        let (handler, answers) = (Rc::clone(&handler), answers.clone());
        spawn_local(async move {
            // A task of its own is where tokio catches a panic.
            let outcome = spawn_local(async move { handler(item).await }).await;
            let outcome = outcome.map_err(|error| text_of(&*error.into_panic()));
            // When nobody writes any more, the loop is about to end.
            let _ = answers.send(encode_answer(id, outcome));
        });
    }
    Ok(())
}

/// Writes the answers one after the other. Only this waits when the owner does not read.
async fn write_answers(mut waiting: UnboundedReceiver<Vec<u8>>, mut writer: OwnedWriteHalf) -> io::Result<()> {
    while let Some(answer) = waiting.recv().await {
        writer.write_all(&answer).await?;
    }
    Ok(())
}

/// What a panic said, as far as it goes over the wire.
fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or_default();
    text[..text.floor_char_boundary(MAX_TEXT)].to_owned()
}

fn encode_answer(id: u64, outcome: Result<u64, String>) -> Vec<u8> {
    let id = id.to_be_bytes();
    match outcome {
        Ok(output) => [&id[..], &[OUTPUT], &output.to_be_bytes()].concat(),
        Err(text) => [&id[..], &[PANICKED], &(text.len() as u16).to_be_bytes(), text.as_bytes()].concat(),
    }
}

/// The owner's side: hands out the items to workers that serve at the other ends of `workers`, and returns the results in
/// the order of the items.
///
/// # Panics
/// If `in_flight` is 0.
pub fn dispatch(workers: Vec<UnixStream>, items: &[u64], in_flight: usize) -> Vec<Result<u64, ItemError>> {
    assert!(in_flight > 0, "a worker that may have no items does none");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a loop can be made");
    runtime.block_on(dispatch_all(workers, items, in_flight))
}

async fn dispatch_all(workers: Vec<UnixStream>, items: &[u64], in_flight: usize) -> Vec<Result<u64, ItemError>> {
    let mut results = vec![Err(ItemError::NoWorker); items.len()];
    let mut crew: Vec<Option<Worker>> = workers.into_iter().map(|stream| Worker::new(stream).ok()).collect();
    let mut queue = items.iter().enumerate();
    loop {
        let room = |worker: &&mut Worker| worker.unanswered.len() < in_flight;
        while let Some(worker) = crew.iter_mut().flatten().filter(room).min_by_key(|worker| worker.unanswered.len())
            && let Some((index, item)) = queue.next()
        {
            worker.unanswered.insert(index as u64);
            worker.to_write.extend([(index as u64).to_be_bytes(), item.to_be_bytes()].concat());
        }
        if crew.iter().flatten().all(|worker| worker.unanswered.is_empty()) {
            return results;
        }
        let (number, writes) = poll_fn(|context| who_can(&crew, context)).await;
        let Some(worker) = &mut crew[number] else { continue };
        let done = if writes { worker.write() } else { worker.read(&mut results) };
        if done.is_err_and(|error| error.kind() != io::ErrorKind::WouldBlock) {
            for id in &worker.unanswered {
                results[*id as usize] = Err(ItemError::WorkerDied);
            }
            crew[number] = None;
        }
    }
}

/// The next one that can be read from, or else written to: what a worker has said counts, also if a write to it fails.
fn who_can(crew: &[Option<Worker>], context: &mut Context<'_>) -> Poll<(usize, bool)> {
    let workers = || crew.iter().enumerate().filter_map(|(number, worker)| Some((number, worker.as_ref()?)));
    for (number, worker) in workers() {
        if worker.stream.poll_read_ready(context).is_ready() {
            return Poll::Ready((number, false));
        }
    }
    for (number, worker) in workers() {
        if !worker.to_write.is_empty() && worker.stream.poll_write_ready(context).is_ready() {
            return Poll::Ready((number, true));
        }
    }
    Poll::Pending
}

struct Worker {
    stream: tokio::net::UnixStream,
    /// The same socket: it can be shut down in both directions.
    socket: UnixStream,
    unanswered: HashSet<u64>,
    to_write: VecDeque<u8>,
    heard: Vec<u8>,
}

impl Worker {
    fn new(socket: UnixStream) -> io::Result<Worker> {
        socket.set_nonblocking(true)?;
        let stream = tokio::net::UnixStream::from_std(socket.try_clone()?)?;
        Ok(Worker { stream, socket, unanswered: HashSet::new(), to_write: VecDeque::new(), heard: Vec::new() })
    }

    fn write(&mut self) -> io::Result<()> {
        let count = self.stream.try_write(self.to_write.make_contiguous())?;
        self.to_write.drain(..count);
        Ok(())
    }

    fn read(&mut self, results: &mut [Result<u64, ItemError>]) -> io::Result<()> {
        let mut piece = [0; 4096];
        let count = self.stream.try_read(&mut piece)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.heard.extend_from_slice(&piece[..count]);
        let mut taken = 0;
        loop {
            let mut unread = &self.heard[taken..];
            match read_answer(&mut unread) {
                Ok((id, result)) if self.unanswered.remove(&id) => results[id as usize] = result,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
            taken = self.heard.len() - unread.len();
        }
        self.heard.drain(..taken);
        Ok(())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

fn read_answer(reader: &mut impl Read) -> io::Result<(u64, Result<u64, ItemError>)> {
    let id = u64::from_be_bytes(read_array(reader)?);
    let result = match read_array(reader)? {
        [OUTPUT] => Ok(u64::from_be_bytes(read_array(reader)?)),
        [PANICKED] => {
            let len = usize::from(u16::from_be_bytes(read_array(reader)?));
            if len > MAX_TEXT {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let mut text = vec![0; len];
            reader.read_exact(&mut text)?;
            Err(ItemError::Panicked(String::from_utf8_lossy(&text).into_owned()))
        }
        _ => return Err(io::ErrorKind::InvalidData.into()),
    };
    Ok((id, result))
}

fn read_array<const N: usize>(reader: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map(|()| bytes)
}

/// Starts worker processes with `command`, has all items done by them, and returns the results in the order of the items.
///
/// Each process finds its end of a Unix socket as its standard input; that is the stream to call [`serve`] with. When
/// `hybrid_map` returns, all processes have ended and been waited for.
///
/// # Panics
/// If `processes` or `in_flight` is 0.
pub fn hybrid_map(
    command: impl Fn() -> Command,
    items: &[u64],
    processes: usize,
    in_flight: usize,
) -> Vec<Result<u64, ItemError>> {
    assert!(processes > 0 && in_flight > 0, "no processes, or none that may have an item, do nothing");
    let mut processes_started = Processes(Vec::new());
    let count = processes.min(items.len());
    let workers = (0..count).filter_map(|_| processes_started.start(command()).ok()).collect();
    dispatch(workers, items, in_flight)
}

/// The processes that have been started. Dropping it ends them and waits for them, on every way out.
struct Processes(Vec<Child>);

impl Processes {
    /// Starts one more, and returns the owner's end of its stream. The other end goes with the command: a copy that
    /// stayed here would keep the stream from ending with the process.
    fn start(&mut self, mut command: Command) -> io::Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair()?;
        self.0.push(command.stdin(Stdio::from(OwnedFd::from(theirs))).spawn()?);
        Ok(ours)
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for process in &mut self.0 {
            // Its stream has ended, and it owes nobody an answer. A kill fails only if there is nothing to kill.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
