//! The worker: a task for each item on a `LocalSet`. The owner: one thread that decides and hears of everything over a channel.

use std::any::Any;
use std::collections::HashSet;
use std::io::{self, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::OwnedReadHalf;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::{LocalSet, spawn_local};

/// The longest text of a panic that goes over the wire, in bytes.
pub const MAX_TEXT: usize = 1024;

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
            ItemError::WorkerDied => formatter.write_str("the worker died"),
            ItemError::NoWorker => formatter.write_str("there was no worker left"),
        }
    }
}

impl std::error::Error for ItemError {}

type Outcome = Result<u64, ItemError>;

/// An answer as it goes over the wire.
fn encode(id: u64, done: Result<u64, Box<dyn Any + Send>>) -> Vec<u8> {
    let mut bytes = id.to_be_bytes().to_vec();
    match done {
        Ok(output) => {
            bytes.push(0);
            bytes.extend(output.to_be_bytes());
        }
        Err(payload) => {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or(payload.downcast_ref::<&str>().copied()).unwrap_or_default();
            let text = &text[..text.floor_char_boundary(MAX_TEXT)];
            bytes.push(1);
            bytes.extend((text.len() as u16).to_be_bytes());
            bytes.extend(text.bytes());
        }
    }
    bytes
}

/// The worker's side.
///
/// # Errors
/// As in the brief.
pub fn serve<H>(stream: UnixStream, handler: H) -> io::Result<()>
where
    H: AsyncFn(u64) -> u64 + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tasks = LocalSet::new();
    let result = tasks.block_on(&runtime, async {
        stream.set_nonblocking(true)?;
        let (reads, mut writes) = tokio::net::UnixStream::from_std(stream)?.into_split();
        let (answers, mut to_write) = unbounded_channel::<Vec<u8>>();
        let writing = async {
            while let Some(bytes) = to_write.recv().await {
                writes.write_all(&bytes).await?;
            }
            io::Result::Ok(())
        };
        tokio::select! {
            ended = read_items(reads, Rc::new(handler), answers) => ended,
            failed = writing => failed,
        }
    });
    let _inside = runtime.enter();
    drop(tasks);
    result
}

async fn read_items<H>(mut reads: OwnedReadHalf, handler: Rc<H>, answers: UnboundedSender<Vec<u8>>) -> io::Result<()>
where
    H: AsyncFn(u64) -> u64 + 'static,
{
    loop {
        let mut request = [0; 16];
        if reads.read(&mut request[..1]).await? == 0 {
            return Ok(());
        }
        reads.read_exact(&mut request[1..]).await?;
        let (id, item) = request.split_at(8);
        let number = |bytes: &[u8]| u64::from_be_bytes(bytes.try_into().expect("eight bytes"));
        let (id, item) = (number(id), number(item));
        let handler = Rc::clone(&handler);
        let work = spawn_local(async move { handler(item).await });
        let answers = answers.clone();
        spawn_local(async move {
            let done = work.await.map_err(|error| error.into_panic());
            let _ = answers.send(encode(id, done));
        });
    }
}

enum Event {
    Answer(usize, u64, Outcome),
    Lost(usize),
}

struct Hand {
    /// What is to be written; `None` for a worker that is lost.
    items: Option<Sender<(u64, u64)>>,
    has: HashSet<u64>,
}

/// The owner's side.
///
/// # Panics
/// If `in_flight` is 0.
pub fn dispatch(workers: Vec<UnixStream>, items: &[u64], in_flight: usize) -> Vec<Result<u64, ItemError>> {
    assert!(in_flight > 0, "nothing may be in flight");
    let mut results: Vec<Option<Outcome>> = vec![None; items.len()];
    thread::scope(|scope| {
        let (events, heard) = channel();
        let mut hands = Vec::new();
        for (worker, stream) in workers.iter().enumerate() {
            let (send, receive) = channel::<(u64, u64)>();
            hands.push(Hand { items: Some(send), has: HashSet::new() });
            scope.spawn(move || {
                let mut stream = stream;
                for (id, item) in receive {
                    if stream.write_all(&[id.to_be_bytes(), item.to_be_bytes()].concat()).is_err() {
                        // What has come can still be read; then its end is seen.
                        let _ = stream.shutdown(Shutdown::Both);
                        return;
                    }
                }
            });
            let events = events.clone();
            scope.spawn(move || {
                let mut source = BufReader::new(stream);
                while let Some((id, outcome)) = read_answer(&mut source) {
                    if events.send(Event::Answer(worker, id, outcome)).is_err() {
                        return;
                    }
                }
                let _ = stream.shutdown(Shutdown::Both);
                let _ = events.send(Event::Lost(worker));
            });
        }
        let mut next = 0;
        let mut open = items.len();
        while open > 0 {
            while next < items.len() {
                let free =
                    hands.iter().enumerate().filter(|(_, hand)| hand.items.is_some() && hand.has.len() < in_flight);
                let Some((worker, _)) = free.min_by_key(|(_, hand)| hand.has.len()) else { break };
                let hand = &mut hands[worker];
                hand.has.insert(next as u64);
                // A writer that has given up is lost in a moment.
                let _ = hand.items.as_ref().expect("it is not lost").send((next as u64, items[next]));
                next += 1;
            }
            if hands.iter().all(|hand| hand.items.is_none()) {
                break;
            }
            match heard.recv().expect("a reader says that it ends") {
                Event::Answer(worker, id, outcome) => {
                    if hands[worker].items.is_none() {
                        continue;
                    }
                    if hands[worker].has.remove(&id) {
                        results[id as usize] = Some(outcome);
                        open -= 1;
                    } else {
                        open -= lose(&mut hands[worker], &workers[worker], &mut results);
                    }
                }
                Event::Lost(worker) => open -= lose(&mut hands[worker], &workers[worker], &mut results),
            }
        }
        for stream in &workers {
            let _ = stream.shutdown(Shutdown::Both);
        }
    });
    results.into_iter().map(|result| result.unwrap_or(Err(ItemError::NoWorker))).collect()
}

/// Lets go of a worker; how many items have their result by that.
fn lose(hand: &mut Hand, stream: &UnixStream, results: &mut [Option<Outcome>]) -> usize {
    let _ = stream.shutdown(Shutdown::Both);
    hand.items = None;
    let lost = hand.has.len();
    for id in hand.has.drain() {
        results[id as usize] = Some(Err(ItemError::WorkerDied));
    }
    lost
}

/// The next answer; `None` when there is none, or none that can be.
fn read_answer(stream: &mut impl Read) -> Option<(u64, Outcome)> {
    let (mut id, mut kind) = ([0; 8], [0]);
    stream.read_exact(&mut id).ok()?;
    stream.read_exact(&mut kind).ok()?;
    let outcome = match kind {
        [0] => {
            let mut output = [0; 8];
            stream.read_exact(&mut output).ok()?;
            Ok(u64::from_be_bytes(output))
        }
        [1] => {
            let mut len = [0; 2];
            stream.read_exact(&mut len).ok()?;
            let len = usize::from(u16::from_be_bytes(len));
            if len > MAX_TEXT {
                return None;
            }
            let mut text = vec![0; len];
            stream.read_exact(&mut text).ok()?;
            Err(ItemError::Panicked(String::from_utf8_lossy(&text).into_owned()))
        }
        _ => return None,
    };
    Some((u64::from_be_bytes(id), outcome))
}

/// Processes that are killed and waited for, whatever happens.
struct Children(Vec<Child>);

impl Drop for Children {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
        }
        for child in &mut self.0 {
            let _ = child.wait();
        }
    }
}

/// Starts worker processes and has all items done by them.
///
/// # Panics
/// If `processes` or `in_flight` is 0.
pub fn hybrid_map(
    command: impl Fn() -> Command,
    items: &[u64],
    processes: usize,
    in_flight: usize,
) -> Vec<Result<u64, ItemError>> {
    assert!(processes > 0, "no processes");
    assert!(in_flight > 0, "nothing may be in flight");
    let mut children = Children(Vec::new());
    let mut streams = Vec::new();
    for _ in 0..processes.min(items.len()) {
        let mut command = command();
        let Ok((ours, theirs)) = UnixStream::pair() else { continue };
        if let Ok(child) = command.stdin(Stdio::from(OwnedFd::from(theirs))).spawn() {
            children.0.push(child);
            streams.push(ours);
        }
    }
    dispatch(streams, items, in_flight)
}
