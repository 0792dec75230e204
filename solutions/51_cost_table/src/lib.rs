//! Measures what a task, a thread and a process cost. The starter documents the interface in full.
//!
//! Two halves that meet in [`cost`]. [`measure`] turns any operation and any [`Clock`] into a [`Summary`], and knows
//! nothing about threads; a [`Contender`] can be created and talked to, and knows nothing about time.

use std::fmt;
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Batches grow up to this many operations and no further.
pub const MAX_BATCH: u32 = 1 << 16;

const PAIRS: u32 = 32; // How often `overhead` reads the clock twice.

/// Something that tells the time.
pub trait Clock {
    /// The time since some moment in the past that never changes.
    fn now(&self) -> Duration;
}

/// The machine's own clock, which nobody can set.
#[derive(Clone, Copy, Debug)]
pub struct Monotonic {
    origin: Instant,
}

impl Monotonic {
    /// A clock that begins now.
    pub fn new() -> Monotonic {
        Monotonic { origin: Instant::now() }
    }
}

impl Default for Monotonic {
    fn default() -> Monotonic {
        Monotonic::new()
    }
}

impl Clock for Monotonic {
    fn now(&self) -> Duration {
        self.origin.elapsed()
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
    /// The summary of these durations, whose order does not matter.
    ///
    /// ```
    /// use solution_cost_table::Summary;
    /// use std::time::Duration;
    ///
    /// let durations = [50, 10, 40, 20, 9_000].map(Duration::from_nanos);
    /// let summary = Summary::of(&durations);
    /// assert_eq!(summary.median, Duration::from_nanos(40));
    /// assert_eq!(summary.p95, Duration::from_nanos(9_000));
    /// assert_eq!(summary.mad, Duration::from_nanos(20));
    /// ```
    pub fn of(durations: &[Duration]) -> Summary {
        assert!(!durations.is_empty(), "no durations, no summary");
        let sorted = sorted(durations.iter().copied());
        let median = middle(&sorted);
        let distances = self::sorted(sorted.iter().map(|duration| duration.abs_diff(median)));
        // The rank counts from one. In integers: 0.95 is not a number that a float can hold.
        let rank = (sorted.len() * 95).div_ceil(100);
        Summary { median, p95: sorted[rank - 1], mad: middle(&distances) }
    }
}

fn sorted(durations: impl Iterator<Item = Duration>) -> Vec<Duration> {
    let mut durations: Vec<_> = durations.collect();
    durations.sort_unstable();
    durations
}

/// The one in the middle, or what lies half-way between the two in the middle.
fn middle(sorted: &[Duration]) -> Duration {
    let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    low + (high - low) / 2 // Their sum may be more than a duration can hold.
}

/// What reading this clock costs: the least that lies between two readings with nothing in between.
pub fn overhead<C: Clock + ?Sized>(clock: &C) -> Duration {
    let pair = |_| {
        let begin = clock.now();
        clock.now().saturating_sub(begin)
    };
    (0..PAIRS).map(pair).min().unwrap_or_default()
}

/// Measures one operation, whose first error ends the measurement.
///
/// ```
/// use solution_cost_table::{Clock, Plan, measure};
/// use std::cell::Cell;
/// use std::convert::Infallible;
/// use std::time::Duration;
///
/// /// A clock that nobody but the operation moves.
/// struct Scripted(Cell<Duration>);
/// impl Clock for Scripted {
///     fn now(&self) -> Duration {
///         self.0.get()
///     }
/// }
///
/// let clock = Scripted(Cell::new(Duration::ZERO));
/// let mut calls = 0;
/// let plan = Plan { warm_up: 2, samples: 5, at_least: Duration::from_nanos(100) };
/// let Ok(summary) = measure(&clock, &plan, || {
///     calls += 1;
///     clock.0.set(clock.0.get() + Duration::from_nanos(30));
///     Ok::<_, Infallible>(())
/// });
/// assert_eq!(summary.median, Duration::from_nanos(30));
/// assert_eq!(summary.mad, Duration::ZERO);
/// // The first one alone; batches of 1, 2 and 4 until one takes 100 ns; 2 + 5 batches of 4.
/// assert_eq!(calls, 1 + 7 + 28);
/// ```
pub fn measure<C, T, E>(clock: &C, plan: &Plan, mut operation: impl FnMut() -> Result<T, E>) -> Result<Summary, E>
where
    C: Clock + ?Sized,
{
    assert!(plan.samples > 0, "a plan without samples measures nothing");
    let overhead = overhead(clock);
    let mut run = |batch: u32| {
        let begin = clock.now();
        for _ in 0..batch {
            black_box(operation()?); // The compiler must believe that somebody looks at every result.
        }
        Ok(clock.now().saturating_sub(begin).saturating_sub(overhead))
    };
    run(1)?; // Whatever is paid by the first one only must not pass for the length of a batch.
    let mut batch = 1;
    while run(batch)? < plan.at_least && batch < MAX_BATCH {
        batch *= 2;
    }
    for _ in 0..plan.warm_up {
        run(batch)?;
    }
    let samples: Result<Vec<_>, E> = (0..plan.samples).map(|_| Ok(run(batch)? / batch)).collect();
    Ok(Summary::of(&samples?))
}

/// Something of which one can be created, and with which one can talk.
pub trait Contender {
    /// Starts one, and returns when it has ended; it is an error if it has failed.
    fn create(&mut self) -> io::Result<()>;

    /// Sends something to a partner, which lives on, and returns when the answer is here.
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

/// Measures both operations of a contender, first [`Contender::create`], then [`Contender::round_trip`].
pub fn cost<C, X>(clock: &C, plan: &Plan, contender: &mut X) -> io::Result<Cost>
where
    C: Clock + ?Sized,
    X: Contender + ?Sized,
{
    let create = measure(clock, plan, || contender.create())?;
    let switch = measure(clock, plan, || contender.round_trip())?;
    Ok(Cost { create, switch })
}

/// Tasks on a current-thread runtime.
pub struct Tasks {
    runtime: Runtime,
    work: Arc<dyn Fn() + Send + Sync>,
    partner: Option<(UnboundedSender<()>, UnboundedReceiver<()>)>,
}

impl Tasks {
    /// Tasks that do this work: once when created, and once before each answer.
    pub fn new(work: impl Fn() + Send + Sync + 'static) -> io::Result<Tasks> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        Ok(Tasks { runtime, work: Arc::new(work), partner: None })
    }
}

impl Contender for Tasks {
    fn create(&mut self) -> io::Result<()> {
        let work = Arc::clone(&self.work);
        Ok(self.runtime.block_on(self.runtime.spawn(async move { work() }))?)
    }

    fn round_trip(&mut self) -> io::Result<()> {
        let (questions, answers) = self.partner.get_or_insert_with(|| {
            let (questions, mut asked) = unbounded_channel();
            let (answer, answers) = unbounded_channel();
            let work = Arc::clone(&self.work);
            self.runtime.spawn(async move {
                while asked.recv().await.is_some() {
                    work();
                    let _ = answer.send(()); // Who no longer wants an answer will not ask again, either.
                }
            });
            (questions, answers)
        });
        questions.send(()).map_err(|_| gone())?;
        self.runtime.block_on(answers.recv()).ok_or_else(gone)
    }
}

/// Threads of the operating system.
pub struct Threads {
    work: Arc<dyn Fn() + Send + Sync>,
    partner: Option<Partner>,
}

struct Partner {
    questions: Sender<()>,
    answers: Receiver<()>,
    thread: JoinHandle<()>,
}

impl Threads {
    /// Threads that do this work: once when created, and once before each answer.
    ///
    /// ```
    /// use solution_cost_table::{Contender, Threads};
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// let count = Arc::new(AtomicU32::new(0));
    /// let theirs = Arc::clone(&count);
    /// let mut threads = Threads::new(move || {
    ///     theirs.fetch_add(1, Ordering::Relaxed);
    /// });
    /// threads.create()?;
    /// assert_eq!(count.load(Ordering::Relaxed), 1);
    /// threads.round_trip()?;
    /// assert_eq!(count.load(Ordering::Relaxed), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new(work: impl Fn() + Send + Sync + 'static) -> Threads {
        Threads { work: Arc::new(work), partner: None }
    }
}

impl Contender for Threads {
    fn create(&mut self) -> io::Result<()> {
        let work = Arc::clone(&self.work);
        let thread = thread::Builder::new().spawn(move || work())?;
        thread.join().map_err(|_| gone())
    }

    fn round_trip(&mut self) -> io::Result<()> {
        let partner = match &mut self.partner {
            Some(partner) => partner,
            none => none.insert(Partner::start(Arc::clone(&self.work))?),
        };
        partner.questions.send(()).map_err(|_| gone())?;
        partner.answers.recv().map_err(|_| gone())
    }
}

impl Partner {
    fn start(work: Arc<dyn Fn() + Send + Sync>) -> io::Result<Partner> {
        let (questions, asked) = channel();
        let (answer, answers) = channel();
        let thread = thread::Builder::new().spawn(move || {
            for () in asked {
                work();
                let _ = answer.send(());
            }
        })?;
        Ok(Partner { questions, answers, thread })
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(Partner { questions, thread, .. }) = self.partner.take() {
            drop(questions); // The partner ends because nobody can ask it any more.
            let _ = thread.join();
        }
    }
}

/// Processes of the operating system.
pub struct Processes {
    command: Box<dyn Fn() -> Command + Send>,
    partner: Option<Process>,
}

/// A process that runs, and our end of the socket that is its standard input.
struct Process {
    child: Child,
    stream: UnixStream,
}

impl Processes {
    /// Processes that are started with this command. Their program has to do what [`echo`] does.
    pub fn new(command: impl Fn() -> Command + Send + 'static) -> Processes {
        Processes { command: Box::new(command), partner: None }
    }
}

impl Contender for Processes {
    fn create(&mut self) -> io::Result<()> {
        let status = Process::start((self.command)())?.end()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("the process failed: {status}"))) }
    }

    fn round_trip(&mut self) -> io::Result<()> {
        let process = match &mut self.partner {
            Some(process) => process,
            none => none.insert(Process::start((self.command)())?),
        };
        process.stream.write_all(&[0])?;
        process.stream.read_exact(&mut [0])
    }
}

impl Process {
    fn start(mut command: Command) -> io::Result<Process> {
        let (stream, theirs) = UnixStream::pair()?;
        let child = command.stdin(Stdio::from(OwnedFd::from(theirs))).spawn()?;
        // The command goes here, and our copy of their end with it: now the stream ends when the process does.
        Ok(Process { child, stream })
    }

    /// Hangs up, which ends the process, and waits for that.
    fn end(mut self) -> io::Result<ExitStatus> {
        drop(self.stream);
        self.child.wait()
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        if let Some(process) = self.partner.take() {
            let _ = process.end();
        }
    }
}

/// What a process does that was started for [`Processes`]: sends back every byte as soon as it comes.
pub fn echo(mut stream: UnixStream) -> io::Result<()> {
    let mut buffer = [0; 64];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => stream.write_all(&buffer[..count])?,
        }
    }
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the other side is gone")
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
///
/// ```
/// use solution_cost_table::rounded;
/// use std::time::Duration;
///
/// assert_eq!(rounded(Duration::from_nanos(780)), "780 ns");
/// assert_eq!(rounded(Duration::from_nanos(1_234)), "1.23 µs");
/// assert_eq!(rounded(Duration::from_micros(45_678)), "45.7 ms");
/// ```
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

/// The article's comparison, as a Markdown table with the numbers filled in.
pub fn table(rows: &[(Kind, Cost)]) -> String {
    let cheapest = rows.iter().map(|(_, cost)| cost.create.median.as_nanos()).min().unwrap_or_default();
    let mut lines = vec![["kind", "create", "p95", "switch", "ratio", "memory", "cores"].map(str::to_owned)];
    for (kind, Cost { create, switch }) in rows {
        let ratio = match cheapest {
            0 => "-".to_owned(),
            cheapest => divided(create.median.as_nanos(), cheapest).to_string(),
        };
        let (memory, cores) = match kind {
            Kind::Task => ("shared", "one"),
            Kind::Thread => ("shared", "all"),
            Kind::Process => ("own", "all"),
        };
        let [create, p95, switch] = [create.median, create.p95, switch.median].map(rounded);
        lines.push([kind.to_string(), create, p95, switch, ratio, memory.to_owned(), cores.to_owned()]);
    }
    // Widths are counted in characters: `µ` is one of them, and two bytes.
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 7] = std::array::from_fn(width);
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            text.push_str(&if to_the_right(column) {
                format!("| {cell:>width$} ")
            } else {
                format!("| {cell:<width$} ")
            });
        }
        text.push_str("|\n");
        if index == 0 {
            for (column, width) in widths.into_iter().enumerate() {
                let dashes = "-".repeat(width + 1);
                text.push_str(&if to_the_right(column) { format!("|{dashes}:") } else { format!("|:{dashes}") });
            }
            text.push_str("|\n");
        }
    }
    text
}

/// Numbers stand below each other digit by digit, words letter by letter.
fn to_the_right(column: usize) -> bool {
    (1..5).contains(&column)
}
