//! Statistics by selection instead of sorting, channels to all partners, one struct for a child and its stream.

use std::fmt;
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// Batches grow up to this many operations and no further.
pub const MAX_BATCH: u32 = 1 << 16;

/// Something that tells the time.
pub trait Clock {
    /// The time since some moment in the past that never changes.
    fn now(&self) -> Duration;
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug)]
pub struct Monotonic {
    begun: Instant,
}

impl Monotonic {
    /// A clock that begins now.
    pub fn new() -> Monotonic {
        Monotonic { begun: Instant::now() }
    }
}

impl Default for Monotonic {
    fn default() -> Monotonic {
        Monotonic::new()
    }
}

impl Clock for Monotonic {
    fn now(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// How an operation is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many batches are carried out and thrown away before the first sample.
    pub warm_up: usize,
    /// How many batches are kept.
    pub samples: usize,
    /// How long a batch takes at least: long enough for the clock to see more than its own ticks.
    pub at_least: Duration,
}

/// What is told of many durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Half of the durations are not longer, half are not shorter.
    pub median: Duration,
    /// Nineteen in twenty are not longer.
    pub p95: Duration,
    /// The median of the distances from the median.
    pub mad: Duration,
}

impl Summary {
    /// The summary of these durations.
    ///
    /// # Panics
    /// If there are none.
    pub fn of(durations: &[Duration]) -> Summary {
        assert!(!durations.is_empty(), "nothing was measured");
        let mut nanos: Vec<u128> = durations.iter().map(Duration::as_nanos).collect();
        let median = middle(&mut nanos);
        let place = (95 * nanos.len() as u128).div_ceil(100) as usize;
        let p95 = *nanos.select_nth_unstable(place - 1).1;
        let mut distances: Vec<u128> = nanos.iter().map(|each| each.abs_diff(median)).collect();
        Summary { median: duration(median), p95: duration(p95), mad: duration(middle(&mut distances)) }
    }
}

fn middle(nanos: &mut [u128]) -> u128 {
    let half = nanos.len() / 2;
    let is_even = nanos.len().is_multiple_of(2);
    let (below, upper, _) = nanos.select_nth_unstable(half);
    if is_even { (*below.iter().max().expect("an even number is not 0") + *upper) / 2 } else { *upper }
}

fn duration(nanos: u128) -> Duration {
    Duration::new((nanos / 1_000_000_000) as u64, (nanos % 1_000_000_000) as u32)
}

/// What reading this clock costs.
pub fn overhead<C: Clock + ?Sized>(clock: &C) -> Duration {
    let pair = |_| {
        let first = clock.now();
        clock.now().saturating_sub(first)
    };
    (0..32).map(pair).min().expect("there are some")
}

/// Measures one operation.
///
/// # Errors
/// The first error of the operation.
///
/// # Panics
/// If the plan wants no samples.
pub fn measure<C, T, E>(clock: &C, plan: &Plan, mut operation: impl FnMut() -> Result<T, E>) -> Result<Summary, E>
where
    C: Clock + ?Sized,
{
    assert_ne!(plan.samples, 0, "a plan without samples");
    let lost = overhead(clock);
    let mut batch = |size: u32| {
        let begin = clock.now();
        for _ in 0..size {
            drop(black_box(operation()?));
        }
        Ok(clock.now().saturating_sub(begin).saturating_sub(lost))
    };
    // The first call: what it takes is not looked at.
    batch(1)?;
    let mut size = 1;
    while batch(size)? < plan.at_least && size < MAX_BATCH {
        size *= 2;
    }
    for _ in 0..plan.warm_up {
        batch(size)?;
    }
    let samples: Result<Vec<Duration>, E> = (0..plan.samples).map(|_| batch(size).map(|time| time / size)).collect();
    Ok(Summary::of(&samples?))
}

/// Something of which one can be created, and with which one can talk.
pub trait Contender {
    /// Starts one, and returns when it has ended.
    ///
    /// # Errors
    /// If it could not be started, or has failed.
    fn create(&mut self) -> io::Result<()>;

    /// Sends something to a partner, which lives on, and returns when the answer is here.
    ///
    /// # Errors
    /// If there is no partner or no answer.
    fn round_trip(&mut self) -> io::Result<()>;
}

/// What one kind of contender costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// To start one and to wait for its end.
    pub create: Summary,
    /// To get an answer from one.
    pub switch: Summary,
}

/// Measures both operations of a contender.
///
/// # Errors
/// The first error of the contender.
///
/// # Panics
/// If the plan wants no samples.
pub fn cost<C, X>(clock: &C, plan: &Plan, contender: &mut X) -> io::Result<Cost>
where
    C: Clock + ?Sized,
    X: Contender + ?Sized,
{
    let create = measure(clock, plan, || contender.create())?;
    Ok(Cost { create, switch: measure(clock, plan, || contender.round_trip())? })
}

/// Tasks on a current-thread runtime.
pub struct Tasks {
    runtime: Runtime,
    work: Arc<dyn Fn() + Send + Sync>,
    partner: Option<(tokio::sync::mpsc::Sender<()>, tokio::sync::mpsc::Receiver<()>)>,
}

impl Tasks {
    /// Tasks that do this work.
    ///
    /// # Errors
    /// If there is no runtime to be had.
    pub fn new(work: impl Fn() + Send + Sync + 'static) -> io::Result<Tasks> {
        let runtime = Builder::new_current_thread().build()?;
        Ok(Tasks { runtime, work: Arc::new(work), partner: None })
    }
}

impl Contender for Tasks {
    fn create(&mut self) -> io::Result<()> {
        let work = Arc::clone(&self.work);
        let task = self.runtime.spawn(async move { work() });
        self.runtime.block_on(task).map_err(io::Error::other)
    }

    fn round_trip(&mut self) -> io::Result<()> {
        let (questions, answers) = self.partner.get_or_insert_with(|| {
            let (ask, mut asked) = tokio::sync::mpsc::channel(1);
            let (answer, answered) = tokio::sync::mpsc::channel(1);
            let work = Arc::clone(&self.work);
            self.runtime.spawn(async move {
                while let Some(()) = asked.recv().await {
                    work();
                    if answer.send(()).await.is_err() {
                        return;
                    }
                }
            });
            (ask, answered)
        });
        self.runtime.block_on(async {
            questions.send(()).await.map_err(|_| io::ErrorKind::BrokenPipe)?;
            answers.recv().await.ok_or(io::ErrorKind::BrokenPipe)
        })?;
        Ok(())
    }
}

/// Threads of the operating system.
pub struct Threads {
    work: Arc<dyn Fn() + Send + Sync>,
    partner: Option<Partner>,
}

struct Partner {
    ask: mpsc::Sender<()>,
    answers: mpsc::Receiver<()>,
    thread: JoinHandle<()>,
}

impl Threads {
    /// Threads that do this work.
    pub fn new(work: impl Fn() + Send + Sync + 'static) -> Threads {
        Threads { work: Arc::new(work), partner: None }
    }
}

impl Contender for Threads {
    fn create(&mut self) -> io::Result<()> {
        let work = Arc::clone(&self.work);
        let thread = thread::Builder::new().spawn(move || work())?;
        thread.join().map_err(|_| io::Error::other("the thread panicked"))
    }

    fn round_trip(&mut self) -> io::Result<()> {
        if self.partner.is_none() {
            let (ask, asked) = mpsc::channel();
            let (answer, answers) = mpsc::channel();
            let work = Arc::clone(&self.work);
            let body = move || {
                for () in asked {
                    work();
                    let _ = answer.send(());
                }
            };
            self.partner = Some(Partner { ask, answers, thread: thread::Builder::new().spawn(body)? });
        }
        let partner = self.partner.as_ref().expect("just made");
        partner.ask.send(()).map_err(|_| io::ErrorKind::BrokenPipe)?;
        partner.answers.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(Partner { ask, thread, .. }) = self.partner.take() {
            drop(ask);
            let _ = thread.join();
        }
    }
}

/// Processes of the operating system.
pub struct Processes {
    command: Box<dyn Fn() -> Command + Send>,
    partner: Option<Running>,
}

struct Running {
    stream: Option<UnixStream>,
    child: Child,
}

impl Running {
    fn end(&mut self) -> io::Result<()> {
        self.stream = None;
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("the process failed: {status}"))) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

impl Processes {
    /// Processes that are started with this command.
    pub fn new(command: impl Fn() -> Command + Send + 'static) -> Processes {
        Processes { command: Box::new(command), partner: None }
    }

    fn start(&self) -> io::Result<Running> {
        let (stream, theirs) = UnixStream::pair()?;
        let mut command = (self.command)();
        let child = command.stdin(Stdio::from(OwnedFd::from(theirs))).spawn()?;
        Ok(Running { stream: Some(stream), child })
    }
}

impl Contender for Processes {
    fn create(&mut self) -> io::Result<()> {
        self.start()?.end()
    }

    fn round_trip(&mut self) -> io::Result<()> {
        if self.partner.is_none() {
            self.partner = Some(self.start()?);
        }
        let stream =
            self.partner.as_mut().and_then(|partner| partner.stream.as_mut()).expect("it is there until the drop");
        stream.write_all(b"?")?;
        stream.read_exact(&mut [0])
    }
}

/// What a process does that was started for [`Processes`].
///
/// # Errors
/// If the stream fails.
pub fn echo(mut stream: UnixStream) -> io::Result<()> {
    let mut bytes = [0; 512];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(count) => stream.write_all(&bytes[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What there is to choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A task of an event loop.
    Task,
    /// A thread of the operating system.
    Thread,
    /// A process of the operating system.
    Process,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Kind::Task => "task",
            Kind::Thread => "thread",
            Kind::Process => "process",
        })
    }
}

/// The duration with three significant digits.
pub fn rounded(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    if nanos < 1_000 {
        return format!("{nanos} ns");
    }
    for (unit, name) in [(1_000, "µs"), (1_000_000, "ms"), (1_000_000_000, "s")] {
        for (decimals, scale) in [(2, 100), (1, 10), (0, 1)] {
            let digits = divided(nanos * scale, unit);
            if digits < 1_000 || (name, decimals) == ("s", 0) {
                let (whole, rest) = (digits / scale, digits % scale);
                let point = if decimals > 0 { format!(".{rest:0decimals$}") } else { String::new() };
                return format!("{whole}{point} {name}");
            }
        }
    }
    unreachable!("seconds take everything")
}

/// The quotient, rounded half up.
fn divided(dividend: u128, divisor: u128) -> u128 {
    (dividend + divisor / 2) / divisor
}

/// The article's comparison.
pub fn table(rows: &[(Kind, Cost)]) -> String {
    let least = rows.iter().map(|(_, cost)| cost.create.median.as_nanos()).min().unwrap_or_default();
    let mut cells: Vec<[String; 7]> =
        vec![["kind", "create", "p95", "switch", "ratio", "memory", "cores"].map(String::from)];
    for (kind, cost) in rows {
        let ratio = match least {
            0 => "-".to_owned(),
            least => divided(cost.create.median.as_nanos(), least).to_string(),
        };
        let (memory, cores) = match kind {
            Kind::Task => ("shared", "one"),
            Kind::Thread => ("shared", "all"),
            Kind::Process => ("own", "all"),
        };
        let [create, p95, switch] = [cost.create.median, cost.create.p95, cost.switch.median].map(rounded);
        cells.push([kind.to_string(), create, p95, switch, ratio, memory.into(), cores.into()]);
    }
    let widths: Vec<usize> =
        (0..7).map(|column| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)).collect();
    let is_left = [true, false, false, false, false, true, true];
    let mut lines = Vec::new();
    for (number, row) in cells.iter().enumerate() {
        let padded = row
            .iter()
            .zip(&widths)
            .zip(is_left)
            .map(|((cell, width), left)| if left { format!("{cell:<width$}") } else { format!("{cell:>width$}") });
        lines.push(format!("| {} |\n", padded.collect::<Vec<_>>().join(" | ")));
        if number == 0 {
            let rules = widths.iter().zip(is_left).map(|(width, left)| {
                let dashes = "-".repeat(width + 1);
                if left { format!(":{dashes}") } else { format!("{dashes}:") }
            });
            lines.push(format!("|{}|\n", rules.collect::<Vec<_>>().join("|")));
        }
    }
    lines.concat()
}
