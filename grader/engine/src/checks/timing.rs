//! Timing: the submission against the reference, in pairs, in one run, as a ratio.
//!
//! Two processes stand ready, one linked with the submission, one with the reference; each does a round when told to, one at
//! a time, in random order. The clock is read here, outside both: wall time between order and answer, or the CPU time
//! of the process. Nothing else of the grader runs meanwhile. Both do the same number of iterations, which varies from pair to pair,
//! and must come to the same checksum each time: a round can neither be recognised nor answered from memory. See [`crate::checks::sign_test`] for the decision.

use crate::checks::sign_test::{self, Decision};
use crate::exercise::manifest::Hidden;
use crate::run::chance::Dice;
use crate::run::facts::Tests;
use crate::run::processes::{self, Process};
use crate::run::sandbox::{self, Limits};
use crate::trouble::{Context, Trouble};
use probe::wire::{self, Failure, Message, Nonce};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::{Duration, Instant};
use verdict::{Check, CheckReport, Event, Evidence, Finding, Item, Kind, Outcome, Pairs};

/// The mark of a workload of which processor time is measured.
pub(crate) const CPU: &str = "cpu";

/// A round of the reference lasts at least this long.
const ROUND: Duration = Duration::from_millis(15);

/// A round that lasts longer than this is broken off.
const LONGEST_ROUND: Duration = Duration::from_secs(3);

/// A submission whose first round is so many times beyond the limit gets rounds of a quarter of the length: they show as much, and
/// nobody waits for long ones.
const FAR_BEYOND: f64 = 4.0;

/// How much shorter its rounds are then.
const SHORTER: u64 = 4;

/// The iterations of a round vary by up to this part of them: 1/8.
const VARIES: u64 = 8;

/// A submission of which the first so many rounds were broken off, each beyond the limit as it was, is slow beyond measuring. One
/// alone may be the machine's doing.
const MOST_BROKEN_OFF: u32 = 3;

/// So many pairs in which the machine was too busy for a comparison settle nothing.
const MOST_LOST: u32 = 6;

/// Runs every workload.
///
/// # Errors
/// If a process could not be looked after, or the reference fails its own workload.
pub fn check(
    submission: &Tests,
    reference: &Tests,
    workloads: &[Hidden],
    limits: &BTreeMap<String, crate::exercise::config::TimingLimit>,
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
        let finding = finding(workload, limit, &measured);
        watch(Event::Item {
            check: Check::Timing,
            name: workload.name.clone(),
            outcome: outcome.clone(),
            finding: finding.clone().map(Box::new),
        });
        findings.extend(finding);
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
    let cpu = workload.has(CPU);
    let ours_failed =
        |ended: Broken| Trouble::Ours(format!("the reference fails its own workload {}: {ended:?}", workload.name));
    let mut theirs = Runner::start(reference, workload, cpu)?;
    let mut iterations = 1;
    // Warm up and find the number of iterations that fills a round.
    let (usual, expected) = loop {
        let (time, checksum) = theirs.round(iterations)?.map_err(ours_failed)?;
        if time >= ROUND || iterations > 1 << 40 {
            break (time, checksum);
        }
        let factor = ROUND.as_secs_f64() * 1.2 / time.as_secs_f64().max(1e-6);
        iterations = (iterations as f64 * factor.clamp(1.1, 64.0)).ceil() as u64;
    };
    let mut learners = Runner::start(submission, workload, cpu)?;
    // The first round warms up. If it does not end, the pairs below will show whether that was the machine's doing.
    match learners.round(iterations)? {
        Err(Broken::Off(_)) => learners = Runner::start(submission, workload, cpu)?,
        Err(Broken::Failed(kind, why)) => return Ok(Measured::Broke(kind, why)),
        Ok((_, checksum)) if checksum != expected => return Ok(wrong_answer(iterations, checksum, expected)),
        Ok((time, _)) if time > usual.mul_f64(limit * FAR_BEYOND) && iterations >= SHORTER => iterations /= SHORTER,
        Ok(_) => {}
    }
    let mut dice = Dice::new()?;
    let mut comparison = Comparison { limit, ..Comparison::default() };
    loop {
        let (mut pair, mut checksums) = ([Round::default(); 2], [None; 2]);
        let order = if dice.toss() { [0, 1] } else { [1, 0] };
        let iterations = iterations + dice.below((iterations / VARIES).max(1) as usize + 1) as u64;
        for side in order {
            let runner = if side == 0 { &mut learners } else { &mut theirs };
            match (side, runner.round(iterations)?) {
                (_, Ok((time, checksum))) => (pair[side].time, checksums[side]) = (time, Some(checksum)),
                (_, Err(Broken::Off(time))) => {
                    pair[side] = Round { time, broken_off: true };
                    *runner = Runner::start(if side == 0 { submission } else { reference }, workload, cpu)?;
                }
                (0, Err(Broken::Failed(kind, why))) => return Ok(Measured::Broke(kind, why)),
                (_, Err(ended)) => return Err(ours_failed(ended)),
            }
        }
        if let [Some(checksum), Some(expected)] = checksums
            && checksum != expected
        {
            return Ok(wrong_answer(iterations, checksum, expected));
        }
        if processes::interrupted() {
            return Err(Trouble::Interrupted);
        }
        match comparison.add(pair) {
            Stand::Open => {}
            Stand::Endless => return Ok(Measured::Endless),
            Stand::Decided(decision) => return Ok(Measured::Decided(comparison.pairs(&workload.name), decision)),
        }
    }
}

fn wrong_answer(iterations: u64, checksum: u64, expected: u64) -> Measured {
    let seen = format!("it computed {checksum} in {iterations} iterations, but {expected} is right");
    Measured::Broke(Kind::WrongAnswer, seen)
}

/// One round of either side.
#[derive(Clone, Copy, Debug, Default)]
struct Round {
    time: Duration,
    /// It would have taken longer still.
    broken_off: bool,
}

/// What the pairs so far amount to.
#[derive(Debug, Default)]
struct Comparison {
    limit: f64,
    ratios: Vec<f64>,
    /// The submission's times, in milliseconds.
    times: Vec<f64>,
    above: u32,
    /// Pairs above the limit in which the submission's round was broken off.
    broken_off: u32,
    /// Pairs that say nothing.
    lost: u32,
    /// Lost pairs in which the submission's round was broken off, and had taken less processor time than the reference's.
    hung: u32,
}

#[derive(Debug, PartialEq)]
enum Stand {
    Open,
    Decided(Decision),
    Endless,
}

impl Comparison {
    /// Adds the rounds of the submission and of the reference.
    fn add(&mut self, [submission, reference]: [Round; 2]) -> Stand {
        let ratio = submission.time.as_secs_f64() / reference.time.as_secs_f64().max(1e-9);
        match (submission.broken_off, reference.broken_off) {
            (false, false) => {}
            // As it is, it is beyond the limit; that is all there is to know.
            (true, false) if ratio > self.limit => self.broken_off += 1,
            (hung, ours) => {
                self.lost += 1;
                self.hung += u32::from(hung && !ours && submission.time < reference.time);
                return match self.lost {
                    MOST_LOST if self.hung == MOST_LOST && self.ratios.is_empty() => Stand::Endless,
                    MOST_LOST => Stand::Decided(Decision::Unclear),
                    _ => Stand::Open,
                };
            }
        }
        self.above += u32::from(ratio > self.limit);
        self.ratios.push(ratio);
        self.times.push(submission.time.as_secs_f64() * 1000.0);
        let pairs = self.ratios.len() as u32;
        if self.broken_off >= MOST_BROKEN_OFF && self.broken_off == pairs {
            return Stand::Endless;
        }
        match sign_test::decide(self.above, pairs) {
            Decision::Open => Stand::Open,
            decision => Stand::Decided(decision),
        }
    }

    /// The evidence.
    fn pairs(&mut self, workload: &str) -> Pairs {
        let rounded = |value: f64| (value * 1000.0).round() / 1000.0;
        Pairs {
            workload: workload.to_owned(),
            pairs: self.ratios.len() as u32,
            above: self.above,
            ratio: rounded(median(&mut self.ratios)),
            limit: self.limit,
            millis: rounded(median(&mut self.times)),
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
    /// It was broken off after so much time.
    Off(Duration),
    Failed(Kind, String),
}

impl Runner {
    fn start(tests: &Tests, workload: &Hidden, cpu: bool) -> Result<Runner, Trouble> {
        let limits = Limits { time: LONGEST_ROUND, memory: tests.memory, output: 0 };
        let order = wire::frame_of_order(&tests.order(workload)?);
        let (process, stream, nonce) =
            sandbox::start(&tests.confinement, &tests.plan(), &limits, Stdio::null).ours("cannot start a workload")?;
        // A process that has ended cannot take the order; the first round says so.
        let _ = (&stream).write_all(&order);
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
                Ok(Some(Message::Ask(question))) => {
                    let answer = wire::frame_of_answer(&sandbox::answer(question, self.process.id()));
                    let _ = (&self.stream).write_all(&answer);
                }
                Ok(Some(Message::OutOfMemory(_))) => {
                    return Ok(Err(Broken::Failed(Kind::MemoryLimit, "it ran out of memory".into())));
                }
                Ok(Some(_)) => {
                    let seen = "it reported something else than its round".to_owned();
                    return Ok(Err(Broken::Failed(Kind::Forgery, seen)));
                }
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
                let time = if self.cpu { self.cpu_time().saturating_sub(cpu) } else { wall.elapsed() };
                return Ok(Err(Broken::Off(time)));
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
            if libc::clock_getcpuclockid(self.process.graded() as libc::pid_t, &raw mut clock) == 0 {
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

/// The middle one; 0 of none.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(milliseconds: u64) -> Round {
        Round { time: Duration::from_millis(milliseconds), broken_off: false }
    }

    fn off(milliseconds: u64) -> Round {
        Round { time: Duration::from_millis(milliseconds), broken_off: true }
    }

    /// Adds the pairs, and then the last one until there is a decision.
    fn stand(pairs: &[[Round; 2]]) -> Stand {
        let mut comparison = Comparison { limit: 2.0, ..Comparison::default() };
        let last = pairs[pairs.len() - 1];
        let all = pairs.iter().copied().chain(std::iter::repeat(last));
        all.map(|pair| comparison.add(pair)).find(|stand| *stand != Stand::Open).unwrap()
    }

    #[test]
    fn a_stall_of_the_machine_rejects_nobody() {
        let (fast, stalled) = ([done(16), done(15)], [off(3000), done(15)]);
        assert_eq!(stand(&[stalled, stalled, fast]), Stand::Decided(Decision::Within));
        assert_eq!(stand(&[fast, stalled, stalled, stalled, fast]), Stand::Decided(Decision::Within));
        assert_eq!(stand(&[[done(16), off(3000)], fast]), Stand::Decided(Decision::Within));
    }

    #[test]
    fn what_never_ends_is_told_soon_and_what_is_slow_at_last() {
        assert_eq!(stand(&[[off(3000), done(15)]]), Stand::Endless);
        // It waits: no processor time to be compared.
        assert_eq!(stand(&[[off(0), done(15)]]), Stand::Endless);
        assert_eq!(stand(&[[done(60), done(15)]]), Stand::Decided(Decision::Slower));
        assert_eq!(stand(&[[done(2900), done(15)], [off(3000), done(15)]]), Stand::Decided(Decision::Slower));
    }

    #[test]
    fn a_machine_too_busy_for_either_settles_nothing() {
        assert_eq!(stand(&[[off(3000), off(3000)]]), Stand::Decided(Decision::Unclear));
        assert_eq!(stand(&[[off(3000), done(1600)]]), Stand::Decided(Decision::Unclear));
    }
}
