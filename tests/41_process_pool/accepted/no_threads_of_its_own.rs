//! A pool without threads: every `map` brings its own, as many as there are seats, and each takes a free seat for one job.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

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
    ///
    /// # Errors
    /// If the system refuses the sockets or the process.
    pub fn spawn(mut command: Command) -> io::Result<Worker> {
        let (stream, theirs) = UnixStream::pair()?;
        let process = command.stdin(Stdio::from(OwnedFd::from(theirs))).spawn()?;
        Ok(Worker { stream, process: Some(process) })
    }
}

/// The worker's side.
///
/// # Errors
/// As in the brief.
///
/// # Panics
/// If `work` panics or returns too much.
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

#[derive(Default)]
struct Seat {
    stream: Option<Arc<UnixStream>>,
    process: Option<Child>,
    stirred: u32,
}

impl Seat {
    fn stir(&mut self) -> u32 {
        self.stirred = self.stirred.wrapping_add(1);
        self.stirred
    }

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

/// What one call of `map` has to do.
struct Batch {
    inputs: Vec<Vec<u8>>,
    /// Those that nobody has begun, the next one last.
    open: Mutex<Vec<usize>>,
    results: Mutex<Vec<Option<Outcome>>>,
}

#[derive(Default)]
struct State {
    /// Seats that nobody uses.
    free: Vec<usize>,
    /// Seats for which `start` has failed.
    given: Vec<usize>,
    used: usize,
    /// Jobs that nobody has begun, of all batches.
    open: usize,
    maps: usize,
    last_error: Option<io::ErrorKind>,
    closed: bool,
    terminated: bool,
}

/// A fixed number of workers.
pub struct Pool {
    state: Mutex<State>,
    changed: Condvar,
    seats: Vec<Mutex<Seat>>,
    start: Mutex<Start>,
}

impl Pool {
    /// Starts so many workers.
    ///
    /// # Errors
    /// As in the brief.
    pub fn new(workers: usize, start: impl FnMut() -> io::Result<Worker> + Send + 'static) -> io::Result<Pool> {
        let state = State { free: (0..workers).rev().collect(), ..State::default() };
        let mut pool = Pool {
            state: Mutex::new(state),
            changed: Condvar::new(),
            seats: Vec::new(),
            start: Mutex::new(Box::new(start)),
        };
        if workers == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        for _ in 0..workers {
            // An error drops the pool, which buries those that sit already.
            let Worker { stream, process } = lock(&pool.start)()?;
            pool.seats.push(Mutex::new(Seat { stream: Some(Arc::new(stream)), process, stirred: 0 }));
        }
        Ok(pool)
    }

    /// The outputs in the order of the inputs.
    pub fn map(&self, inputs: Vec<Vec<u8>>) -> Vec<Outcome> {
        let mut state = lock(&self.state);
        if state.terminated || state.closed {
            let why = if state.terminated { WorkerError::Terminated } else { WorkerError::Closed };
            return vec![Err(why); inputs.len()];
        }
        let fits = |at: &usize| inputs[*at].len() <= MAX_PAYLOAD;
        let results = (0..inputs.len()).map(|at| (!fits(&at)).then_some(Err(WorkerError::TooLarge))).collect();
        let open: Vec<usize> = (0..inputs.len()).rev().filter(fits).collect();
        let hands = open.len().min(self.seats.len());
        state.open += open.len();
        state.maps += 1;
        let given = std::mem::take(&mut state.given);
        state.free.splice(0..0, given);
        drop(state);
        let batch = Batch { inputs, open: Mutex::new(open), results: Mutex::new(results) };
        thread::scope(|scope| {
            for _ in 1..hands {
                scope.spawn(|| self.work(&batch));
            }
            if hands > 0 {
                self.work(&batch);
            }
        });
        let mut state = lock(&self.state);
        state.maps -= 1;
        // Those that nobody will begin any more.
        state.open -= lock(&batch.open).len();
        let why = match state.last_error {
            _ if state.terminated => WorkerError::Terminated,
            kind => WorkerError::NotStarted(kind.unwrap_or(io::ErrorKind::Other)),
        };
        self.rest(&mut state);
        drop(state);
        self.changed.notify_all();
        let results = batch.results.into_inner().unwrap_or_else(PoisonError::into_inner);
        results.into_iter().map(|result| result.unwrap_or_else(|| Err(why.clone()))).collect()
    }

    /// When the pool is closed and nothing is left: hangs up on those that are free.
    fn rest(&self, state: &mut State) {
        if state.closed && state.open == 0 {
            for seat in &state.free {
                let stream = lock(&self.seats[*seat]).stream.take();
                drop(stream);
            }
        }
    }

    /// Takes jobs of a batch until none is left.
    fn work(&self, batch: &Batch) {
        loop {
            let mut state = lock(&self.state);
            let number = loop {
                if state.terminated || lock(&batch.open).is_empty() {
                    return;
                }
                // One at which somebody sits is better than an empty one.
                let sitting = state.free.iter().rposition(|seat| lock(&self.seats[*seat]).stream.is_some());
                if let Some(at) = sitting.or_else(|| state.free.len().checked_sub(1)) {
                    break state.free.remove(at);
                }
                if state.used == 0 {
                    return;
                }
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            };
            state.used += 1;
            drop(state);
            let is_lost = self.use_seat(number, batch);
            let mut state = lock(&self.state);
            state.used -= 1;
            if is_lost {
                state.given.push(number);
            } else {
                state.free.push(number);
            }
            self.rest(&mut state);
            drop(state);
            self.changed.notify_all();
        }
    }

    /// Does one job at a seat, or finds that nobody can be made to sit there.
    fn use_seat(&self, number: usize, batch: &Batch) -> bool {
        let mut is_new = false;
        loop {
            let stream = lock(&self.seats[number]).stream.clone();
            let Some(stream) = stream else {
                let mut start = lock(&self.start);
                if lock(&self.state).terminated {
                    return false;
                }
                let started = start();
                drop(start);
                let mut state = lock(&self.state);
                match started {
                    Ok(worker) => {
                        let mut seat = lock(&self.seats[number]);
                        seat.stream = Some(Arc::new(worker.stream));
                        seat.process = worker.process;
                        if state.terminated {
                            seat.bury();
                            return false;
                        }
                    }
                    Err(error) => {
                        state.last_error = Some(error.kind());
                        return true;
                    }
                }
                is_new = true;
                continue;
            };
            let job = {
                let mut state = lock(&self.state);
                let job = lock(&batch.open).pop();
                state.open -= usize::from(job.is_some());
                self.rest(&mut state);
                job
            };
            let Some(job) = job else { return false };
            let id = lock(&self.seats[number]).stir();
            let outcome = match self.attempt(number, &stream, id, &batch.inputs[job]) {
                Try::Done(outcome) => outcome,
                Try::Untouched => {
                    drop(stream);
                    let fate = lock(&self.seats[number]).bury();
                    if !is_new {
                        let mut state = lock(&self.state);
                        lock(&batch.open).push(job);
                        state.open += 1;
                        drop(state);
                        self.changed.notify_all();
                        continue;
                    }
                    Err(fate)
                }
            };
            let terminated = outcome.is_err() && lock(&self.state).terminated;
            lock(&batch.results)[job] = Some(if terminated { Err(WorkerError::Terminated) } else { outcome });
            return false;
        }
    }

    /// Takes no more jobs.
    pub fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        self.rest(&mut state);
    }

    /// Closes the pool and waits for its end.
    pub fn join(self) {
        self.close();
        for seat in &self.seats {
            let process = lock(seat).process.take();
            if let Some(mut process) = process {
                let _ = process.wait();
            }
        }
    }

    /// Ends the workers at once.
    pub fn terminate(&self) {
        lock(&self.state).terminated = true;
        self.changed.notify_all();
        for seat in &self.seats {
            let mut seat = lock(seat);
            if let Some(process) = &mut seat.process {
                let _ = process.kill();
            }
            if let Some(stream) = &seat.stream {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        let mut state = lock(&self.state);
        while state.used > 0 {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        for seat in &self.seats {
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

impl Pool {
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
