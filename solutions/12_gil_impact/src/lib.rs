//! What the GIL costs, in virtual time: the same jobs on threads, processes, an event loop, and an event loop per
//! process.
//!
//! The four strategies are one model with two settings: how many jobs may be under way at once, and which interpreter a
//! job belongs to. The simulation jumps from the end of one segment to the next one's: first everything that ends at
//! this moment ends, then everything that may start does.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

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

impl Strategy {
    /// How many jobs are under way at once.
    ///
    /// # Panics
    /// If that is none.
    fn places(self) -> usize {
        match self {
            Strategy::Threads { n: 0 } | Strategy::Processes { n: 0 } | Strategy::ProcessesOfAsyncio { n: 0 } => {
                panic!("a strategy needs at least one thread or process: {self:?}")
            }
            Strategy::Threads { n } | Strategy::Processes { n } => n,
            Strategy::Asyncio | Strategy::ProcessesOfAsyncio { .. } => usize::MAX,
        }
    }

    /// Which interpreter runs this job. A process of a pool shares its interpreter with nobody while it carries a job,
    /// so it does not matter which process that is: each job may as well have an interpreter of its own.
    fn interpreter_of(self, job: usize) -> usize {
        match self {
            Strategy::Threads { .. } | Strategy::Asyncio => 0,
            Strategy::Processes { .. } => job,
            Strategy::ProcessesOfAsyncio { n } => job % n,
        }
    }
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
    /// How much of all cores' time, from 0 to the makespan, was spent computing: in percent, rounded down. 0 if the
    /// makespan is 0.
    ///
    /// ```
    /// use solution_gil_impact::{Segment::*, Strategy, simulate};
    ///
    /// let outcome = simulate(&[vec![Cpu(10), Io(20)]], Strategy::Asyncio, 1);
    /// assert_eq!((outcome.busy, outcome.makespan, outcome.cpu_utilisation()), (10, 30, 33));
    /// ```
    pub fn cpu_utilisation(&self) -> u64 {
        let possible = u128::from(self.makespan) * self.cores as u128;
        let percent = (u128::from(self.busy) * 100).checked_div(possible).unwrap_or(0);
        percent.try_into().expect("cores are never busy for longer than they were there")
    }
}

/// Carries out `jobs`, all of which are there at time 0, on a machine with so many `cores`.
///
/// ```
/// use solution_gil_impact::{Segment::*, Strategy, simulate};
///
/// let jobs = [vec![Cpu(10), Io(50)], vec![Cpu(10), Io(50)], vec![Io(5), Cpu(10)]];
/// let outcome = simulate(&jobs, Strategy::Asyncio, 1);
/// assert_eq!(outcome.finished, [60, 70, 30]);
/// assert_eq!(outcome.makespan, 70);
/// ```
///
/// # Panics
/// If there are no cores, or if the strategy has no threads or processes.
pub fn simulate(jobs: &[Job], strategy: Strategy, cores: usize) -> Outcome {
    let finished = Simulation::new(jobs, strategy, cores).run();
    let busy = jobs.iter().flatten().map(|segment| if let Segment::Cpu(length) = segment { *length } else { 0 }).sum();
    Outcome { makespan: finished.iter().copied().max().unwrap_or(0), finished, busy, cores }
}

/// What [`recommend`] chooses from, the cheapest first.
///
/// ```
/// use solution_gil_impact::{Strategy::*, candidates};
///
/// let expected = [Asyncio, Threads { n: 12 }, Processes { n: 8 }, ProcessesOfAsyncio { n: 8 }];
/// assert_eq!(candidates(8), expected);
/// ```
///
/// # Panics
/// If there are no cores.
pub fn candidates(cores: usize) -> [Strategy; 4] {
    assert_some(cores);
    [
        Strategy::Asyncio,
        Strategy::Threads { n: cores.saturating_add(4).min(32) },
        Strategy::Processes { n: cores },
        Strategy::ProcessesOfAsyncio { n: cores },
    ]
}

/// The cheapest candidate whose makespan is at most a tenth above the best candidate's.
///
/// ```
/// use solution_gil_impact::{Segment::*, Strategy, recommend};
///
/// assert_eq!(recommend(&vec![vec![Cpu(100)]; 8], 4), Strategy::Processes { n: 4 });
/// assert_eq!(recommend(&vec![vec![Cpu(1), Io(100)]; 8], 4), Strategy::Asyncio);
/// ```
///
/// # Panics
/// If there are no cores.
pub fn recommend(jobs: &[Job], cores: usize) -> Strategy {
    let rated = candidates(cores).map(|strategy| (strategy, u128::from(simulate(jobs, strategy, cores).makespan)));
    let best = rated.iter().map(|(_, makespan)| *makespan).min().expect("there are candidates");
    let good_enough = |&&(_, makespan): &&(Strategy, u128)| makespan * 10 <= best * 11;
    rated.iter().find(good_enough).expect("the best one is good enough").0
}

fn assert_some(cores: usize) {
    assert!(cores > 0, "nothing is computed on a machine without a core");
}

/// When a job began to wait, and its index: the order in which CPU segments start.
type Turn = (u64, usize);

struct Simulation<'jobs> {
    jobs: &'jobs [Job],
    strategy: Strategy,
    now: u64,
    /// The jobs from this one on have not begun yet.
    next_job: usize,
    free_places: usize,
    free_cores: usize,
    /// The segment that each job is at.
    positions: Vec<usize>,
    /// What is running or waiting outside, by its end.
    under_way: BinaryHeap<Reverse<(u64, usize)>>,
    interpreters: Vec<Interpreter>,
    /// The first in line of each interpreter that runs nothing: what keeps it from starting is a core at most.
    startable: BinaryHeap<Reverse<Turn>>,
    finished: Vec<u64>,
}

#[derive(Clone, Default)]
struct Interpreter {
    /// Whether it runs a segment, or has one among those that are startable.
    is_taken: bool,
    /// Those behind that one. They come in the order of their turns.
    line: VecDeque<Turn>,
}

impl<'jobs> Simulation<'jobs> {
    fn new(jobs: &'jobs [Job], strategy: Strategy, cores: usize) -> Self {
        assert_some(cores);
        Simulation {
            jobs,
            strategy,
            now: 0,
            next_job: 0,
            free_places: strategy.places(),
            free_cores: cores,
            positions: vec![0; jobs.len()],
            under_way: BinaryHeap::new(),
            interpreters: vec![Interpreter::default(); jobs.len()],
            startable: BinaryHeap::new(),
            finished: vec![0; jobs.len()],
        }
    }

    /// Runs all jobs to their ends, and says when each ended.
    fn run(mut self) -> Vec<u64> {
        loop {
            self.begin_jobs();
            self.start_segments();
            let Some(&Reverse((end, _))) = self.under_way.peek() else { return self.finished };
            self.now = end;
            self.end_segments();
        }
    }

    /// A free place takes the next job. This comes after all that ended now: the newcomers' indices are the highest.
    fn begin_jobs(&mut self) {
        while self.free_places > 0 && self.next_job < self.jobs.len() {
            self.free_places -= 1;
            self.next_job += 1;
            self.go_on(self.next_job - 1);
        }
    }

    /// Gives free cores to those that wait for nothing else, in the order of their turns.
    fn start_segments(&mut self) {
        while self.free_cores > 0
            && let Some(Reverse((_, job))) = self.startable.pop()
        {
            self.free_cores -= 1;
            if let Segment::Cpu(length) = self.jobs[job][self.positions[job]] {
                self.under_way.push(Reverse((self.now + length, job)));
            }
        }
    }

    /// Ends everything that ends now, in the order of the jobs' indices.
    fn end_segments(&mut self) {
        while let Some(&Reverse((end, job))) = self.under_way.peek()
            && end == self.now
        {
            self.under_way.pop();
            if let Segment::Cpu(_) = self.jobs[job][self.positions[job]] {
                self.free_cores += 1;
                let interpreter = &mut self.interpreters[self.strategy.interpreter_of(job)];
                match interpreter.line.pop_front() {
                    Some(turn) => self.startable.push(Reverse(turn)),
                    None => interpreter.is_taken = false,
                }
            }
            self.positions[job] += 1;
            self.go_on(job);
        }
    }

    /// What a job does from its position on: it waits outside, gets in line, or is finished.
    fn go_on(&mut self, job: usize) {
        let rest = &self.jobs[job][self.positions[job]..];
        let nothing_to_do = |segment: &&Segment| matches!(segment, Segment::Cpu(0) | Segment::Io(0));
        self.positions[job] += rest.iter().take_while(nothing_to_do).count();
        match self.jobs[job].get(self.positions[job]) {
            Some(Segment::Io(length)) => self.under_way.push(Reverse((self.now + length, job))),
            Some(Segment::Cpu(_)) => self.get_in_line(job),
            None => {
                self.finished[job] = self.now;
                self.free_places += 1;
            }
        }
    }

    fn get_in_line(&mut self, job: usize) {
        let interpreter = &mut self.interpreters[self.strategy.interpreter_of(job)];
        let turn = (self.now, job);
        if interpreter.is_taken {
            interpreter.line.push_back(turn);
        } else {
            interpreter.is_taken = true;
            self.startable.push(Reverse(turn));
        }
    }
}
