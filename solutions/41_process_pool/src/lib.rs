//! A pool of worker processes: one that dies takes its own job with it, no more. The starter documents the interface.
//!
//! Every place in the pool has a thread of its own, which takes jobs from one queue, does the blocking reads and writes with
//! whichever worker has the place, and replaces that worker when it is lost. Nothing else blocks on a stream. What the
//! threads share is one `State` under one lock, and no lock is held while one of them talks to a worker.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::mem::ManuallyDrop;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

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
    /// The process, which from now on the pool kills and waits for. `None` if somebody else plays the worker.
    pub process: Option<Child>,
}

impl Worker {
    /// Starts a process whose standard input is one end of a new socket pair. It both reads and writes there.
    ///
    /// ```
    /// use solution_process_pool::Worker;
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
    pub fn spawn(mut command: Command) -> io::Result<Worker> {
        let (stream, theirs) = UnixStream::pair()?;
        // The command owns our copy of the worker's end, and is dropped here: a copy would hide the worker's death.
        let process = command.stdin(Stdio::from(OwnedFd::from(theirs))).spawn()?;
        Ok(Worker { stream, process: Some(process) })
    }
}

const HEADER: usize = 8; // A number and a length, of four bytes each.

fn frame(number: u32, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).expect("no payload is longer than MAX_PAYLOAD");
    [&number.to_be_bytes(), &len.to_be_bytes(), payload].concat()
}

/// The number and the length in a header. The length is what the other side says, and nothing more.
fn parse(header: [u8; HEADER]) -> (u32, usize) {
    let [n0, n1, n2, n3, l0, l1, l2, l3] = header;
    (u32::from_be_bytes([n0, n1, n2, n3]), u32::from_be_bytes([l0, l1, l2, l3]) as usize)
}

fn read_payload(mut stream: &UnixStream, len: usize) -> io::Result<Vec<u8>> {
    let mut payload = vec![0; len];
    stream.read_exact(&mut payload)?;
    Ok(payload)
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
/// solution_process_pool::serve(worker, |input| input.to_ascii_uppercase())?;
/// let mut answer = Vec::new();
/// pool.read_to_end(&mut answer)?;
/// assert_eq!(answer, b"\0\0\0\x07\0\0\0\x02HI");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn serve(stream: UnixStream, work: impl FnMut(Vec<u8>) -> Vec<u8>) -> io::Result<()> {
    // A panic must not close the stream on its way up: its end would tell the pool that the worker is lost while the
    // process still has its exit code to deliver. Only a return closes it.
    let stream = ManuallyDrop::new(stream);
    let result = answer_all(&stream, work);
    drop(ManuallyDrop::into_inner(stream));
    result
}

fn answer_all(mut stream: &UnixStream, mut work: impl FnMut(Vec<u8>) -> Vec<u8>) -> io::Result<()> {
    loop {
        let mut header = Vec::with_capacity(HEADER);
        stream.take(HEADER as u64).read_to_end(&mut header)?;
        if header.is_empty() {
            return Ok(());
        }
        let (number, len) = parse(header.try_into().map_err(|_| ErrorKind::UnexpectedEof)?);
        if len > MAX_PAYLOAD {
            return Err(ErrorKind::InvalidData.into());
        }
        let output = work(read_payload(stream, len)?);
        assert!(output.len() <= MAX_PAYLOAD, "an output of {} bytes is longer than {MAX_PAYLOAD}", output.len());
        stream.write_all(&frame(number, &output))?;
    }
}

/// A fixed number of workers that share the jobs of every [`map`](Pool::map). Dropping it terminates it.
///
/// ```
/// use solution_process_pool::{Pool, Worker, WorkerError, serve};
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
    shared: Arc<Shared>,
    /// One thread per place. Whoever waits for them holds the lock, so that a second one waits too.
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    /// Apart from the state: starting a worker takes long, and the others go on meanwhile.
    start: Mutex<Box<dyn FnMut() -> io::Result<Worker> + Send>>,
    state: Mutex<State>,
    /// Some thread of a place may have something to do: a job, an end, a second chance.
    changed: Condvar,
}

struct State {
    standing: Standing,
    jobs: VecDeque<Job>, // What nobody has begun.
    places: Vec<Place>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Open,
    Closed,
    Terminated,
}

struct Place {
    member: Option<Member>,
    /// It takes jobs: not when its thread has ended, and not between a `start` that failed and the next `map`.
    serving: bool,
}

struct Member {
    /// Shared by the thread that reads and writes and by whoever terminates the pool and has to interrupt it.
    stream: Arc<UnixStream>,
    process: Option<Child>,
    fresh: bool, // It is a replacement, and was started for the job that its place takes next.
}

struct Job {
    index: usize,
    input: Vec<u8>,
    reply: Sender<(usize, Result<Vec<u8>, WorkerError>)>, // Dropped without a word, when the pool is terminated.
}

struct Errand {
    job: Job,
    stream: Arc<UnixStream>,
    fresh: bool,
}

/// How an errand went wrong.
enum Lost {
    Unsent,  // The stream was closed before anything of the job was written.
    Ended,   // The stream ended or failed.
    Garbage, // Something came back that is no answer.
}

impl Pool {
    /// Starts so many workers, and keeps `start` for the replacements. An error of `start` ends what was started.
    pub fn new(workers: usize, start: impl FnMut() -> io::Result<Worker> + Send + 'static) -> io::Result<Pool> {
        if workers == 0 {
            return Err(ErrorKind::InvalidInput.into());
        }
        let state = State { standing: Standing::Open, jobs: VecDeque::new(), places: Vec::new() };
        let shared = Shared { start: Mutex::new(Box::new(start)), state: Mutex::new(state), changed: Condvar::new() };
        // From here on an early return drops a pool, and so ends what has been started.
        let pool = Pool { shared: Arc::new(shared), threads: Mutex::default() };
        for _ in 0..workers {
            let member = Member { fresh: false, ..pool.shared.hire()? };
            pool.shared.state().places.push(Place { member: Some(member), serving: true });
        }
        for place in 0..workers {
            let shared = Arc::clone(&pool.shared);
            let thread = std::thread::Builder::new().name(format!("place {place}"));
            let thread = thread.spawn(move || shared.serve_place(place))?;
            lock(&pool.threads).push(thread);
        }
        Ok(pool)
    }

    /// Has every input worked on, and returns the outputs in the order of the inputs. Waits for all of them.
    ///
    /// ```
    /// use solution_process_pool::{Pool, Worker, WorkerError};
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
        let mut state = self.shared.state();
        let error = match state.standing {
            Standing::Closed => WorkerError::Closed,
            // In an open pool this is for the jobs that get no reply: they were cut off.
            Standing::Open | Standing::Terminated => WorkerError::Terminated,
        };
        let mut outcomes = vec![Err(error); inputs.len()];
        if state.standing != Standing::Open {
            return outcomes;
        }
        let (reply, replies) = mpsc::channel();
        for (index, input) in inputs.into_iter().enumerate() {
            if input.len() > MAX_PAYLOAD {
                outcomes[index] = Err(WorkerError::TooLarge);
            } else {
                state.jobs.push_back(Job { index, input, reply: reply.clone() });
            }
        }
        state.places.iter_mut().for_each(|place| place.serving = true);
        drop(state);
        self.shared.changed.notify_all();
        drop(reply); // When the jobs' own are gone too, there is nothing more to come.
        for (index, outcome) in replies {
            outcomes[index] = outcome;
        }
        outcomes
    }

    /// Takes no more jobs. Those that are in the pool are done; workers end when there is nothing left for them.
    pub fn close(&self) {
        let mut state = self.shared.state();
        if state.standing == Standing::Open {
            state.standing = Standing::Closed;
        }
        self.shared.changed.notify_all();
    }

    /// Closes the pool, and waits until all work is done and every worker's process has ended.
    pub fn join(self) {
        self.close();
        self.join_threads();
        for place in &mut self.shared.state().places {
            if let Some(mut process) = place.member.take().and_then(|member| member.process) {
                let _ = process.wait(); // If this fails, somebody else has waited for the process: it has ended, too.
            }
        }
    }

    /// Ends the workers at once, and waits until their processes are gone. Jobs end as [`WorkerError::Terminated`].
    pub fn terminate(&self) {
        let mut state = self.shared.state();
        state.standing = Standing::Terminated;
        state.jobs.clear();
        for place in &mut state.places {
            place.member.iter_mut().for_each(Member::kill); // If its thread reads or writes, it finds the end.
        }
        drop(state);
        self.shared.changed.notify_all();
        self.join_threads();
        // What is left had no job, or had just been started.
        for place in &mut self.shared.state().places {
            place.member.take().map(Member::end);
        }
    }

    /// Waits for the threads of all places, also if another thread waits for them already.
    fn join_threads(&self) {
        for thread in lock(&self.threads).drain(..) {
            let _ = thread.join(); // It panics if `start` does.
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.terminate();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn hire(&self) -> io::Result<Member> {
        let Worker { stream, process } = (lock(&self.start))()?;
        Ok(Member { stream: Arc::new(stream), process, fresh: true })
    }

    fn serve_place(&self, place: usize) {
        let mut number = 0u32;
        while let Some(Errand { job, stream, fresh }) = self.take(place) {
            number = number.wrapping_add(1);
            match exchange(stream, number, &job.input) {
                Ok(output) => job.finish(Ok(output)),
                Err(lost) => self.bury(place, job, lost, fresh),
            }
        }
    }

    /// Waits for a job, and for a worker to do it. `None` when this place is needed no longer.
    fn take(&self, place: usize) -> Option<Errand> {
        let mut state = self.state();
        loop {
            let State { standing, jobs, places } = &mut *state;
            let Place { member, serving } = &mut places[place];
            let useless = jobs.is_empty() || !*serving;
            match standing {
                Standing::Terminated => return None,
                Standing::Closed if useless => {
                    *serving = false;
                    member.iter().for_each(Member::hang_up); // The worker ends by itself; `join` waits for it.
                    return None;
                }
                _ if useless => {
                    // What becomes of a worker that waits with its place costs no job.
                    member.iter_mut().for_each(|member| member.fresh = false);
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
                _ => {}
            }
            if let Some(member) = member {
                let job = jobs.pop_front()?;
                let fresh = std::mem::replace(&mut member.fresh, false);
                return Some(Errand { job, stream: Arc::clone(&member.stream), fresh });
            }
            drop(state); // The job stays in the queue meanwhile: another place may be faster.
            let hired = self.hire();
            state = self.state();
            match hired {
                Ok(member) => state.places[place].member = Some(member),
                Err(error) => state.leave_empty(place, error.kind()),
            }
        }
    }

    /// Ends a worker that is lost, and settles what becomes of its job.
    fn bury(&self, place: usize, job: Job, lost: Lost, fresh: bool) {
        let member = self.state().places[place].member.take();
        let error = member.map_or(WorkerError::Disconnected, Member::end);
        let mut state = self.state();
        match lost {
            // It was ended by the pool, then, or might as well have been.
            _ if state.standing == Standing::Terminated => {}
            Lost::Unsent if !fresh => {
                state.jobs.push_front(job);
                self.changed.notify_all(); // This place may fail to find a replacement, and another one be asleep.
            }
            Lost::Garbage => job.finish(Err(WorkerError::Garbage)),
            Lost::Unsent | Lost::Ended => job.finish(Err(error)),
        }
    }
}

impl State {
    /// No worker could be started for this place. The last one to find that out tells those who wait for any.
    fn leave_empty(&mut self, place: usize, kind: ErrorKind) {
        self.places[place].serving = false;
        if self.places.iter().all(|place| !place.serving) {
            self.jobs.drain(..).for_each(|job| job.finish(Err(WorkerError::NotStarted(kind))));
        }
    }
}

impl Member {
    /// Lets the worker find the end of its stream, and whoever waits for it, too.
    fn hang_up(&self) {
        let _ = self.stream.shutdown(Shutdown::Both); // It fails if the other side has hung up before.
    }

    fn kill(&mut self) {
        self.hang_up();
        if let Some(process) = &mut self.process {
            let _ = process.kill(); // It fails if the process has ended, and somebody else has waited for it.
        }
    }

    /// Ends the worker, if it has not ended yet, and says how it did.
    fn end(mut self) -> WorkerError {
        self.kill();
        let status = self.process.and_then(|mut process| process.wait().ok());
        let exited = status.and_then(|status| status.code()).map(WorkerError::Exited);
        let killed = status.and_then(|status| status.signal()).map(WorkerError::Killed);
        exited.or(killed).unwrap_or(WorkerError::Disconnected)
    }
}

impl Job {
    fn finish(self, outcome: Result<Vec<u8>, WorkerError>) {
        let _ = self.reply.send((self.index, outcome)); // `map` waits for every reply.
    }
}

impl From<io::Error> for Lost {
    fn from(_: io::Error) -> Lost {
        Lost::Ended
    }
}

/// Gives a worker a job, and waits for its answer. Lets go of the stream, so that a lost worker is the only one to hold it.
fn exchange(stream: Arc<UnixStream>, number: u32, input: &[u8]) -> Result<Vec<u8>, Lost> {
    let mut stream = &*stream;
    let frame = frame(number, input);
    // The first write alone tells whether anything was written. It finds the socket's buffer empty: it does not wait, and
    // so is not interrupted.
    let count = stream.write(&frame).map_err(|_| Lost::Unsent)?;
    stream.write_all(&frame[count..])?;
    let mut header = [0; HEADER];
    stream.read_exact(&mut header)?;
    match parse(header) {
        (echoed, len) if echoed == number && len <= MAX_PAYLOAD => Ok(read_payload(stream, len)?),
        _ => Err(Lost::Garbage),
    }
}

/// A panic of somebody who held one of these locks has left nothing half-done behind it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
