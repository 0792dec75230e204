//! A thread for each seat: it starts the worker that sits there, does jobs with it, and buries it. The children that
//! end after `close` are waited for by `join` and `terminate`.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

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

type Outcome = Result<Vec<u8>, WorkerError>;
type Start = Box<dyn FnMut() -> io::Result<Worker> + Send>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Worker {
    /// Starts a process whose standard input is one end of a new socket pair.
    pub fn spawn(mut command: Command) -> io::Result<Worker> {
        let (stream, theirs) = UnixStream::pair()?;
        let process = command.stdin(Stdio::from(OwnedFd::from(theirs))).spawn()?;
        Ok(Worker { stream, process: Some(process) })
    }
}

/// The worker's side.
pub fn serve(mut stream: UnixStream, mut work: impl FnMut(Vec<u8>) -> Vec<u8>) -> io::Result<()> {
    loop {
        let mut header = [0; 8];
        if !read_header(&mut stream, &mut header)? {
            return Ok(());
        }
        let len = u32::from_be_bytes([header[4], header[5], header[6], header[7]]) as usize;
        if len > MAX_PAYLOAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut input = vec![0; len];
        stream.read_exact(&mut input)?;
        let output = match catch_unwind(AssertUnwindSafe(|| work(input))) {
            Ok(output) => output,
            Err(panic) => {
                std::mem::forget(stream);
                resume_unwind(panic)
            }
        };
        if output.len() > MAX_PAYLOAD {
            std::mem::forget(stream);
            panic!("an output of {} bytes is too long", output.len());
        }
        header[4..].copy_from_slice(&(output.len() as u32).to_be_bytes());
        stream.write_all(&[&header[..], &output].concat())?;
    }
}

/// Whether there is a further job.
fn read_header(stream: &mut UnixStream, header: &mut [u8; 8]) -> io::Result<bool> {
    let mut have = 0;
    while have < header.len() {
        match stream.read(&mut header[have..]) {
            Ok(0) if have == 0 => return Ok(false),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => have += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// The results of one `map`.
struct Batch {
    results: Mutex<(Vec<Option<Outcome>>, usize)>,
    complete: Condvar,
}

impl Batch {
    fn tell(&self, at: usize, outcome: Outcome) {
        let mut results = lock(&self.results);
        results.0[at] = Some(outcome);
        results.1 -= 1;
        if results.1 == 0 {
            self.complete.notify_one();
        }
    }
}

struct Job {
    batch: Arc<Batch>,
    at: usize,
    input: Vec<u8>,
}

impl Job {
    fn end(self, outcome: Outcome) {
        self.batch.tell(self.at, outcome);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Has a worker, or will try to start one.
    Open,
    /// `start` has failed; nothing is tried before the next `map`.
    Given,
    /// Closed: nothing is left to do here.
    Over,
}

struct State {
    jobs: VecDeque<Job>,
    places: Vec<Place>,
    last_error: io::ErrorKind,
    closed: bool,
    terminated: bool,
    threads: usize,
}

#[derive(Default)]
struct Seat {
    stream: Option<Arc<UnixStream>>,
    process: Option<Child>,
}

impl Seat {
    /// Ends whoever sits here, and says how it ended.
    fn bury(&mut self) -> WorkerError {
        if let Some(stream) = self.stream.take() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        bury(self.process.take())
    }
}

fn bury(process: Option<Child>) -> WorkerError {
    let Some(mut process) = process else { return WorkerError::Disconnected };
    let _ = process.kill();
    let status = process.wait().expect("a child can be waited for");
    match status.code() {
        Some(code) => WorkerError::Exited(code),
        None => WorkerError::Killed(status.signal().unwrap_or_default()),
    }
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    seats: Vec<Mutex<Seat>>,
    start: Mutex<Start>,
}

/// A fixed number of workers.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Pool {
    /// Starts so many workers.
    pub fn new(workers: usize, start: impl FnMut() -> io::Result<Worker> + Send + 'static) -> io::Result<Pool> {
        if workers == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut start: Start = Box::new(start);
        let mut seats: Vec<Mutex<Seat>> = Vec::new();
        for _ in 0..workers {
            match start() {
                Ok(worker) => {
                    seats.push(Mutex::new(Seat { stream: Some(Arc::new(worker.stream)), process: worker.process }))
                }
                Err(error) => {
                    for seat in &seats {
                        lock(seat).bury();
                    }
                    return Err(error);
                }
            }
        }
        let state = State {
            jobs: VecDeque::new(),
            places: vec![Place::Open; workers],
            last_error: io::ErrorKind::Other,
            closed: false,
            terminated: false,
            threads: workers,
        };
        let shared =
            Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), seats, start: Mutex::new(start) });
        let thread = |number| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.occupy(number);
                lock(&shared.state).threads -= 1;
                shared.changed.notify_all();
            })
        };
        let threads = (0..workers).map(thread).collect();
        Ok(Pool { shared, threads: Mutex::new(threads) })
    }

    /// The outputs in the order of the inputs.
    pub fn map(&self, inputs: Vec<Vec<u8>>) -> Vec<Outcome> {
        let mut state = lock(&self.shared.state);
        let count = inputs.len();
        if state.terminated {
            return vec![Err(WorkerError::Terminated); count];
        }
        if state.closed {
            return vec![Err(WorkerError::Closed); count];
        }
        let batch = Arc::new(Batch {
            results: Mutex::new((std::iter::repeat_with(|| None).take(count).collect(), count)),
            complete: Condvar::new(),
        });
        for (at, input) in inputs.into_iter().enumerate() {
            let job = Job { batch: Arc::clone(&batch), at, input };
            if job.input.len() > MAX_PAYLOAD {
                job.end(Err(WorkerError::TooLarge));
            } else {
                state.jobs.push_back(job);
            }
        }
        for place in state.places.iter_mut().filter(|place| **place == Place::Given) {
            *place = Place::Open;
        }
        drop(state);
        self.shared.changed.notify_all();
        let mut results = lock(&batch.results);
        while results.1 > 0 {
            results = batch.complete.wait(results).unwrap_or_else(PoisonError::into_inner);
        }
        results.0.drain(..).map(|result| result.expect("none is left")).collect()
    }

    /// Takes no more jobs.
    pub fn close(&self) {
        lock(&self.shared.state).closed = true;
        self.shared.changed.notify_all();
    }

    /// Closes the pool and waits for its end.
    pub fn join(self) {
        self.close();
        self.join_threads();
        for seat in &self.shared.seats {
            if let Some(mut process) = lock(seat).process.take() {
                let _ = process.wait();
            }
        }
    }

    fn join_threads(&self) {
        let threads = std::mem::take(&mut *lock(&self.threads));
        for thread in threads {
            let _ = thread.join();
        }
        // Somebody else may be joining them.
        let mut state = lock(&self.shared.state);
        while state.threads > 0 {
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends the workers at once.
    pub fn terminate(&self) {
        let jobs = {
            let mut state = lock(&self.shared.state);
            state.terminated = true;
            std::mem::take(&mut state.jobs)
        };
        for job in jobs {
            job.end(Err(WorkerError::Terminated));
        }
        self.shared.changed.notify_all();
        for seat in &self.shared.seats {
            let mut seat = lock(seat);
            if let Some(process) = &mut seat.process {
                let _ = process.kill();
            }
            if let Some(stream) = &seat.stream {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        self.join_threads();
        for seat in &self.shared.seats {
            lock(seat).bury();
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.terminate();
    }
}

enum Try {
    Done(Outcome),
    /// Not a byte of it could be written.
    Untouched,
}

impl Shared {
    fn occupy(&self, number: usize) {
        let mut counter: u32 = 0;
        // Whether the worker was started for the job that comes next.
        let mut is_new = false;
        loop {
            let mut state = lock(&self.state);
            loop {
                if state.terminated {
                    return;
                }
                if state.closed && state.jobs.is_empty() {
                    state.places[number] = Place::Over;
                    drop(state);
                    // The end of its stream is what the worker waits for.
                    let mut seat = lock(&self.seats[number]);
                    if seat.process.is_none() {
                        seat.bury();
                    } else {
                        seat.stream = None;
                    }
                    return;
                }
                if !state.jobs.is_empty() && state.places[number] == Place::Open {
                    break;
                }
                is_new = false;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            let stream = lock(&self.seats[number]).stream.clone();
            let Some(stream) = stream else {
                drop(state);
                is_new = self.fill(number);
                continue;
            };
            let job = state.jobs.pop_front().expect("there is one");
            drop(state);
            counter = counter.wrapping_add(1);
            let tried = self.attempt(number, &stream, counter, &job.input);
            drop(stream);
            match tried {
                Try::Done(outcome) => {
                    let terminated = outcome.is_err() && lock(&self.state).terminated;
                    job.end(if terminated { Err(WorkerError::Terminated) } else { outcome });
                    is_new = false;
                }
                Try::Untouched => {
                    let fate = lock(&self.seats[number]).bury();
                    let mut state = lock(&self.state);
                    if state.terminated {
                        drop(state);
                        job.end(Err(WorkerError::Terminated));
                    } else if is_new {
                        drop(state);
                        job.end(Err(fate));
                        is_new = false;
                    } else {
                        state.jobs.push_front(job);
                        drop(state);
                        self.changed.notify_all();
                    }
                }
            }
        }
    }

    /// Starts a worker for this seat; whether there is one now.
    fn fill(&self, number: usize) -> bool {
        let started = {
            let mut start = lock(&self.start);
            if lock(&self.state).terminated {
                return false;
            }
            start()
        };
        let mut state = lock(&self.state);
        match started {
            Ok(worker) => {
                let mut seat = lock(&self.seats[number]);
                seat.stream = Some(Arc::new(worker.stream));
                seat.process = worker.process;
                if state.terminated {
                    seat.bury();
                }
                true
            }
            Err(error) => {
                state.places[number] = Place::Given;
                state.last_error = error.kind();
                if state.places.iter().all(|place| *place != Place::Open) {
                    let kind = state.last_error;
                    let jobs = std::mem::take(&mut state.jobs);
                    drop(state);
                    for job in jobs {
                        job.end(Err(WorkerError::NotStarted(kind)));
                    }
                    self.changed.notify_all();
                }
                false
            }
        }
    }

    fn attempt(&self, number: usize, mut stream: &UnixStream, id: u32, input: &[u8]) -> Try {
        let lost = || Try::Done(Err(lock(&self.seats[number]).bury()));
        let message = [&id.to_be_bytes()[..], &(input.len() as u32).to_be_bytes(), input].concat();
        let mut sent = 0;
        while sent < message.len() {
            match stream.write(&message[sent..]) {
                Ok(count) if count > 0 => sent += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ if sent == 0 => return Try::Untouched,
                _ => return lost(),
            }
        }
        let mut header = [0; 8];
        if stream.read_exact(&mut header).is_err() {
            return lost();
        }
        let (theirs, len) = header.split_at(4);
        let len = u32::from_be_bytes(len.try_into().expect("four bytes")) as usize;
        if theirs != id.to_be_bytes() || len > MAX_PAYLOAD {
            lock(&self.seats[number]).bury();
            return Try::Done(Err(WorkerError::Garbage));
        }
        let mut output = vec![0; len];
        match stream.read_exact(&mut output) {
            Ok(()) => Try::Done(Ok(output)),
            Err(_) => lost(),
        }
    }
}
