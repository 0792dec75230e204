//! A pool of worker processes, as `multiprocessing.Pool` is one: jobs go in, results come out in the same order, and a
//! worker that dies takes nothing with it but its own job.
//!
//! The brief in `README.md` says everything that is checked. Where a body says `todo!()` and where a private field
//! stands, the code is yours; the public names and signatures stay as they are.

use std::fmt;
use std::io;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};

/// The longest input and the longest output of a job, in bytes.
pub const MAX_PAYLOAD: usize = 1024 * 1024;

/// Why a job has no output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkerError {
    /// The worker's process ended by itself during the job, with this exit code.
    Exited(i32),
    /// The worker's process was ended by this signal during the job.
    Killed(i32),
    /// The stream of a worker without a process ended during the job.
    Disconnected,
    /// The worker wrote something that is not the answer to its job.
    Garbage,
    /// No worker is left, and the last attempt to start one failed in this way.
    NotStarted(io::ErrorKind),
    /// The input is longer than [`MAX_PAYLOAD`].
    TooLarge,
    /// The pool was closed before the job came.
    Closed,
    /// The pool was terminated before the job was done.
    Terminated,
}

impl fmt::Display for WorkerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorkerError::Exited(code) => write!(formatter, "the worker exited with code {code}"),
            WorkerError::Killed(signal) => write!(formatter, "the worker was killed by signal {signal}"),
            WorkerError::Disconnected => formatter.write_str("the worker closed its stream"),
            WorkerError::Garbage => formatter.write_str("the worker wrote garbage"),
            WorkerError::NotStarted(kind) => write!(formatter, "no worker could be started: {kind}"),
            WorkerError::TooLarge => write!(formatter, "the input is longer than {MAX_PAYLOAD} bytes"),
            WorkerError::Closed => formatter.write_str("the pool is closed"),
            WorkerError::Terminated => formatter.write_str("the pool was terminated"),
        }
    }
}

impl std::error::Error for WorkerError {}

/// A worker as it comes into a pool: the pool's end of a stream, and the process at the other end.
#[derive(Debug)]
pub struct Worker {
    /// Jobs go out here, and answers come back.
    pub stream: UnixStream,
    /// The process, which from now on the pool kills and waits for. `None` if somebody else plays the worker: a thread
    /// in a test, or a process that is none of ours.
    pub process: Option<Child>,
}

impl Worker {
    /// Starts a process whose standard input is one end of a new socket pair. It both reads and writes there.
    ///
    /// ```
    /// use process_pool::Worker;
    /// use std::io::{Read, Write};
    /// use std::process::Command;
    ///
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "exec cat >&0"]); // whatever comes in goes out again
    /// let mut worker = Worker::spawn(command)?;
    /// worker.stream.write_all(b"echo")?;
    /// let mut back = [0; 4];
    /// worker.stream.read_exact(&mut back)?;
    /// assert_eq!(&back, b"echo");
    /// drop(worker.stream); // the process finds the end of its input, and ends
    /// assert!(worker.process.expect("it was started").wait()?.success());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the system refuses the sockets or the process.
    pub fn spawn(command: Command) -> io::Result<Worker> {
        let _ = command;
        todo!("two connected sockets: one is the process's standard input")
    }
}

/// The worker's side: reads jobs from the stream, lets `work` do them one after the other, and writes the answers.
///
/// ```
/// use std::io::{Read, Write};
/// use std::net::Shutdown;
/// use std::os::unix::net::UnixStream;
///
/// let (mut pool, worker) = UnixStream::pair()?;
/// pool.write_all(b"\0\0\0\x07\0\0\0\x02hi")?; // job 7, two bytes
/// pool.shutdown(Shutdown::Write)?; // no more jobs
/// process_pool::serve(worker, |input| input.to_ascii_uppercase())?;
/// let mut answer = Vec::new();
/// pool.read_to_end(&mut answer)?;
/// assert_eq!(answer, b"\0\0\0\x07\0\0\0\x02HI");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// If the stream ends inside a job ([`io::ErrorKind::UnexpectedEof`]), announces an input longer than [`MAX_PAYLOAD`]
/// ([`io::ErrorKind::InvalidData`]), or fails. Its end between two jobs is no error.
///
/// # Panics
/// If `work` panics, or returns more than [`MAX_PAYLOAD`] bytes: the process must then end with exit code 101, and the
/// stream stay open until it has.
pub fn serve(stream: UnixStream, work: impl FnMut(Vec<u8>) -> Vec<u8>) -> io::Result<()> {
    let _ = (stream, work);
    todo!("a job in, an answer out, until the pool hangs up")
}

/// A fixed number of workers that share the jobs of every [`map`](Pool::map).
///
/// Dropping it terminates it.
///
/// ```
/// use process_pool::{Pool, Worker, WorkerError, serve};
/// use std::os::unix::net::UnixStream;
///
/// // These workers are threads; `Worker::spawn` makes processes.
/// let pool = Pool::new(4, || {
///     let (stream, theirs) = UnixStream::pair()?;
///     std::thread::spawn(move || serve(theirs, |input| vec![input[0] * input[0]]));
///     Ok(Worker { stream, process: None })
/// })?;
/// let squares = pool.map((0..10).map(|number| vec![number]).collect());
/// assert_eq!(squares[9], Ok(vec![81]));
/// pool.close();
/// assert_eq!(pool.map(vec![vec![1]]), [Err(WorkerError::Closed)]);
/// pool.join();
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Pool {
    _yours: (),
}

impl Pool {
    /// Starts so many workers, and keeps `start` for the replacements.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for no workers; otherwise the error of `start` that came first: the workers that
    /// were started before it have been killed and waited for.
    pub fn new(workers: usize, start: impl FnMut() -> io::Result<Worker> + Send + 'static) -> io::Result<Pool> {
        let _ = (workers, start);
        todo!("who starts a replacement, and who waits for an answer?")
    }

    /// Has every input worked on, and returns the outputs in the order of the inputs. Waits for all of them.
    ///
    /// ```
    /// use process_pool::{Pool, Worker, WorkerError};
    /// use std::process::Command;
    ///
    /// let pool = Pool::new(1, || {
    ///     let mut command = Command::new("sh");
    ///     command.args(["-c", "exit 3"]);
    ///     Worker::spawn(command)
    /// })?;
    /// assert_eq!(pool.map(vec![b"lost".to_vec()]), [Err(WorkerError::Exited(3))]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn map(&self, inputs: Vec<Vec<u8>>) -> Vec<Result<Vec<u8>, WorkerError>> {
        let _ = inputs;
        todo!("whoever is free takes the next job")
    }

    /// Takes no more jobs. Those that are in the pool are done; workers end when there is nothing left for them.
    pub fn close(&self) {
        todo!("who has to hear of it?")
    }

    /// Closes the pool, and waits until all work is done and every worker's process has ended.
    pub fn join(self) {
        todo!("close, and wait")
    }

    /// Ends the workers at once, and waits until their processes are gone. Jobs without an output are
    /// [`WorkerError::Terminated`].
    pub fn terminate(&self) {
        todo!("who is blocked, and in what?")
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        todo!("terminate")
    }
}
