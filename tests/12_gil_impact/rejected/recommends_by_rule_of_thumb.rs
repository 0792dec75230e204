//! caught-by: behaviour — each_candidate_is_recommended_for_its_kind_of_work
//! Looks at the share of I/O and simulates nothing.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    Cpu(u64),
    Io(u64),
}

pub type Job = Vec<Segment>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    Threads { n: usize },
    Processes { n: usize },
    Asyncio,
    ProcessesOfAsyncio { n: usize },
}

impl Strategy {
    fn places(self) -> usize {
        match self {
            Strategy::Threads { n: 0 } | Strategy::Processes { n: 0 } | Strategy::ProcessesOfAsyncio { n: 0 } => {
                panic!("a strategy needs at least one thread or process: {self:?}")
            }
            Strategy::Threads { n } | Strategy::Processes { n } => n,
            Strategy::Asyncio | Strategy::ProcessesOfAsyncio { .. } => usize::MAX,
        }
    }

    fn interpreter_of(self, job: usize) -> usize {
        match self {
            Strategy::Threads { .. } | Strategy::Asyncio => 0,
            Strategy::Processes { .. } => job,
            Strategy::ProcessesOfAsyncio { n } => job % n,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub makespan: u64,
    pub finished: Vec<u64>,
    pub busy: u64,
    pub cores: usize,
}

impl Outcome {
    pub fn cpu_utilisation(&self) -> u64 {
        let possible = u128::from(self.makespan) * self.cores as u128;
        let percent = (u128::from(self.busy) * 100).checked_div(possible).unwrap_or(0);
        percent.try_into().expect("cores are never busy for longer than they were there")
    }
}

pub fn simulate(jobs: &[Job], strategy: Strategy, cores: usize) -> Outcome {
    let finished = Simulation::new(jobs, strategy, cores).run();
    let busy = jobs.iter().flatten().map(|segment| if let Segment::Cpu(length) = segment { *length } else { 0 }).sum();
    Outcome { makespan: finished.iter().copied().max().unwrap_or(0), finished, busy, cores }
}

pub fn candidates(cores: usize) -> [Strategy; 4] {
    assert_some(cores);
    [
        Strategy::Asyncio,
        Strategy::Threads { n: cores.saturating_add(4).min(32) },
        Strategy::Processes { n: cores },
        Strategy::ProcessesOfAsyncio { n: cores },
    ]
}

pub fn recommend(jobs: &[Job], cores: usize) -> Strategy {
    let [asyncio, _, processes, both] = candidates(cores);
    let total = |io: bool| -> u128 {
        let lengths = jobs.iter().flatten().map(|segment| match *segment {
            Segment::Cpu(length) if !io => u128::from(length),
            Segment::Io(length) if io => u128::from(length),
            _ => 0,
        });
        lengths.sum()
    };
    let (cpu, io) = (total(false), total(true));
    if cores == 1 || jobs.len() < 2 || cpu * 10 <= io {
        asyncio
    } else if io * 10 <= cpu {
        processes
    } else {
        both
    }
}

fn assert_some(cores: usize) {
    assert!(cores > 0, "nothing is computed on a machine without a core");
}

type Turn = (u64, usize);

struct Simulation<'jobs> {
    jobs: &'jobs [Job],
    strategy: Strategy,
    now: u64,
    next_job: usize,
    free_places: usize,
    free_cores: usize,
    positions: Vec<usize>,
    under_way: BinaryHeap<Reverse<(u64, usize)>>,
    interpreters: Vec<Interpreter>,
    startable: BinaryHeap<Reverse<Turn>>,
    finished: Vec<u64>,
}

#[derive(Clone, Default)]
struct Interpreter {
    is_taken: bool,
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

    fn run(mut self) -> Vec<u64> {
        loop {
            self.begin_jobs();
            self.start_segments();
            let Some(&Reverse((end, _))) = self.under_way.peek() else { return self.finished };
            self.now = end;
            self.end_segments();
        }
    }

    fn begin_jobs(&mut self) {
        while self.free_places > 0 && self.next_job < self.jobs.len() {
            self.free_places -= 1;
            self.next_job += 1;
            self.go_on(self.next_job - 1);
        }
    }

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
