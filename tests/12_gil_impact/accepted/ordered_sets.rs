//! Ordered sets in place of heaps: one queue for each interpreter, and one of the interpreters that could start something.

use std::collections::{BTreeMap, BTreeSet};

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
        let whole = u128::from(self.makespan) * self.cores as u128;
        if whole == 0 { 0 } else { (u128::from(self.busy) * 100 / whole) as u64 }
    }
}

/// A ready segment: since when, of which job.
type Ready = (u64, usize);

struct Simulation<'a> {
    jobs: &'a [Job],
    strategy: Strategy,
    now: u64,
    /// The next segment of each job.
    next: Vec<usize>,
    finished: Vec<u64>,
    /// The first job that has not begun.
    unbegun: usize,
    /// What ends when. A Cpu segment gives its interpreter back.
    ends: BTreeMap<u64, Vec<(usize, Option<usize>)>>,
    /// Interpreters by number: whether busy, and what is ready for it.
    interpreters: BTreeMap<usize, (bool, BTreeSet<Ready>)>,
    /// The first in the queue of each interpreter that is free.
    startable: BTreeSet<(Ready, usize)>,
}

impl Simulation<'_> {
    fn interpreter_of(&self, job: usize) -> usize {
        match self.strategy {
            Strategy::Threads { .. } | Strategy::Asyncio => 0,
            // A process has one job at a time, so a job can stand for its process.
            Strategy::Processes { .. } => job,
            Strategy::ProcessesOfAsyncio { n } => job % n,
        }
    }

    /// Changes what an interpreter has to do, and keeps `startable` true.
    fn change(&mut self, number: usize, change: impl FnOnce(&mut (bool, BTreeSet<Ready>))) {
        let interpreter = self.interpreters.entry(number).or_default();
        if let (false, Some(first)) = (interpreter.0, interpreter.1.first()) {
            self.startable.remove(&(*first, number));
        }
        change(interpreter);
        if let (false, Some(first)) = (interpreter.0, interpreter.1.first()) {
            self.startable.insert((*first, number));
        }
    }

    /// Takes a job to its next segment; whether it is finished.
    fn advance(&mut self, job: usize) -> bool {
        loop {
            let segment = self.jobs[job].get(self.next[job]).copied();
            match segment {
                None => {
                    self.finished[job] = self.now;
                    return true;
                }
                Some(Segment::Cpu(0) | Segment::Io(0)) => self.next[job] += 1,
                Some(Segment::Io(length)) => {
                    self.next[job] += 1;
                    self.ends.entry(self.now + length).or_default().push((job, None));
                    return false;
                }
                Some(Segment::Cpu(_)) => {
                    let now = self.now;
                    self.change(self.interpreter_of(job), |interpreter| {
                        interpreter.1.insert((now, job));
                    });
                    return false;
                }
            }
        }
    }

    /// Fills so many free places of the pool.
    fn begin(&mut self, mut places: usize) {
        while places > 0 && self.unbegun < self.jobs.len() {
            let job = self.unbegun;
            self.unbegun += 1;
            if !self.advance(job) {
                places -= 1;
            }
        }
    }
}

/// Carries out `jobs` on a machine with so many `cores`.
///
/// # Panics
/// If there are no cores, or if the strategy has no threads or processes.
pub fn simulate(jobs: &[Job], strategy: Strategy, cores: usize) -> Outcome {
    assert!(cores > 0, "a machine without cores");
    let places = match strategy {
        Strategy::Threads { n } | Strategy::Processes { n } => n,
        Strategy::Asyncio => usize::MAX,
        Strategy::ProcessesOfAsyncio { n } => {
            assert!(n > 0, "no processes");
            usize::MAX
        }
    };
    assert!(places > 0, "an empty pool");
    let mut simulation = Simulation {
        jobs,
        strategy,
        now: 0,
        next: vec![0; jobs.len()],
        finished: vec![0; jobs.len()],
        unbegun: 0,
        ends: BTreeMap::new(),
        interpreters: BTreeMap::new(),
        startable: BTreeSet::new(),
    };
    let (mut free, mut busy) = (cores, 0);
    simulation.begin(places);
    loop {
        while free > 0
            && let Some((_, number)) = simulation.startable.first().copied()
        {
            let mut job = 0;
            simulation.change(number, |interpreter| {
                interpreter.0 = true;
                job = interpreter.1.pop_first().expect("it could start something").1;
            });
            let Segment::Cpu(length) = jobs[job][simulation.next[job]] else { unreachable!() };
            simulation.next[job] += 1;
            simulation.ends.entry(simulation.now + length).or_default().push((job, Some(number)));
            busy += length;
            free -= 1;
        }
        let Some((now, ended)) = simulation.ends.pop_first() else { break };
        simulation.now = now;
        let mut places = 0;
        for (job, computed) in ended {
            if let Some(number) = computed {
                free += 1;
                simulation.change(number, |interpreter| interpreter.0 = false);
            }
            if simulation.advance(job) {
                places += 1;
            }
        }
        simulation.begin(places);
    }
    let finished = simulation.finished;
    Outcome { makespan: finished.iter().copied().max().unwrap_or(0), finished, busy, cores }
}

/// What [`recommend`] chooses from, the cheapest first.
///
/// # Panics
/// If there are no cores.
pub fn candidates(cores: usize) -> [Strategy; 4] {
    assert!(cores > 0, "a machine without cores");
    [
        Strategy::Asyncio,
        Strategy::Threads { n: cores.saturating_add(4).min(32) },
        Strategy::Processes { n: cores },
        Strategy::ProcessesOfAsyncio { n: cores },
    ]
}

/// The cheapest candidate whose makespan is at most a tenth above the best candidate's.
///
/// # Panics
/// If there are no cores.
pub fn recommend(jobs: &[Job], cores: usize) -> Strategy {
    let tried = candidates(cores).map(|strategy| (strategy, u128::from(simulate(jobs, strategy, cores).makespan)));
    let best = tried.iter().map(|(_, makespan)| *makespan).min().unwrap_or(0);
    let good = tried.into_iter().find(|(_, makespan)| makespan * 10 <= best * 11);
    good.expect("the best is good enough").0
}
