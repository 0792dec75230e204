//! Timing: the submission against the reference, in pairs, in one run, as a ratio.
//!
//! Two processes stand ready, one linked with the submission, one with the reference; each does a round when told to, one at
//! a time, in random order. The clock is read here, outside both: wall time between order and answer, or the CPU time
//! of the process. Nothing else of the grader runs meanwhile. See [`crate::sign_test`] for the decision.

use crate::facts::Tests;
use crate::manifest::Hidden;
use crate::processes::{self, Process};
use crate::sandbox::{self, Limits};
use crate::sign_test::{self, Decision};
use crate::trouble::{Context, Trouble};
use probe::wire::{self, Failure, Message, Nonce};
use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::{Duration, Instant};
use verdict::{Check, CheckReport, Event, Evidence, Finding, Item, Kind, Outcome, Pairs};

/// A round of the reference lasts at least this long.
const ROUND: Duration = Duration::from_millis(15);

/// A round that lasts longer than this, twice, is slow beyond measuring.
const LONGEST_ROUND: Duration = Duration::from_secs(3);

/// Runs every workload.
///
/// # Errors
/// If a process could not be looked after, or the reference fails its own workload.
pub fn check(
    submission: &Tests,
    reference: &Tests,
    workloads: &[Hidden],
    limits: &BTreeMap<String, crate::config::TimingLimit>,
    of: u32,
    watch: &(dyn Fn(Event) + Sync),
) -> Result<CheckReport, Trouble> {
    let begun = Instant::now();
    watch(Event::Started { check: Check::Timing, items: workloads.len() });
    let (mut items, mut findings, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
    for workload in workloads {
        let started = Instant::now();
        let limit = limits.get(&workload.name).map(|limit| limit.ratio).ok_or_else(|| {
            Trouble::Usage(format!(
                "checks.toml has no [timing.{}] with a ratio, but timing.rs has the workload",
                workload.name
            ))
        })?;
        let measured = measure(submission, reference, workload, limit)?;
        let outcome = match &measured {
            Measured::Decided(_, Decision::Within) => Outcome::Passed,
            Measured::Decided(_, Decision::Slower) | Measured::Broke(..) | Measured::Endless => Outcome::Failed,
            Measured::Decided(..) => Outcome::Inconclusive,
        };
        watch(Event::Item { check: Check::Timing, name: workload.name.clone(), outcome: outcome.clone() });
        findings.extend(finding(workload, limit, &measured));
        if let Measured::Decided(of_it, _) = measured {
            pairs.push(of_it);
        }
        items.push(Item {
            name: workload.name.clone(),
            statement: workload.statement.clone(),
            outcome,
            millis: started.elapsed().as_millis() as u64,
        });
    }
    // The workloads' own processes have ended; what they left behind has not.
    processes::reap_strays(0);
    let millis = begun.elapsed().as_millis() as u64;
    Ok(CheckReport::from_items(Check::Timing, of, Evidence::Pairs { workloads: pairs }, items, findings, millis))
}

enum Measured {
    Decided(Pairs, Decision),
    /// The submission's process failed.
    Broke(Kind, String),
    /// It did not finish a round that takes the reference 15 ms.
    Endless,
}

fn measure(submission: &Tests, reference: &Tests, workload: &Hidden, limit: f64) -> Result<Measured, Trouble> {
    let cpu = workload.has("cpu");
    let ours_failed =
        |ended: Broken| Trouble::Ours(format!("the reference fails its own workload {}: {ended:?}", workload.name));
    let mut theirs = Runner::start(reference, workload, cpu)?;
    let mut iterations = 1;
    // Warm up and find the number of iterations that fills a round.
    let expected = loop {
        let (time, checksum) = theirs.round(iterations)?.map_err(ours_failed)?;
        if time >= ROUND || iterations > 1 << 40 {
            break checksum;
        }
        let factor = ROUND.as_secs_f64() * 1.2 / time.as_secs_f64().max(1e-6);
        iterations = (iterations as f64 * factor.clamp(1.1, 64.0)).ceil() as u64;
    };
    let mut learners = Runner::start(submission, workload, cpu)?;
    // The first round warms up; if it does not end, a fresh process gets one more chance.
    let first = match learners.round(iterations)? {
        Err(Broken::TimedOut) => {
            learners = Runner::start(submission, workload, cpu)?;
            learners.round(iterations)?
        }
        other => other,
    };
    match first {
        Err(Broken::TimedOut) => return Ok(Measured::Endless),
        Err(Broken::Failed(kind, why)) => return Ok(Measured::Broke(kind, why)),
        Ok((_, checksum)) if checksum != expected => {
            return Ok(Measured::Broke(Kind::WrongAnswer, format!("it computed {checksum}, but {expected} is right")));
        }
        Ok(_) => {}
    }
    let mut coin = Coin::new()?;
    let (mut ratios, mut times, mut above) = (Vec::new(), Vec::new(), 0);
    loop {
        let mut pair = [Duration::ZERO; 2];
        let order = if coin.toss() { [0, 1] } else { [1, 0] };
        for side in order {
            let runner = if side == 0 { &mut learners } else { &mut theirs };
            match (side, runner.round(iterations)?) {
                (_, Ok((time, _))) => pair[side] = time,
                (0, Err(Broken::TimedOut)) => return Ok(Measured::Endless),
                (0, Err(Broken::Failed(kind, why))) => return Ok(Measured::Broke(kind, why)),
                (_, Err(ended)) => return Err(ours_failed(ended)),
            }
        }
        if processes::interrupted() {
            return Err(Trouble::Interrupted);
        }
        let ratio = pair[0].as_secs_f64() / pair[1].as_secs_f64().max(1e-9);
        above += u32::from(ratio > limit);
        ratios.push(ratio);
        times.push(pair[0].as_secs_f64() * 1000.0);
        let decision = sign_test::decide(above, ratios.len() as u32);
        if decision != Decision::Open {
            let workload = workload.name.clone();
            let pairs = ratios.len() as u32;
            let rounded = |value: f64| (value * 1000.0).round() / 1000.0;
            let (ratio, millis) = (rounded(median(&mut ratios)), rounded(median(&mut times)));
            return Ok(Measured::Decided(Pairs { workload, pairs, above, ratio, limit, millis }, decision));
        }
    }
}

fn finding(workload: &Hidden, limit: f64, measured: &Measured) -> Option<Finding> {
    let (kind, seen) = match measured {
        Measured::Decided(_, Decision::Within) => return None,
        Measured::Decided(pairs, Decision::Slower) => (
            Kind::Slow,
            format!(
                "{:.1} × its time (median of {} pairs, {} of them above the limit)",
                pairs.ratio, pairs.pairs, pairs.above
            ),
        ),
        Measured::Decided(pairs, _) => (
            Kind::Inconclusive,
            format!(
                "about {:.1} × its time: {} of {} pairs above the limit settle nothing",
                pairs.ratio, pairs.above, pairs.pairs
            ),
        ),
        Measured::Broke(kind, why) => (*kind, why.clone()),
        Measured::Endless => (
            Kind::Slow,
            format!("over {} s for a round that takes the reference {} ms", LONGEST_ROUND.as_secs(), ROUND.as_millis()),
        ),
    };
    let next_step = if kind == Kind::Inconclusive {
        Some("it does not count against you; try again on a quieter machine".to_owned())
    } else {
        workload.next_step.clone()
    };
    Some(Finding {
        check: Check::Timing,
        kind,
        subject: workload.name.clone(),
        message: workload.statement.clone(),
        expected: Some(format!("at most {limit} × the reference's time")),
        seen: Some(seen),
        location: None,
        detail: None,
        threads: Vec::new(),
        interleaving: None,
        next_step,
    })
}

/// A process that does rounds of one workload.
struct Runner {
    process: Process,
    stream: UnixStream,
    nonce: Nonce,
    received: Vec<u8>,
    cpu: bool,
}

/// Why a round gave no time.
#[derive(Debug)]
enum Broken {
    TimedOut,
    Failed(Kind, String),
}

impl Runner {
    fn start(tests: &Tests, workload: &Hidden, cpu: bool) -> Result<Runner, Trouble> {
        let limits = Limits { time: LONGEST_ROUND, memory: tests.memory, output: 0 };
        let mut command = tests.command(&format!("timing::{}", workload.name));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let (process, stream, nonce) = sandbox::start(&mut command, &limits).ours("cannot start a workload")?;
        Ok(Runner { process, stream, nonce, received: Vec::new(), cpu })
    }

    /// One round: its duration, and what it computed.
    fn round(&mut self, iterations: u64) -> Result<Result<(Duration, u64), Broken>, Trouble> {
        let deadline = Instant::now() + LONGEST_ROUND;
        let (cpu, wall) = (self.cpu_time(), Instant::now());
        // A process that has ended cannot take the order; the answer below says so.
        let _ = wire::order(&mut &self.stream, iterations);
        loop {
            match wire::take(&mut self.received, &self.nonce) {
                Ok(Some(Message::Done(checksum))) => {
                    let time = if self.cpu { self.cpu_time().saturating_sub(cpu) } else { wall.elapsed() };
                    return Ok(Ok((time, checksum)));
                }
                Ok(Some(Message::Failed(Failure { about, expected, seen, .. }))) => {
                    let text =
                        if expected.is_empty() { format!("it panicked: {about}") } else { format!("{about}: {seen}") };
                    let kind = if expected.is_empty() { Kind::Panic } else { Kind::WrongAnswer };
                    return Ok(Err(Broken::Failed(kind, text)));
                }
                Ok(Some(_)) => return Ok(Err(Broken::Failed(Kind::MemoryLimit, "it ran out of memory".into()))),
                Ok(None) => {}
                Err(_) => {
                    return Ok(Err(Broken::Failed(
                        Kind::Forgery,
                        "something other than the harness wrote its answer".into(),
                    )));
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Err(Broken::TimedOut));
            }
            self.stream.set_read_timeout(Some(left)).ours("cannot limit the wait")?;
            let mut buffer = [0; 4096];
            match (&self.stream).read(&mut buffer) {
                Ok(0) => {
                    return Ok(Err(Broken::Failed(
                        Kind::EarlyExit,
                        "its process ended before the round was over".into(),
                    )));
                }
                Ok(count) => self.received.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Ok(Err(Broken::Failed(Kind::EarlyExit, format!("its process ended: {error}")))),
            }
        }
    }

    /// The CPU time of the process so far, read from outside.
    fn cpu_time(&self) -> Duration {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let mut clock = 0;
        // SAFETY: both are valid places for the answers.
        unsafe {
            if libc::clock_getcpuclockid(self.process.id() as libc::pid_t, &raw mut clock) == 0 {
                libc::clock_gettime(clock, &raw mut time);
            }
        }
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let run = self.process.run();
        self.process.kill();
        let _ = self.process.wait();
        processes::reap_strays(run);
    }
}

/// A fair coin.
struct Coin(u64);

impl Coin {
    fn new() -> Result<Coin, Trouble> {
        let mut seed = [0; 8];
        let mut random = std::fs::File::open("/dev/urandom").ours("cannot open /dev/urandom")?;
        random.read_exact(&mut seed).ours("cannot read /dev/urandom")?;
        Ok(Coin(u64::from_le_bytes(seed) | 1))
    }

    fn toss(&mut self) -> bool {
        // xorshift64 (Marsaglia, 2003); its high bits are good enough for an order of runs.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 63 == 1
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
