//! Measures what a task, a thread and a process cost: to create one and to talk to one.
//!
//! The brief in `README.md` says everything that is checked. Where a body says `todo!()` and where a private field
//! stands, the code is yours; the public names and signatures stay as they are, and so does what is complete.

use std::fmt;
use std::io;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

/// Batches grow up to this many operations and no further.
pub const MAX_BATCH: u32 = 1 << 16;

/// Something that tells the time.
pub trait Clock {
    /// The time since some moment in the past that never changes.
    fn now(&self) -> Duration;
}

/// The machine's own clock, which nobody can set.
#[derive(Clone, Copy, Debug)]
pub struct Monotonic {
    _yours: (),
}

impl Monotonic {
    /// A clock that begins now.
    pub fn new() -> Monotonic {
        todo!("what has to be kept of this moment?")
    }
}

impl Default for Monotonic {
    fn default() -> Monotonic {
        Monotonic::new()
    }
}

impl Clock for Monotonic {
    fn now(&self) -> Duration {
        todo!("how long ago was it?")
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
    /// use cost_table::Summary;
    /// use std::time::Duration;
    ///
    /// let durations = [50, 10, 40, 20, 9_000].map(Duration::from_nanos);
    /// let summary = Summary::of(&durations);
    /// assert_eq!(summary.median, Duration::from_nanos(40));
    /// assert_eq!(summary.p95, Duration::from_nanos(9_000));
    /// assert_eq!(summary.mad, Duration::from_nanos(20));
    /// ```
    ///
    /// # Panics
    /// If there are none.
    pub fn of(durations: &[Duration]) -> Summary {
        let _ = durations;
        todo!("sort them; then it is a matter of places")
    }
}

/// What reading this clock costs: the least that lies between two readings with nothing in between.
pub fn overhead<C: Clock + ?Sized>(clock: &C) -> Duration {
    let _ = clock;
    todo!("the least of many differences")
}

/// Measures one operation.
///
/// ```
/// use cost_table::{Clock, Plan, measure};
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
///
/// # Errors
/// The first error of the operation, which ends the measurement.
///
/// # Panics
/// If the plan wants no samples.
pub fn measure<C, T, E>(clock: &C, plan: &Plan, operation: impl FnMut() -> Result<T, E>) -> Result<Summary, E>
where
    C: Clock + ?Sized,
{
    let _ = (clock, plan, operation);
    todo!("overhead, first call, growing batches, warm-up, samples")
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

/// Measures both operations of a contender, first [`Contender::create`], then [`Contender::round_trip`].
///
/// # Errors
/// The first error of the contender, which ends the measurement.
///
/// # Panics
/// If the plan wants no samples.
pub fn cost<C, X>(clock: &C, plan: &Plan, contender: &mut X) -> io::Result<Cost>
where
    C: Clock + ?Sized,
    X: Contender + ?Sized,
{
    let _ = (clock, plan, contender);
    todo!("two measurements")
}

/// Tasks on a current-thread runtime.
pub struct Tasks {
    _yours: (),
}

impl Tasks {
    /// Tasks that do this work: once when created, and once before each answer.
    ///
    /// # Errors
    /// If there is no runtime to be had.
    pub fn new(work: impl Fn() + Send + Sync + 'static) -> io::Result<Tasks> {
        let _ = work;
        todo!("one runtime for all of them")
    }
}

impl Contender for Tasks {
    fn create(&mut self) -> io::Result<()> {
        todo!("spawn, and await the end")
    }

    fn round_trip(&mut self) -> io::Result<()> {
        todo!("a partner task, and a way there and back")
    }
}

/// Threads of the operating system.
pub struct Threads {
    _yours: (),
}

impl Threads {
    /// Threads that do this work: once when created, and once before each answer.
    ///
    /// ```
    /// use cost_table::{Contender, Threads};
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
        let _ = work;
        todo!("what do many threads need to share the work?")
    }
}

impl Contender for Threads {
    fn create(&mut self) -> io::Result<()> {
        todo!("spawn and join")
    }

    fn round_trip(&mut self) -> io::Result<()> {
        todo!("a partner thread, and a way there and back")
    }
}

/// Processes of the operating system.
pub struct Processes {
    _yours: (),
}

impl Processes {
    /// Processes that are started with this command. Their program has to send back what it gets from its standard
    /// input, a socket, over that socket: [`echo`] does.
    pub fn new(command: impl Fn() -> Command + Send + 'static) -> Processes {
        let _ = command;
        todo!("nothing is started yet")
    }
}

impl Contender for Processes {
    fn create(&mut self) -> io::Result<()> {
        todo!("start it, hang up, wait for it")
    }

    fn round_trip(&mut self) -> io::Result<()> {
        todo!("one byte there, one byte back")
    }
}

/// What a process does that was started for [`Processes`]: sends back every byte as soon as it comes, until there are
/// no more.
///
/// # Errors
/// If the stream fails.
pub fn echo(stream: UnixStream) -> io::Result<()> {
    let _ = stream;
    todo!("until there are no more")
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
/// use cost_table::rounded;
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
///
/// ```
/// use cost_table::{Cost, Kind, Summary, table};
/// use std::time::Duration;
///
/// let cost = |create, p95, switch| {
///     let summary = |median, p95| Summary {
///         median: Duration::from_nanos(median),
///         p95: Duration::from_nanos(p95),
///         mad: Duration::ZERO,
///     };
///     Cost { create: summary(create, p95), switch: summary(switch, switch) }
/// };
/// let rows = [
///     (Kind::Task, cost(312, 489, 201)),
///     (Kind::Thread, cost(21_390, 35_049, 9_870)),
///     (Kind::Process, cost(1_620_000, 2_101_000, 14_100)),
/// ];
/// let expected = "\
/// | kind    |  create |     p95 |  switch | ratio | memory | cores |
/// |:--------|--------:|--------:|--------:|------:|:-------|:------|
/// | task    |  312 ns |  489 ns |  201 ns |     1 | shared | one   |
/// | thread  | 21.4 µs | 35.0 µs | 9.87 µs |    69 | shared | all   |
/// | process | 1.62 ms | 2.10 ms | 14.1 µs |  5192 | own    | all   |
/// ";
/// assert_eq!(table(&rows), expected);
/// ```
pub fn table(rows: &[(Kind, Cost)]) -> String {
    let _ = rows;
    todo!("first all cells, then the widths, then the lines")
}
