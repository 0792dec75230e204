//! The worker: a single loop that reads, joins and writes. The owner: a lock over all, whoever changes something deals out.

use std::any::Any;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use tokio::task::{Id, JoinSet, LocalSet};

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
    stream.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    LocalSet::new().block_on(&runtime, work(stream, Rc::new(handler)))
}

async fn work<H: AsyncFn(u64) -> u64 + 'static>(stream: UnixStream, handler: Rc<H>) -> io::Result<()> {
    let stream = tokio::net::UnixStream::from_std(stream)?;
    let mut tasks = JoinSet::new();
    let mut ids: HashMap<Id, u64> = HashMap::new();
    let (mut heard, mut to_say) = (Vec::new(), VecDeque::new());
    let ended = loop {
        tokio::select! {
            readable = stream.readable() => {
                let mut piece = [0; 4096];
                match readable.and_then(|()| stream.try_read(&mut piece)) {
                    Ok(0) if heard.is_empty() => break Ok(()),
                    Ok(0) => break Err(io::ErrorKind::UnexpectedEof.into()),
                    Ok(count) => heard.extend_from_slice(&piece[..count]),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => break Err(error),
                }
                let whole = heard.len() / 16 * 16;
                for request in heard.drain(..whole).collect::<Vec<u8>>().chunks_exact(16) {
                    let number = |at: usize| u64::from_be_bytes(request[at..at + 8].try_into().expect("eight"));
                    let (item, handler) = (number(8), Rc::clone(&handler));
                    let task = tasks.spawn_local(async move { handler(item).await });
                    ids.insert(task.id(), number(0));
                }
            }
            Some(done) = tasks.join_next_with_id() => {
                let (task, done) = match done {
                    Ok((task, output)) => (task, Ok(output)),
                    Err(error) => (error.id(), Err(error.into_panic())),
                };
                to_say.extend(encode(ids.remove(&task).expect("it was begun"), done));
            }
            writable = stream.writable(), if !to_say.is_empty() => {
                match writable.and_then(|()| stream.try_write(to_say.make_contiguous())) {
                    Ok(count) => drop(to_say.drain(..count)),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => break Err(error),
                }
            }
        }
    };
    tasks.shutdown().await;
    ended
}

struct Worker {
    lost: bool,
    has: BTreeSet<usize>,
    to_write: VecDeque<usize>,
}

struct Table {
    next: usize,
    open: usize,
    workers: Vec<Worker>,
    results: Vec<Option<Outcome>>,
    in_flight: usize,
}

impl Table {
    /// Hands out what can be handed out.
    fn deal(&mut self) {
        while self.next < self.results.len() {
            let in_flight = self.in_flight;
            let willing = self.workers.iter_mut().filter(|worker| !worker.lost && worker.has.len() < in_flight);
            let Some(worker) = willing.min_by_key(|worker| worker.has.len()) else { break };
            worker.has.insert(self.next);
            worker.to_write.push_back(self.next);
            self.next += 1;
        }
        if self.workers.iter().all(|worker| worker.lost) {
            for result in &mut self.results[self.next..] {
                *result = Some(Err(ItemError::NoWorker));
            }
            self.open -= self.results.len() - self.next;
            self.next = self.results.len();
        }
    }

    fn lose(&mut self, worker: usize) {
        let worker = &mut self.workers[worker];
        worker.lost = true;
        for item in std::mem::take(&mut worker.has) {
            self.results[item] = Some(Err(ItemError::WorkerDied));
            self.open -= 1;
        }
        self.deal();
    }
}

/// The owner's side.
///
/// # Panics
/// If `in_flight` is 0.
pub fn dispatch(workers: Vec<UnixStream>, items: &[u64], in_flight: usize) -> Vec<Result<u64, ItemError>> {
    assert_ne!(in_flight, 0, "somebody must have something to do");
    let worker = || Worker { lost: false, has: BTreeSet::new(), to_write: VecDeque::new() };
    let mut table = Table {
        next: 0,
        open: items.len(),
        workers: std::iter::repeat_with(worker).take(workers.len()).collect(),
        results: vec![None; items.len()],
        in_flight,
    };
    table.deal();
    let table = (Mutex::new(table), Condvar::new());
    let look = || table.0.lock().unwrap_or_else(PoisonError::into_inner);
    let wait = |guard| -> MutexGuard<'_, Table> { table.1.wait(guard).unwrap_or_else(PoisonError::into_inner) };
    thread::scope(|scope| {
        for (number, stream) in workers.iter().enumerate() {
            let (look, wait, table) = (&look, &wait, &table);
            scope.spawn(move || {
                let mut stream = stream;
                loop {
                    let mut guard = look();
                    let item = loop {
                        if guard.open == 0 || guard.workers[number].lost {
                            return;
                        }
                        if let Some(item) = guard.workers[number].to_write.pop_front() {
                            break item;
                        }
                        guard = wait(guard);
                    };
                    drop(guard);
                    let mut message = (item as u64).to_be_bytes().to_vec();
                    message.extend(items[item].to_be_bytes());
                    if stream.write_all(&message).is_err() {
                        // The reader hears what has come before, and then the end.
                        let _ = stream.shutdown(Shutdown::Both);
                        return;
                    }
                }
            });
            scope.spawn(move || {
                let mut source = io::BufReader::with_capacity(512, stream);
                loop {
                    let answer = read_answer(&mut source);
                    let mut guard = look();
                    let item = answer.as_ref().and_then(|(id, _)| usize::try_from(*id).ok());
                    match (answer, item) {
                        (Some((_, outcome)), Some(item)) if guard.workers[number].has.remove(&item) => {
                            guard.results[item] = Some(outcome);
                            guard.open -= 1;
                            guard.deal();
                            table.1.notify_all();
                        }
                        _ => {
                            guard.lose(number);
                            let _ = stream.shutdown(Shutdown::Both);
                            table.1.notify_all();
                            return;
                        }
                    }
                }
            });
        }
        let mut guard = look();
        while guard.open > 0 {
            guard = wait(guard);
        }
        drop(guard);
        for stream in &workers {
            let _ = stream.shutdown(Shutdown::Both);
        }
    });
    let table = table.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    table.results.into_iter().map(|result| result.expect("none is open")).collect()
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
