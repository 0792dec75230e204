//! caught-by: behaviour — echo_sends_back_at_once
//! Takes an error for the end: nobody hears of an answer that did not arrive.

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

pub const MAX_BATCH: u32 = 1 << 16;

const PAIRS: u32 = 32;

pub trait Clock {
    fn now(&self) -> Duration;
}

#[derive(Clone, Copy, Debug)]
pub struct Monotonic {
    origin: Instant,
}

impl Monotonic {
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub warm_up: usize,
    pub samples: usize,
    pub at_least: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    pub median: Duration,
    pub p95: Duration,
    pub mad: Duration,
}

impl Summary {
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

fn middle(sorted: &[Duration]) -> Duration {
    let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    // Their sum may be more than a duration can hold.
    low + (high - low) / 2
}

pub fn overhead<C: Clock + ?Sized>(clock: &C) -> Duration {
    let pair = |_| {
        let begin = clock.now();
        clock.now().saturating_sub(begin)
    };
    (0..PAIRS).map(pair).min().unwrap_or_default()
}

pub fn measure<C, T, E>(clock: &C, plan: &Plan, mut operation: impl FnMut() -> Result<T, E>) -> Result<Summary, E>
where
    C: Clock + ?Sized,
{
    assert!(plan.samples > 0, "a plan without samples measures nothing");
    let overhead = overhead(clock);
    let mut run = |batch: u32| {
        let begin = clock.now();
        for _ in 0..batch {
            // The compiler must believe that somebody looks at every result.
            black_box(operation()?);
        }
        Ok(clock.now().saturating_sub(begin).saturating_sub(overhead))
    };
    // Whatever is paid by the first one only must not pass for the length of a batch.
    run(1)?;
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

pub trait Contender {
    fn create(&mut self) -> io::Result<()>;

    fn round_trip(&mut self) -> io::Result<()>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    pub create: Summary,
    pub switch: Summary,
}

pub fn cost<C, X>(clock: &C, plan: &Plan, contender: &mut X) -> io::Result<Cost>
where
    C: Clock + ?Sized,
    X: Contender + ?Sized,
{
    let create = measure(clock, plan, || contender.create())?;
    let switch = measure(clock, plan, || contender.round_trip())?;
    Ok(Cost { create, switch })
}

pub struct Tasks {
    runtime: Runtime,
    work: Arc<dyn Fn() + Send + Sync>,
    partner: Option<(UnboundedSender<()>, UnboundedReceiver<()>)>,
}

impl Tasks {
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
                    // Who no longer wants an answer will not ask again, either.
                    let _ = answer.send(());
                }
            });
            (questions, answers)
        });
        questions.send(()).map_err(|_| gone())?;
        self.runtime.block_on(answers.recv()).ok_or_else(gone)
    }
}

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
            // The partner ends because nobody can ask it any more.
            drop(questions);
            let _ = thread.join();
        }
    }
}

pub struct Processes {
    command: Box<dyn Fn() -> Command + Send>,
    partner: Option<Process>,
}

struct Process {
    child: Child,
    stream: UnixStream,
}

impl Processes {
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

pub fn echo(mut stream: UnixStream) -> io::Result<()> {
    let mut buffer = [0; 64];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        let _ = stream.write_all(&buffer[..count]);
    }
    Ok(())
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the other side is gone")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Task,
    Thread,
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

fn divided(dividend: u128, divisor: u128) -> u128 {
    (dividend + divisor / 2) / divisor
}

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

fn to_the_right(column: usize) -> bool {
    (1..5).contains(&column)
}
