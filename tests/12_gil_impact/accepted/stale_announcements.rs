//! One heap of everything that ends, and one heap of ready segments for each interpreter; free interpreters announce
//! their first segment in a third heap, where what has become stale is skipped.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A part of a job, of so many milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Runs Python: needs an interpreter and a core from its start to its end.
    Cpu(u64),
    /// Waits for something outside: needs neither.
    Io(u64),
}

/// What is to be done, one segment after the other.
pub type Job = Vec<Segment>;

/// How jobs are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// One interpreter, and a pool of `n` threads: each carries one job at a time.
    Threads {
        /// The size of the pool.
        n: usize,
    },
    /// A pool of `n` processes with an interpreter each: each carries one job at a time.
    Processes {
        /// The size of the pool.
        n: usize,
    },
    /// One interpreter that carries all jobs at once, as tasks on one event loop.
    Asyncio,
    /// `n` processes with an interpreter and an event loop each: process `p` carries the jobs `p`, `p + n`, `p + 2n`, ….
    ProcessesOfAsyncio {
        /// The number of processes.
        n: usize,
    },
}

/// What came of [`simulate`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// When the last job was finished; 0 if there was none.
    pub makespan: u64,
    /// When each job was finished, by its index.
    pub finished: Vec<u64>,
    /// For how many milliseconds cores were computing, summed over all cores.
    pub busy: u64,
    /// How many cores there were.
    pub cores: usize,
}

impl Outcome {
    /// Percent of all cores' time, rounded down.
    pub fn cpu_utilisation(&self) -> u64 {
        let most = u128::from(self.makespan) * (self.cores as u128);
        (u128::from(self.busy) * 100).checked_div(most).unwrap_or(0) as u64
    }
}

#[derive(Default)]
struct Interpreter {
    busy: bool,
    waiting: BinaryHeap<Reverse<(u64, usize)>>,
}

/// Carries out `jobs` on a machine with so many `cores`.
///
/// # Panics
/// If there are no cores, or if the strategy has no threads or processes.
pub fn simulate(jobs: &[Job], strategy: Strategy, cores: usize) -> Outcome {
    if cores == 0 {
        panic!("there must be a core");
    }
    // How many jobs may be under way at once, and how many interpreters there are among which they are dealt out in turn.
    let (places, interpreters) = match strategy {
        Strategy::Asyncio => (jobs.len(), 1),
        Strategy::Threads { n } => (checked(n), 1),
        Strategy::Processes { n } => (checked(n), jobs.len()),
        Strategy::ProcessesOfAsyncio { n } => (jobs.len(), checked(n).min(jobs.len())),
    };
    let mut machines: Vec<Interpreter> = (0..interpreters).map(|_| Interpreter::default()).collect();
    let mut left: Vec<std::vec::IntoIter<Segment>> = jobs
        .iter()
        .map(|job| job.iter().copied().filter(|part| !matches!(part, Segment::Cpu(0) | Segment::Io(0))))
        .map(|parts| parts.collect::<Vec<_>>().into_iter())
        .collect();
    let mut lengths = vec![0; jobs.len()];
    let mut finished = vec![0; jobs.len()];
    let (mut busy, mut idle_cores, mut now, mut free_places, mut queue) = (0, cores, 0, places, 0..jobs.len());
    let mut ends: BinaryHeap<Reverse<(u64, usize, bool)>> = BinaryHeap::new();
    let mut announced: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
    loop {
        // What ends now.
        let mut arrived = Vec::new();
        while let Some(Reverse((when, job, computed))) = ends.peek().copied()
            && when == now
        {
            ends.pop();
            if computed {
                idle_cores += 1;
                let machine = &mut machines[job % interpreters];
                machine.busy = false;
                announced.extend(machine.waiting.peek().copied());
            }
            arrived.push(job);
        }
        // Who goes on, and who begins.
        loop {
            let job = match arrived.pop() {
                Some(job) => job,
                None if free_places > 0 => match queue.next() {
                    Some(job) => {
                        free_places -= 1;
                        job
                    }
                    None => break,
                },
                None => break,
            };
            match left[job].next() {
                None => {
                    finished[job] = now;
                    free_places += 1;
                }
                Some(Segment::Io(length)) => ends.push(Reverse((now + length, job, false))),
                Some(Segment::Cpu(length)) => {
                    lengths[job] = length;
                    let machine = &mut machines[job % interpreters];
                    machine.waiting.push(Reverse((now, job)));
                    if !machine.busy {
                        announced.push(Reverse((now, job)));
                    }
                }
            }
        }
        // Who starts.
        while idle_cores > 0
            && let Some(Reverse((since, job))) = announced.pop()
        {
            let machine = &mut machines[job % interpreters];
            if machine.busy || machine.waiting.peek() != Some(&Reverse((since, job))) {
                continue;
            }
            machine.waiting.pop();
            machine.busy = true;
            idle_cores -= 1;
            busy += lengths[job];
            ends.push(Reverse((now + lengths[job], job, true)));
        }
        match ends.peek() {
            Some(Reverse((when, ..))) => now = *when,
            None => break,
        }
    }
    Outcome { makespan: finished.iter().copied().fold(0, u64::max), finished, busy, cores }
}

fn checked(n: usize) -> usize {
    if n == 0 {
        panic!("a strategy needs somebody to do the work");
    }
    n
}

/// What [`recommend`] chooses from, the cheapest first.
///
/// # Panics
/// If there are no cores.
pub fn candidates(cores: usize) -> [Strategy; 4] {
    let cores = if cores == 0 { panic!("there must be a core") } else { cores };
    let threads = if cores > 28 { 32 } else { cores + 4 };
    [
        Strategy::Asyncio,
        Strategy::Threads { n: threads },
        Strategy::Processes { n: cores },
        Strategy::ProcessesOfAsyncio { n: cores },
    ]
}

/// The cheapest candidate whose makespan is at most a tenth above the best candidate's.
///
/// # Panics
/// If there are no cores.
pub fn recommend(jobs: &[Job], cores: usize) -> Strategy {
    let strategies = candidates(cores);
    let makespans = strategies.map(|strategy| simulate(jobs, strategy, cores).makespan);
    let limit = u128::from(*makespans.iter().min().expect("there are four")) * 11;
    let place = makespans.iter().position(|makespan| u128::from(*makespan) * 10 <= limit);
    strategies[place.expect("the shortest is within the limit")]
}
