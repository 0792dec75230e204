//! How long simulating takes. Each workload has one thing of which there are many, and finds whoever scans for it.

use harness::workload;
use subject::Segment::{Cpu, Io};
use subject::{Job, Strategy, simulate};

/// Small lengths that look random and are the same in every run.
fn lengths(seed: u64, at_most: u64) -> impl Iterator<Item = u64> {
    let step =
        |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    std::iter::successors(step(&seed), step).map(move |state| (state >> 33) % at_most + 1)
}

/// So many jobs, each of which computes for a moment and then waits outside, in turns.
fn jobs(count: usize, turns: usize, cpu_at_most: u64, io_at_most: u64) -> Vec<Job> {
    let mut cpu = lengths(1, cpu_at_most);
    let mut io = lengths(2, io_at_most);
    let mut job = || (0..turns).flat_map(|_| [Cpu(cpu.next().unwrap_or(1)), Io(io.next().unwrap_or(1))]).collect();
    (0..count).map(|_| job()).collect()
}

fn simulated(n: u64, jobs: &[Job], strategy: Strategy, cores: usize) -> u64 {
    (0..n).fold(0, |mixed: u64, _| {
        let outcome = simulate(jobs, strategy, cores);
        outcome.finished.iter().fold(mixed, |mixed, time| mixed.rotate_left(5).wrapping_add(*time)) ^ outcome.busy
    })
}

/// Five thousand tasks on one event loop, nearly all of which are waiting outside at any time.
#[workload(cpu)]
fn tasks_that_wait_outside(n: u64) -> u64 {
    simulated(n, &jobs(5_000, 5, 1, 10_000), Strategy::Asyncio, 4)
}

/// Ten thousand tasks on one event loop, nearly all of which are in line for the interpreter at any time.
#[workload(cpu)]
fn tasks_in_line(n: u64) -> u64 {
    simulated(n, &jobs(10_000, 5, 10, 10), Strategy::Asyncio, 4)
}

/// A pool of twenty thousand processes on two thousand cores, and fifty thousand jobs.
#[workload(cpu)]
fn a_pool_of_processes(n: u64) -> u64 {
    simulated(n, &jobs(50_000, 2, 100, 100), Strategy::Processes { n: 20_000 }, 2_000)
}

/// Five thousand processes with an event loop each on two thousand cores, and twenty thousand jobs.
#[workload(cpu)]
fn more_processes_than_cores(n: u64) -> u64 {
    simulated(n, &jobs(20_000, 3, 100, 100), Strategy::ProcessesOfAsyncio { n: 5_000 }, 2_000)
}
