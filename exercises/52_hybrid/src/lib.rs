//! Processes of event loops: several workers on several cores, each with many items under way at once.
//!
//! An *owner* calls [`hybrid_map`], which starts the processes and leaves the rest to [`dispatch`]; each process calls
//! [`serve`]. What goes over the sockets between them is fixed, and the brief in `README.md` says everything that is
//! checked. Where a body says `todo!()`, the code is yours; the public names and signatures stay as they are.

use std::io;
use std::os::unix::net::UnixStream;
use std::process::Command;

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
        let _ = formatter;
        todo!("say in a few words what happened")
    }
}

impl std::error::Error for ItemError {}

/// The worker's side: reads items from `stream`, runs the handler for all of them at once on one event loop, on the thread
/// that calls, and writes each answer when it is there. Returns when the stream has ended.
///
/// ```
/// use hybrid::serve;
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// let (mut owner, worker) = UnixStream::pair()?;
/// let worker = std::thread::spawn(|| {
///     serve(worker, async |item| {
///         tokio::task::yield_now().await;
///         item * item
///     })
/// });
/// owner.write_all(&[7u64.to_be_bytes(), 12u64.to_be_bytes()].concat())?; // item 12, with the id 7
/// let mut answer = [0; 17];
/// owner.read_exact(&mut answer)?;
/// assert_eq!(answer[..8], 7u64.to_be_bytes());
/// assert_eq!(answer[8], 0); // an output
/// assert_eq!(answer[9..], 144u64.to_be_bytes());
/// drop(owner);
/// worker.join().unwrap()?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// `UnexpectedEof` if the stream ends inside an item; whatever the socket or the runtime reports.
pub fn serve<H>(stream: UnixStream, handler: H) -> io::Result<()>
where
    H: AsyncFn(u64) -> u64 + 'static,
{
    let _ = (stream, handler);
    todo!("an event loop that reads, runs and writes, none of which holds up the others")
}

/// The owner's side: hands out the items to workers that serve at the other ends of `workers`, and returns the results in
/// the order of the items.
///
/// ```
/// use hybrid::{ItemError, dispatch, serve};
/// use std::os::unix::net::UnixStream;
///
/// let (ours, theirs) = UnixStream::pair()?;
/// let worker = std::thread::spawn(|| serve(theirs, async |item| 100 / item));
/// let results = dispatch(vec![ours], &[5, 0, 20], 2);
/// assert_eq!(results[0], Ok(20));
/// assert_eq!(results[1], Err(ItemError::Panicked("attempt to divide by zero".into())));
/// assert_eq!(results[2], Ok(5));
/// worker.join().unwrap()?;
///
/// assert_eq!(dispatch(Vec::new(), &[1], 2), [Err(ItemError::NoWorker)]);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Panics
/// If `in_flight` is 0.
pub fn dispatch(workers: Vec<UnixStream>, items: &[u64], in_flight: usize) -> Vec<Result<u64, ItemError>> {
    let _ = (workers, items, in_flight);
    todo!("who gets the next item, and who has which?")
}

/// Starts worker processes with `command`, has all items done by them, and returns the results in the order of the items.
///
/// Each process finds its end of a Unix socket as its standard input; that is the stream to call [`serve`] with. When
/// `hybrid_map` returns, all processes have ended and been waited for.
///
/// ```
/// use hybrid::hybrid_map;
/// use std::process::Command;
///
/// // Not much of a worker: it ends without having served anything.
/// let results = hybrid_map(|| Command::new("true"), &[1, 2, 3], 2, 32);
/// assert_eq!(results.len(), 3);
/// assert!(results.iter().all(Result::is_err));
/// ```
///
/// # Panics
/// If `processes` or `in_flight` is 0.
pub fn hybrid_map(
    command: impl Fn() -> Command,
    items: &[u64],
    processes: usize,
    in_flight: usize,
) -> Vec<Result<u64, ItemError>> {
    let _ = (command, items, processes, in_flight);
    todo!("start the processes, hand out the items, and leave nothing behind")
}
