//! Facts about the simulation: small pieces of work whose finish times can be worked out by hand.

use harness::{expect, expect_eq, fact};
use std::panic::catch_unwind;
use subject::Segment::{self, Cpu, Io};
use subject::Strategy::{Asyncio, Processes, ProcessesOfAsyncio, Threads};
use subject::{Job, Outcome, Strategy, candidates, recommend, simulate};

/// Demands the finish times of all jobs, and the makespan that follows from them.
#[track_caller]
fn finishes<const N: usize>(jobs: [&[Segment]; N], strategy: Strategy, cores: usize, expected: [u64; N]) {
    let jobs = jobs.map(<[Segment]>::to_vec);
    let outcome = simulate(&jobs, strategy, cores);
    let what = format!("{jobs:?} by {strategy:?} on {cores} core(s)");
    expect_eq!(outcome.finished, expected, format!("when each job of {what} is finished"));
    expect_eq!(outcome.makespan, expected.into_iter().max().unwrap_or(0), format!("the makespan of {what}"));
}

/// Demands that an action panics.
#[track_caller]
fn panics<R>(about: &str, action: impl FnOnce() -> R + std::panic::UnwindSafe) {
    expect!(catch_unwind(action).is_err(), about, "a panic", "it returns");
}

// What runs beside what.

/// Threads compute one at a time, however many cores there are.
///
/// Next: all threads share one interpreter. A second core does not help anybody who needs the first one's interpreter.
#[fact]
fn threads_compute_one_at_a_time() {
    finishes([&[Cpu(10)], &[Cpu(10)], &[Cpu(10)]], Threads { n: 3 }, 4, [10, 20, 30]);
}

/// Threads wait outside at the same time, and another one computes meanwhile.
///
/// Next: I/O needs no interpreter: a job that waits outside has given it back.
#[fact]
fn threads_wait_outside_together() {
    finishes([&[Io(10)], &[Io(10)], &[Cpu(4), Io(10)], &[Cpu(20)]], Threads { n: 4 }, 1, [10, 10, 14, 24]);
}

/// A pool of n threads carries n jobs at once; the next job begins when one is finished.
///
/// Next: a thread stays with its job while that waits outside, and takes the next job, by index, when it is free.
#[fact]
fn a_pool_of_threads_is_bounded() {
    finishes([&[Io(30)], &[Io(10)], &[Io(10)], &[Io(10)]], Threads { n: 2 }, 1, [30, 10, 20, 30]);
}

/// Processes compute at the same time, one on each core.
///
/// Next: every process has an interpreter of its own.
#[fact]
fn processes_compute_on_all_cores() {
    finishes([&[Cpu(10)], &[Cpu(20)], &[Cpu(30)]], Processes { n: 3 }, 3, [10, 20, 30]);
}

/// Processes that want to compute wait for a free core.
///
/// Next: count the free cores; whoever ends a CPU segment gives its core to the one that has waited longest.
#[fact]
fn processes_wait_for_a_core() {
    finishes([&[Cpu(10)], &[Cpu(20)], &[Cpu(30)], &[Cpu(40)]], Processes { n: 4 }, 2, [10, 20, 40, 60]);
}

/// A pool of n processes carries n jobs at once, and one that waits outside uses no core.
///
/// Next: a process that waits outside is not free for another job, but its core is free for another process.
#[fact]
fn a_process_that_waits_outside_is_taken_and_its_core_is_not() {
    finishes([&[Io(10)], &[Cpu(10)], &[Io(5)]], Processes { n: 2 }, 1, [10, 10, 15]);
}

/// The next job goes to whichever process of a pool is free first.
///
/// Next: a pool has one queue of jobs. They are not dealt out beforehand.
#[fact]
fn a_pool_of_processes_has_one_queue() {
    finishes([&[Cpu(50)], &[Cpu(10)], &[Cpu(10)], &[Cpu(10)]], Processes { n: 2 }, 2, [50, 10, 20, 30]);
}

/// An event loop carries all jobs at once: they all wait outside at the same time.
///
/// Next: there is no pool: every job begins at time 0.
#[fact(negated)]
fn an_event_loop_waits_for_all_jobs_together() {
    let outcome = simulate(&vec![vec![Io(10)]; 1000], Asyncio, 1);
    expect_eq!(outcome.makespan, 10, "the makespan of 1000 jobs of Io(10) by Asyncio");
}

/// An event loop computes one segment at a time, however many cores there are.
///
/// Next: one event loop runs on one interpreter.
#[fact]
fn an_event_loop_computes_one_segment_at_a_time() {
    finishes([&[Cpu(10)], &[Cpu(10)], &[Io(1), Cpu(10)]], Asyncio, 8, [10, 20, 30]);
}

/// Processes of asyncio get the jobs dealt out in turns, whoever has less to do.
///
/// Next: job i belongs to process i mod n from the start, also if another process has nothing to do.
#[fact]
fn jobs_are_dealt_out_to_event_loops() {
    let jobs: [&[Segment]; 5] = [&[Cpu(10)], &[Cpu(1)], &[Cpu(20)], &[Cpu(1)], &[Cpu(30)]];
    finishes(jobs, ProcessesOfAsyncio { n: 2 }, 2, [10, 1, 30, 2, 60]);
}

/// Each of several event loops waits for all of its jobs together.
///
/// Next: inside each process it is as with Asyncio.
#[fact]
fn event_loops_wait_for_all_their_jobs_together() {
    let jobs: [&[Segment]; 5] = [&[Io(10), Cpu(5)], &[Io(10)], &[Io(10), Cpu(5)], &[Io(20)], &[Io(10)]];
    finishes(jobs, ProcessesOfAsyncio { n: 2 }, 2, [15, 10, 20, 20, 10]);
}

// Whose turn it is.

/// A CPU segment that has started runs to its end.
///
/// Next: there is no slicing here: whoever becomes ready meanwhile waits for the end of the segment.
#[fact]
fn a_cpu_segment_is_not_interrupted() {
    finishes([&[Cpu(100)], &[Io(10), Cpu(1)]], Asyncio, 4, [100, 101]);
    finishes([&[Cpu(100)], &[Io(10), Cpu(1)]], Threads { n: 2 }, 4, [100, 101]);
}

/// The CPU segment that has waited longest starts first, whatever its job's index.
///
/// Next: remember since when a job has been waiting.
#[fact]
fn the_longest_waiting_starts_first() {
    finishes([&[Io(20), Cpu(10)], &[Io(10), Cpu(10)], &[Cpu(30)]], Asyncio, 1, [50, 40, 30]);
    finishes([&[Io(20), Cpu(10)], &[Io(10), Cpu(10)], &[Cpu(30)]], Processes { n: 3 }, 1, [50, 40, 30]);
}

/// Of those that have waited equally long, the job with the lower index starts first.
///
/// Next: first look at everything that ends at this moment, then decide who starts.
#[fact]
fn ties_go_to_the_lower_index() {
    finishes([&[Io(10), Cpu(5)], &[Io(10), Cpu(5)], &[Cpu(10)]], Asyncio, 1, [15, 20, 10]);
    finishes([&[Io(10), Cpu(5)], &[Cpu(10), Cpu(5)]], Asyncio, 1, [15, 20]);
    finishes([&[Cpu(10), Cpu(5)], &[Io(10), Cpu(5)]], Asyncio, 1, [15, 20]);
}

/// A job that begins when another one is finished stands behind those that become ready at the same moment.
///
/// Next: a job's first segment waits since the job began; the tie goes to the lower index.
#[fact]
fn a_job_that_begins_is_behind_those_that_are_ready() {
    finishes([&[Cpu(10)], &[Io(10), Cpu(5)], &[Cpu(5)]], Processes { n: 2 }, 1, [10, 15, 20]);
    finishes([&[Cpu(10)], &[Io(10), Cpu(5)], &[Cpu(5)]], Threads { n: 2 }, 1, [10, 15, 20]);
}

/// A job goes to the back of the line between two CPU segments.
///
/// Next: the next segment has been waiting since the last one ended, which is later than everybody else.
#[fact]
fn a_job_goes_to_the_back_between_segments() {
    finishes([&[Cpu(10), Cpu(10)], &[Cpu(10)]], Threads { n: 2 }, 1, [30, 20]);
    finishes([&[Cpu(10), Cpu(10)], &[Cpu(10)]], Asyncio, 1, [30, 20]);
}

/// Among all processes of asyncio the segment that has waited longest gets the free core.
///
/// Next: cores know no processes: they look at since when a segment has been waiting.
#[fact]
fn event_loops_share_the_cores_by_waiting_time() {
    finishes([&[Cpu(10)], &[Io(5), Cpu(10)], &[Cpu(10)]], ProcessesOfAsyncio { n: 2 }, 1, [10, 30, 20]);
}

/// A segment whose interpreter is busy does not keep another process from a free core.
///
/// Next: the longest waiting one *that may start* is next; pass over those whose own interpreter is running.
#[fact]
fn a_busy_interpreter_does_not_block_the_others() {
    let jobs: [&[Segment]; 4] = [&[Cpu(30)], &[Cpu(10)], &[Io(5), Cpu(10)], &[Cpu(10)]];
    finishes(jobs, ProcessesOfAsyncio { n: 3 }, 2, [30, 10, 20, 40]);
}

/// All strategies agree with a slow simulation that looks at every millisecond, on 400 small pieces of work.
///
/// Next: take the work named here to paper, millisecond by millisecond: first what ends, then which jobs begin, then who starts.
#[fact(negated)]
fn small_work_is_simulated_right() {
    let mut random = Random(1);
    for case in 0..400 {
        let count = 1 + case / 70;
        let jobs: Vec<Job> = (0..count).map(|_| (0..random.below(4)).map(|_| random.segment()).collect()).collect();
        let (n, cores) = (1 + random.below(3) as usize, 1 + random.below(3) as usize);
        for strategy in [Threads { n }, Processes { n }, Asyncio, ProcessesOfAsyncio { n }] {
            let outcome = simulate(&jobs, strategy, cores);
            let about = format!("when each job of {jobs:?} by {strategy:?} on {cores} core(s) is finished");
            expect_eq!(outcome.finished, step_by_step(&jobs, strategy, cores), about);
        }
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn segment(&mut self) -> Segment {
        let length = self.below(5);
        if self.below(2) == 0 { Cpu(length) } else { Io(length) }
    }
}

/// Where a job is, millisecond by millisecond.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    NotBegun,
    Line { since: u64 },
    Core { until: u64 },
    Outside { until: u64 },
    Finished { at: u64 },
}

/// What the brief says, without a thought about speed: when each job is finished.
fn step_by_step(jobs: &[Job], strategy: Strategy, cores: usize) -> Vec<u64> {
    let at_once = if let Threads { n } | Processes { n } = strategy { n } else { jobs.len() };
    let share_an_interpreter = |one: usize, other: usize| match strategy {
        Threads { .. } | Asyncio => true,
        Processes { .. } => one == other,
        ProcessesOfAsyncio { n } => one % n == other % n,
    };
    let something = |segment: &&Segment| !matches!(segment, Cpu(0) | Io(0));
    let mut rest: Vec<Vec<Segment>> =
        jobs.iter().map(|job| job.iter().rev().filter(something).copied().collect()).collect();
    let next_place = |rest: &[Segment], now: u64| match rest.last() {
        Some(Cpu(_)) => Place::Line { since: now },
        Some(Io(length)) => Place::Outside { until: now + length },
        None => Place::Finished { at: now },
    };
    let mut places = vec![Place::NotBegun; jobs.len()];
    for now in 0.. {
        for (place, rest) in places.iter_mut().zip(&mut rest) {
            if [Place::Core { until: now }, Place::Outside { until: now }].contains(place) {
                rest.pop();
                *place = next_place(rest, now);
            }
        }
        while let Some(job) = places.iter().position(|place| *place == Place::NotBegun)
            && places[..job].iter().filter(|place| !matches!(place, Place::Finished { .. })).count() < at_once
        {
            places[job] = next_place(&rest[job], now);
        }
        loop {
            let running = |job: &usize| matches!(places[*job], Place::Core { .. });
            let running: Vec<usize> = (0..jobs.len()).filter(running).collect();
            let turn = |job: usize| match places[job] {
                Place::Line { since } if !running.iter().any(|other| share_an_interpreter(job, *other)) => {
                    Some((since, job))
                }
                _ => None,
            };
            let Some((_, job)) = (0..jobs.len()).filter_map(turn).min() else { break };
            let Some(Cpu(length)) = rest[job].last().filter(|_| running.len() < cores) else { break };
            places[job] = Place::Core { until: now + length };
        }
        let finished = |place: &Place| if let Place::Finished { at } = place { Some(*at) } else { None };
        if let Some(finished) = places.iter().map(finished).collect() {
            return finished;
        }
    }
    unreachable!("every piece of work ends")
}

// Nothing, and a lot.

/// Segments of 0 ms are not there: they need no interpreter, no core and no turn.
///
/// Next: skip them when a job goes on, at its beginning as well as in its middle.
#[fact]
fn segments_of_no_length_are_not_there() {
    finishes([&[Cpu(10)], &[Cpu(0)]], Asyncio, 1, [10, 0]);
    finishes([&[Cpu(100)], &[Io(5), Cpu(0), Io(0), Io(5), Cpu(0)]], Threads { n: 2 }, 1, [100, 10]);
    finishes([&[Cpu(0), Io(0)], &[Io(0), Cpu(5)], &[Cpu(5)]], Processes { n: 1 }, 1, [0, 5, 10]);
}

/// A job without segments is finished when it begins, and its place in the pool is free at once.
///
/// Next: it begins when a place is free for it, like any other job.
#[fact]
fn an_empty_job_is_finished_when_it_begins() {
    finishes([&[Cpu(10)], &[], &[], &[Cpu(5)]], Processes { n: 1 }, 1, [10, 10, 10, 15]);
    finishes([&[], &[Cpu(10)], &[], &[]], Threads { n: 1 }, 1, [0, 10, 10, 10]);
    finishes([&[Cpu(10)], &[]], Asyncio, 1, [10, 0]);
}

/// Without jobs there is nothing to do: a makespan of 0 and a utilisation of 0 %.
///
/// Next: the largest of no numbers is 0 here, and nothing is divided by 0.
#[fact]
fn without_jobs_there_is_nothing_to_do() {
    for strategy in [Threads { n: 2 }, Processes { n: 2 }, Asyncio, ProcessesOfAsyncio { n: 2 }] {
        let outcome = simulate(&[], strategy, 3);
        let expected = Outcome { makespan: 0, finished: vec![], busy: 0, cores: 3 };
        expect_eq!(outcome, expected, format!("no jobs by {strategy:?} on 3 cores"));
        expect_eq!(outcome.cpu_utilisation(), 0, format!("the utilisation of no jobs by {strategy:?}"));
    }
}

/// More threads, processes or cores than jobs do no harm, however many.
///
/// Next: they are numbers. Do not make a list as long as `n` or `cores`.
#[fact]
fn workers_and_cores_beyond_need_cost_nothing() {
    let (jobs, many): ([&[Segment]; 3], _) = ([&[Cpu(10), Io(5)], &[Cpu(10)], &[Io(1), Cpu(10)]], usize::MAX);
    finishes(jobs, Threads { n: many }, many, [15, 20, 30]);
    finishes(jobs, Processes { n: many }, many, [15, 10, 11]);
    finishes(jobs, ProcessesOfAsyncio { n: many }, many, [15, 10, 11]);
    finishes(jobs, Asyncio, many, [15, 20, 30]);
}

/// A simulated age takes no longer than a simulated second.
///
/// Next: jump from one event to the next; do not count the milliseconds in between.
#[fact(seconds = 5)]
fn time_that_passes_costs_nothing() {
    let age = 1 << 60;
    finishes([&[Cpu(age), Io(age)], &[Io(age), Cpu(age)]], Asyncio, 1, [2 * age, 2 * age]);
}

/// No cores, threads or processes: a panic, even without jobs.
///
/// Next: `assert!` it at the beginning of `simulate` and `candidates`.
#[fact(panics)]
fn nothing_to_work_with_is_a_panic() {
    let outcome = simulate(&[], Asyncio, 1);
    expect_eq!(outcome.finished, [0; 0], "the finish times of no jobs by Asyncio on 1 core");
    expect_eq!(recommend(&[], 1), candidates(1)[0], "what is recommended for no jobs on 1 core");
    panics("simulate by Threads { n: 0 }", || simulate(&[], Threads { n: 0 }, 1));
    panics("simulate by Processes { n: 0 }", || simulate(&[], Processes { n: 0 }, 1));
    panics("simulate by ProcessesOfAsyncio { n: 0 }", || simulate(&[], ProcessesOfAsyncio { n: 0 }, 1));
    panics("simulate by Asyncio on 0 cores", || simulate(&[], Asyncio, 0));
    panics("simulate by Threads { n: 1 } on 0 cores", || simulate(&[], Threads { n: 1 }, 0));
    panics("candidates(0)", || candidates(0));
    panics("recommend on 0 cores", || recommend(&[], 0));
}

// Numbers.

/// `busy` adds up what all cores have computed, and `cores` is the number of cores.
///
/// Next: whatever the strategy, each CPU segment is computed once.
#[fact]
fn busy_is_the_sum_of_all_computing() {
    let jobs = [vec![Cpu(10), Io(7), Cpu(3)], vec![], vec![Io(4), Cpu(20)]];
    for strategy in [Threads { n: 2 }, Processes { n: 2 }, Asyncio, ProcessesOfAsyncio { n: 2 }] {
        let outcome = simulate(&jobs, strategy, 6);
        expect_eq!((outcome.busy, outcome.cores), (33, 6), format!("busy and cores of {jobs:?} by {strategy:?}"));
    }
}

/// The utilisation relates what was computed to what all cores could have computed, in percent, rounded down.
///
/// Next: `100 * busy / (makespan * cores)`, in integers.
#[fact]
fn utilisation_is_a_share_of_all_cores() {
    let utilisation = |busy, makespan, cores| {
        let seen = Outcome { makespan, finished: vec![makespan], busy, cores }.cpu_utilisation();
        (
            seen,
            format!(
                "the utilisation if cores are busy for {busy} ms, the makespan is {makespan} ms, and cores are {cores}"
            ),
        )
    };
    for (busy, makespan, cores, expected) in [
        (10, 10, 1, 100),
        (10, 10, 4, 25),
        (2, 3, 1, 66),
        (299, 100, 3, 99),
        (300, 100, 3, 100),
        (1, 101, 1, 0),
        (0, 9, 2, 0),
    ] {
        let (seen, about) = utilisation(busy, makespan, cores);
        expect_eq!(seen, expected, about);
    }
}

/// The utilisation is right for numbers as large as they can be.
///
/// Next: the products are larger than a `u64`; a `u128` holds them.
#[fact]
fn utilisation_does_not_overflow() {
    let utilisation = |busy, makespan, cores| Outcome { makespan, finished: vec![], busy, cores }.cpu_utilisation();
    expect_eq!(utilisation(u64::MAX, u64::MAX, 1), 100, "the utilisation of one core that is busy for u64::MAX ms");
    expect_eq!(utilisation(u64::MAX, u64::MAX, 3), 33, "the utilisation of three cores, one busy for u64::MAX ms");
    expect_eq!(utilisation(1 << 60, 1 << 60, usize::MAX), 0, "the utilisation of one of usize::MAX cores");
}

// Advice.

/// The candidates are asyncio, a pool of threads of Python's default size, and one process for each core.
///
/// Next: Python's default is four threads more than there are cores, and 32 at most.
#[fact(negated)]
fn candidates_have_the_sizes_of_pythons_pools() {
    let sized =
        |threads, cores| [Asyncio, Threads { n: threads }, Processes { n: cores }, ProcessesOfAsyncio { n: cores }];
    for (cores, threads) in [(1, 5), (27, 31), (28, 32), (29, 32), (usize::MAX, 32)] {
        expect_eq!(candidates(cores), sized(threads, cores), format!("candidates({cores})"));
    }
}

#[track_caller]
fn advises(about: &str, jobs: &[Job], cores: usize, expected: Strategy) {
    expect_eq!(recommend(jobs, cores), expected, format!("what is recommended for {about} on {cores} core(s)"));
}

/// Each of the four candidates is the best for some kind of work, and is recommended for it.
///
/// Next: simulate every candidate; do not guess from the share of I/O.
#[fact]
fn each_candidate_is_recommended_for_its_kind_of_work() {
    advises("8 jobs of Cpu(100)", &vec![vec![Cpu(100)]; 8], 4, Processes { n: 4 });
    advises("20 jobs of Cpu(1), Io(500)", &vec![vec![Cpu(1), Io(500)]; 20], 4, Asyncio);
    advises("40 jobs of Io(200), Cpu(100)", &vec![vec![Io(200), Cpu(100)]; 40], 4, ProcessesOfAsyncio { n: 4 });
    let long = vec![Cpu(1), Io(1), Cpu(1), Io(200)];
    let about = "one job of Cpu(1), Io(1), Cpu(1), Io(200) before 19 of Cpu(10)";
    advises(about, &[vec![long], vec![vec![Cpu(10)]; 19]].concat(), 1, Threads { n: 5 });
}

/// If candidates do equally well, the cheapest is recommended.
///
/// Next: go through the candidates in their order and take the first that is good enough.
#[fact]
fn the_cheapest_of_equals_is_recommended() {
    advises("no jobs", &[], 4, Asyncio);
    advises("3 jobs of Cpu(100)", &vec![vec![Cpu(100)]; 3], 1, Asyncio);
    advises("one job of Cpu(100)", &[vec![Cpu(100)]], 4, Asyncio);
    advises("4 jobs of Io(100)", &vec![vec![Io(100)]; 4], 4, Asyncio);
}

/// A candidate whose makespan is exactly a tenth above the best one's is good enough; a millisecond more is too much.
///
/// Next: compare `makespan * 10` with `best * 11`, without rounding and without overflow.
#[fact]
fn a_tenth_above_the_best_is_good_enough() {
    let two = |first: u64, second: u64| [vec![Cpu(first)], vec![Cpu(second)]];
    advises("Cpu(1000) beside Cpu(100)", &two(1000, 100), 2, Asyncio);
    advises("Cpu(1000) beside Cpu(101)", &two(1000, 101), 2, Processes { n: 2 });
    advises("Cpu(999) beside Cpu(99)", &two(999, 99), 2, Asyncio);
    advises("Cpu(999) beside Cpu(100)", &two(999, 100), 2, Processes { n: 2 });
    let much = u64::MAX / 11;
    advises("Cpu(u64::MAX / 11 * 10) beside Cpu(u64::MAX / 11)", &two(much * 10, much), 2, Asyncio);
    advises("Cpu(u64::MAX / 11 * 10) beside one more", &two(much * 10, much + 1), 2, Processes { n: 2 });
}
