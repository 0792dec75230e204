//! Generated programs under exploration: each is run along many schedules, until one fails or the effort is spent.

use super::statics::Statics;
use super::{UNMET, found, order, phase, report, watching};
use crate::entry::THREAD;
use crate::programs::{
    Generator, Kind, Machine, Program, Running, Specification, Surprise, Typed, begins_at_once, name, smaller,
};
use crate::{Unmet, graded, line};
use interleave::engine::{self, Exploration, FailureKind, Found, Limits, Phase, Plan, schedule};
use probe::explored as wire;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Steps of all programs together, where no grader says how many.
const ALONE: u64 = 150_000;

/// What a program, and what a schedule costs beside its steps, counted in these.
const OVERHEAD: (u64, u64) = (60, 20);

/// Shorter programs that are tried in the place of one that fails, and steps that all of them may take.
const SHORTER: (usize, u64) = (400, 2_000_000);

/// What stands before the schedule of a program, so that both can be repeated.
const WORD: &str = "program ";

/// Generates programs over what a specification describes, explores each, and reports. Used through `#[programs]`.
///
/// # Panics
/// Without a grader, if a program fails.
pub fn programs<S: Specification>(_path: &'static str, file: &'static str, flags: &'static [&str], _: S) {
    let kind = Kind::of(flags);
    let negated = flags.contains(&"!");
    let limits = Limits {
        leftovers: true,
        panics: flags.contains(&"panics"),
        weak_memory: flags.contains(&"weak_memory"),
        ..Limits::default()
    };
    if line::is_graded() {
        // It reports and rests; that thread does not come back.
        let explore = move || explore(&(Arc::new(Typed::<S>::new()) as Arc<dyn Machine>), file, kind, negated, limits);
        let _ = graded::on_its_own_thread(THREAD, explore);
        return;
    }
    explore(&(Arc::new(Typed::<S>::new()) as Arc<dyn Machine>), file, kind, negated, limits);
}

fn clock() -> (Duration, bool) {
    (Duration::from_nanos(engine::now()), !engine::was_late())
}

/// How each program of a kind is explored.
fn phases(kind: Kind, machine: &dyn Machine) -> Vec<Phase> {
    // A machine that tells the time itself knows only the time before and the time after.
    let most = if machine.tells_time() { 1 } else { 2 };
    let has_timeouts = (0..machine.choices()).any(|place| machine.timeout(place).is_some());
    let late = if has_timeouts || machine.tells_time() { 5 } else { 0 };
    let bounded = |preemptions, most| Phase::Bounded { preemptions, most };
    match kind {
        Kind::OneThread => vec![bounded(0, 1)],
        Kind::Small => vec![bounded(0, 100), bounded(1, 300), bounded(2, 300)],
        Kind::Random => vec![
            bounded(0, 2),
            Phase::Urw { seed: 1, schedules: 5 },
            Phase::Random { seed: 2, schedules: 3 },
            Phase::Spurious { seed: 3, schedules: 1 },
            Phase::Late { seed: 4, schedules: late, most },
        ],
    }
}

thread_local! {
    /// Of what is unmet: whether it is that a call goes on, and the thread that called.
    static UNMET_CALL: Cell<(bool, u32)> = const { Cell::new((false, 0)) };
}

/// How a program fails. A call that waits in the first thread is a deadlock to the engine; in another one it is unmet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fails {
    Waits,
    Otherwise(FailureKind),
}

fn fails(found: &Found) -> Fails {
    match found.failure.kind {
        FailureKind::Deadlock | FailureKind::LostWakeup => Fails::Waits,
        FailureKind::Unmet if UNMET_CALL.get().0 => Fails::Waits,
        kind => Fails::Otherwise(kind),
    }
}

struct Explorer {
    machine: Arc<dyn Machine>,
    statics: Rc<Statics>,
    negated: bool,
    limits: Limits,
    /// The file of the specification.
    file: &'static str,
}

impl Explorer {
    fn ready(&self, program: Program) -> Rc<Running> {
        Rc::new(Running::new(program, &self.machine, Some(clock)))
    }

    fn explore(&self, running: &Rc<Running>, phases: Vec<Phase>, steps: u64) -> Exploration {
        let plan = Plan { phases, steps, limits: self.limits };
        let (statics, running, negated) = (Rc::clone(&self.statics), Rc::clone(running), self.negated);
        super::tries(&plan, move || {
            statics.restore();
            let outcome = running.run();
            let surprise = match outcome {
                Ok(()) if negated => Surprise::opposite(),
                Ok(()) => return,
                Err(surprise) => surprise,
            };
            UNMET_CALL.set((surprise.waits, surprise.thread));
            let Surprise { about, expected, seen, .. } = surprise;
            super::unmet(Unmet { about, expected, seen }, FailureKind::Unmet);
        })
    }

    /// A program that fails in the same way, and from which nothing can be left out.
    fn shrink(&self, first: Program, kind: Kind, like: Fails) -> Program {
        let (mut best, (mut tries, mut steps)) = (first, SHORTER);
        'shorter: loop {
            for program in smaller(&best).into_iter().filter(|it| begins_at_once(it, &*self.machine)) {
                if tries == 0 || steps == 0 {
                    return best;
                }
                tries -= 1;
                let running = self.ready(program.clone());
                let explored = self.explore(&running, phases(kind, &*self.machine), steps.min(30_000));
                steps = steps.saturating_sub(explored.steps);
                if explored.found.is_some_and(|found| fails(&found) == like) {
                    best = program;
                    continue 'shorter;
                }
            }
            return best;
        }
    }

    /// Explores one program.
    fn one(&self, program: Program, phases: Vec<Phase>) -> wire::Explored {
        UNMET.take();
        let running = self.ready(program);
        let explored = self.explore(&running, phases, u64::MAX);
        let mut total = wire::Explored { programs: 1, steps: explored.steps, ..wire::Explored::default() };
        add(&mut total.covered, &explored, true);
        total.found = explored.found.as_ref().map(|it| {
            let mut found = found(it, self.file);
            if fails(it) == Fails::Waits {
                found.kind = "left_waiting".into();
                if let Some(surprise) = running.surprise_at_rest() {
                    (found.about, found.expected, found.seen) = (surprise.about, surprise.expected, surprise.seen);
                }
            } else if it.failure.kind == FailureKind::Unmet {
                // Who waits may wait.
                found.waiting.clear();
            }
            if let Some(first) = found.lanes.first_mut() {
                *first = "first thread".into();
            }
            // What is wrong has gone wrong in the thread that called, not where that was noticed.
            let caller = found.lanes.iter().position(|lane| *lane == name(UNMET_CALL.get().1));
            if let (FailureKind::Unmet, Some(step)) = (it.failure.kind, found.steps.last_mut())
                && step.mark == "failed"
            {
                step.lane = caller.unwrap_or_default() as u32;
            }
            if found.kind == "left_waiting" {
                found.steps.retain(|step| step.mark != "failed");
            }
            found.program = running.text();
            found.schedule = format!("{WORD}{} {}", running.program.word(), found.schedule);
            found
        });
        total
    }

    /// Explores one program after another.
    fn all(&self, kind: Kind, steps: u64) -> wire::Explored {
        let mut total = wire::Explored::default();
        let mut generator = Generator::new(kind, &self.machine);
        let mut spent = 0;
        while spent < steps
            && let Some(program) = generator.next()
        {
            let running = self.ready(program);
            let explored = self.explore(&running, phases(kind, &*self.machine), steps - spent);
            spent += explored.steps + OVERHEAD.0 + OVERHEAD.1 * explored.schedules as u64;
            total.steps += explored.steps;
            total.programs += 1;
            if let Some(found) = explored.found {
                let program = self.shrink(running.program.clone(), kind, fails(&found));
                total.found = self.one(program, phases(kind, &*self.machine)).found;
                return total;
            }
            add(&mut total.covered, &explored, total.programs == 1);
        }
        total
    }
}

fn explore(machine: &Arc<dyn Machine>, file: &'static str, kind: Kind, negated: bool, limits: Limits) {
    let begun = Instant::now();
    let ordered = order().and_then(|order| order.schedule.as_deref()).and_then(|text| {
        let (word, text) = text.strip_prefix(WORD)?.split_once(' ')?;
        Some((Program::read(word, &**machine)?, schedule::from_text(text)?))
    });
    let steps = order().and_then(|order| order.effort).map_or(ALONE, |effort| effort.steps);
    // What each kind of programs is worth.
    let steps = match kind {
        Kind::OneThread => steps / 2,
        Kind::Small => steps,
        Kind::Random => steps.saturating_mul(2),
    };
    let explorer =
        Explorer { machine: Arc::clone(machine), statics: Rc::new(Statics::of_this_process()), negated, limits, file };
    let explored = watching(begun, ordered.is_some(), || match ordered {
        Some((program, schedule)) => explorer.one(program, vec![Phase::Replay { schedule }]),
        None => explorer.all(kind, steps),
    });
    report(wire::Explored { micros: begun.elapsed().as_micros() as u64, ..explored });
}

/// Adds what was covered of one program to what was covered of all. `first`: there was none before.
fn add(covered: &mut Vec<wire::Covered>, explored: &Exploration, first: bool) {
    // A lower bound that left nothing out has covered what the higher ones would.
    let complete = explored.covered.last().is_some_and(|last| last.exhausted);
    for coverage in &explored.covered {
        let (phase, bound) = phase(&coverage.phase);
        let schedules = coverage.schedules as u64;
        match covered.iter_mut().find(|each| each.phase == phase && each.bound == bound) {
            Some(each) => {
                each.schedules += schedules;
                each.exhausted &= coverage.exhausted;
            }
            None => covered.push(wire::Covered {
                phase: phase.into(),
                bound,
                schedules,
                exhausted: coverage.exhausted && (first || complete),
            }),
        }
    }
}
