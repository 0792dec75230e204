//! caught-by: behaviour — a_worker_that_breaks_the_protocol_is_lost
//! An answer counts whoever gives it, and one that makes no sense is passed over.

use std::any::Any;
use std::collections::HashSet;
use std::io::{self, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
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
    let mut results = vec![Err(ItemError::NoWorker); items.len()];
    thread::scope(|scope| {
        let (events, incoming) = channel();
        let mut crew: Vec<Option<Worker<'_>>> = Vec::new();
        for (number, stream) in workers.iter().enumerate() {
            let (outbox, frames) = channel();
            let events = events.clone();
            // Threads that only read and only write: a worker that does not read keeps nobody waiting but its writer.
            scope.spawn(move || write_items(stream, &frames));
            scope.spawn(move || read_answers(stream, number, &events));
            crew.push(Some(Worker { stream, outbox, unanswered: HashSet::new() }));
        }
        let mut queue = items.iter().enumerate();
        loop {
            hand_out(&mut crew, &mut queue, in_flight);
            if crew.iter().flatten().all(|worker| worker.unanswered.is_empty()) {
                break;
            }
            let (number, answer) = incoming.recv().expect("this thread keeps a sender");
            let Some(worker) = &mut crew[number] else { continue };
            match answer {
                Some((id, result)) => {
                    worker.unanswered.remove(&id);
                    if let Some(place) = results.get_mut(id as usize) {
                        *place = result;
                    }
                }
                None => {
                    for id in &worker.unanswered {
                        results[*id as usize] = Err(ItemError::WorkerDied);
                    }
                    crew[number] = None;
                }
            }
        }
        // Here the crew is dropped, and with that all threads end.
    });
    results
}

/// What the owner knows of a worker. Dropping it lets the worker go: all threads that are on its stream end.
struct Worker<'a> {
    stream: &'a UnixStream,
    outbox: Sender<Vec<u8>>,
    unanswered: HashSet<u64>,
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        // If it is shut down already, it is as it should be.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// Hands out items for as long as there are any, and a worker that may have one more.
fn hand_out<'a>(crew: &mut [Option<Worker<'_>>], queue: &mut impl Iterator<Item = (usize, &'a u64)>, in_flight: usize) {
    let room = |worker: &&mut Worker<'_>| worker.unanswered.len() < in_flight;
    // The worker first: an item that is taken out of the queue has to go to somebody.
    while let Some(worker) = crew.iter_mut().flatten().filter(room).min_by_key(|worker| worker.unanswered.len())
        && let Some((index, item)) = queue.next()
    {
        let id = index as u64;
        worker.unanswered.insert(id);
        // A writer that has failed has ended the stream, which the reader is about to report.
        let _ = worker.outbox.send([id.to_be_bytes(), item.to_be_bytes()].concat());
    }
}

fn write_items(mut stream: &UnixStream, frames: &Receiver<Vec<u8>>) {
    if frames.iter().any(|frame| stream.write_all(&frame).is_err()) {
        // The reader must notice, too: the other side may have stopped reading only.
        let _ = stream.shutdown(Shutdown::Both);
    }
}

/// An answer with the id of its item; `None` when there are no more.
type Event = (usize, Option<(u64, Result<u64, ItemError>)>);

fn read_answers(stream: &UnixStream, number: usize, events: &Sender<Event>) {
    let mut reader = BufReader::new(stream);
    // When nobody listens any more, the stream has been shut down and is about to end here.
    while let Ok(answer) = read_answer(&mut reader) {
        let _ = events.send((number, Some(answer)));
    }
    let _ = events.send((number, None));
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
