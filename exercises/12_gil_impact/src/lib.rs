//! What the GIL costs, in virtual time: the same jobs on threads, processes, an event loop, and an event loop per
//! process. README.md says what the model is.
//!
//! ```
//! use gil_impact::{Segment::Cpu, Strategy, simulate};
//!
//! let jobs = vec![vec![Cpu(100)]; 4];
//! assert_eq!(simulate(&jobs, Strategy::Threads { n: 4 }, 4).makespan, 400, "one interpreter, one at a time");
//! assert_eq!(simulate(&jobs, Strategy::Processes { n: 4 }, 4).makespan, 100, "four interpreters on four cores");
//! ```

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
    /// How much of all cores' time, from 0 to the makespan, was spent computing: in percent, rounded down. 0 if the
    /// makespan is 0.
    ///
    /// ```
    /// use gil_impact::{Segment::*, Strategy, simulate};
    ///
    /// let outcome = simulate(&[vec![Cpu(10), Io(20)]], Strategy::Asyncio, 1);
    /// assert_eq!((outcome.busy, outcome.makespan, outcome.cpu_utilisation()), (10, 30, 33));
    /// ```
    pub fn cpu_utilisation(&self) -> u64 {
        todo!("busy in relation to what all cores could have done")
    }
}

/// Carries out `jobs`, all of which are there at time 0, on a machine with so many `cores`.
///
/// ```
/// use gil_impact::{Segment::*, Strategy, simulate};
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
    let _ = (jobs, strategy, cores);
    todo!("what ends next? who may start then?")
}

/// What [`recommend`] chooses from, the cheapest first.
///
/// ```
/// use gil_impact::{Strategy::*, candidates};
///
/// let expected = [Asyncio, Threads { n: 12 }, Processes { n: 8 }, ProcessesOfAsyncio { n: 8 }];
/// assert_eq!(candidates(8), expected);
/// ```
///
/// # Panics
/// If there are no cores.
pub fn candidates(cores: usize) -> [Strategy; 4] {
    let _ = cores;
    todo!("the four strategies, sized as Python's pools are")
}

/// The cheapest candidate whose makespan is at most a tenth above the best candidate's.
///
/// ```
/// use gil_impact::{Segment::*, Strategy, recommend};
///
/// assert_eq!(recommend(&vec![vec![Cpu(100)]; 8], 4), Strategy::Processes { n: 4 });
/// assert_eq!(recommend(&vec![vec![Cpu(1), Io(100)]; 8], 4), Strategy::Asyncio);
/// ```
///
/// # Panics
/// If there are no cores.
pub fn recommend(jobs: &[Job], cores: usize) -> Strategy {
    let _ = (jobs, cores);
    todo!("simulate the candidates and choose")
}
