//! Many executions of one program: the search for one that fails.

use super::execution::{self, Limits, Ran};
use super::record::Recording;
use super::shrink::{Candidate, explain};
use super::strategy::{Bounded, Choice, Random, Replay, Strategy, Urw};
use super::task::TaskId;
use super::wait::Stuck;
use std::any::Any;
use std::panic::{self, Location};
use std::rc::Rc;
use std::sync::Once;

/// The program under exploration. It is run from the beginning for every schedule.
pub(super) type Body = Rc<dyn Fn()>;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Tasks wait for each other, or for something that nobody will do.
    Deadlock,
    /// A task waits although what it waits for has come: woken, it goes on.
    LostWakeup,
    /// The scenario is over, and a thread or task of it still waits.
    Leak,
    /// It goes on for ever without getting anywhere.
    Livelock,
    /// A panic.
    Panic,
    /// The scenario demands what was not so.
    Unmet,
    /// A waiter was passed over more often than the scenario allows.
    Starvation,
    /// Two tasks touched the same data, one of them writing, and nothing orders them.
    Race,
}

/// A failed execution.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// In words, where the kind does not say it all.
    pub message: String,
    /// Where in the source, if at one place.
    pub at: Option<&'static Location<'static>>,
    /// Who was running.
    pub task: TaskId,
    /// Who waits for what, if nothing goes on.
    pub stuck: Vec<Stuck>,
}

/// How a schedule was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Uniform random walk.
    Urw {
        /// The seed.
        seed: u64,
        /// How many schedules.
        schedules: usize,
    },
    /// Random choice at every point.
    Random {
        /// The seed.
        seed: u64,
        /// How many schedules.
        schedules: usize,
    },
    /// Random choice, and waits that end for no reason.
    Spurious {
        /// The seed.
        seed: u64,
        /// How many schedules.
        schedules: usize,
    },
    /// Every schedule with at most so many preemptions, given up after so many schedules.
    Bounded {
        /// How many preemptions.
        preemptions: usize,
        /// How many schedules at most.
        most: usize,
    },
    /// One schedule that is known already.
    Replay {
        /// The schedule.
        schedule: Vec<Choice>,
    },
}

/// What to try, in order.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The phases.
    pub phases: Vec<Phase>,
    /// After so many steps in all no new schedule is begun: the one measure of effort that is the same on every machine.
    pub steps: u64,
    /// What each execution is allowed.
    pub limits: Limits,
}

impl Plan {
    /// The plan that scenarios have unless they say otherwise: `schedules` by uniform random walk, as many at random, a quarter
    /// of that with spurious wakeups, then all with 0, 1 and 2 preemptions.
    pub fn usual(schedules: usize, steps: u64, limits: Limits) -> Self {
        let bounded = |preemptions| Phase::Bounded { preemptions, most: 20_000 };
        let phases = vec![
            Phase::Bounded { preemptions: 0, most: 200 },
            Phase::Urw { seed: 1, schedules },
            Phase::Random { seed: 2, schedules },
            Phase::Spurious { seed: 3, schedules: schedules / 4 },
            bounded(1),
            bounded(2),
        ];
        Plan { phases, steps, limits }
    }
}

/// What one phase has covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The phase.
    pub phase: Phase,
    /// How many schedules were run.
    pub schedules: usize,
    /// Whether there is no other schedule of this kind.
    pub exhausted: bool,
}

/// A failing schedule.
#[derive(Clone, Debug)]
pub struct Found {
    /// What goes wrong in the schedule that is shown.
    pub failure: Failure,
    /// The schedule, after shrinking.
    pub schedule: Vec<Choice>,
    /// Its preemptions, unusual outcomes and spurious wakeups.
    pub preemptions: usize,
    /// The same of the schedule that was found first.
    pub preemptions_before: usize,
    /// How it was found.
    pub phase: Phase,
    /// Which schedule of its phase it was, from 1.
    pub nth: usize,
    /// Which schedule of the exploration it was, from 1.
    pub nth_in_all: usize,
    /// How many executions the shrinking took.
    pub replays: usize,
    /// Whether the failure came again when the schedule was replayed. If not, the program depends on something besides the
    /// schedule, and the recording shows another execution.
    pub reproduced: bool,
    /// All steps of the schedule that is shown.
    pub recording: Recording,
}

/// What came of an exploration.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// The first failure, if there was one.
    pub found: Option<Found>,
    /// What was covered before.
    pub covered: Vec<Coverage>,
    /// How many schedules were run in all.
    pub schedules: usize,
    /// How many steps they took in all.
    pub steps: u64,
}

pub(super) fn once(
    strategy: Box<dyn Strategy>,
    limits: &Limits,
    recorded: bool,
    choices: Vec<Choice>,
    body: &Body,
) -> Ran {
    let body = Rc::clone(body);
    execution::run(strategy, limits, recorded, choices, Box::new(move || body()))
}

/// Tries schedules of `body` until one fails or the plan is done.
///
/// Deterministic: the same program and plan give the same exploration, if the program depends on nothing but its schedule.
pub fn explore(plan: &Plan, body: impl Fn() + 'static) -> Exploration {
    watch_panics();
    let body: Body = Rc::new(body);
    let mut exploration = Exploration { found: None, covered: Vec::new(), schedules: 0, steps: 0 };
    let mut choices = Vec::new();
    for phase in &plan.phases {
        // A bound that leaves nothing out leaves nothing to the next one.
        let complete = exploration.covered.last().is_some_and(|last| last.exhausted && all_of_it(&exploration, last));
        if complete {
            break;
        }
        let (mut strategy, most) = phase.strategy();
        let mut coverage = Coverage { phase: phase.clone(), schedules: 0, exhausted: false };
        while coverage.schedules < most && exploration.steps < plan.steps && strategy.begin() {
            let ran = once(strategy, &plan.limits, false, choices, &body);
            strategy = ran.strategy;
            choices = ran.choices;
            coverage.schedules += 1;
            exploration.schedules += 1;
            exploration.steps += u64::from(ran.steps);
            if let Some(failure) = ran.failure {
                let first = Candidate { failure, schedule: choices, preemptions: ran.preemptions as usize };
                let found = explain(first, plan, phase.clone(), coverage.schedules, exploration.schedules, &body);
                exploration.found = Some(found);
                exploration.covered.push(coverage);
                return exploration;
            }
        }
        // Whether there is one more can only be asked by asking for it.
        coverage.exhausted =
            strategy.exhausted() || (coverage.schedules < most && !strategy.begin() && strategy.exhausted());
        exploration.covered.push(coverage);
    }
    exploration
}

/// Whether a bound of preemptions that was exhausted covers as many schedules as the bound below it: then no higher one adds any.
fn all_of_it(exploration: &Exploration, last: &Coverage) -> bool {
    let Phase::Bounded { preemptions, .. } = last.phase else { return false };
    exploration.covered.iter().any(|coverage| {
        matches!(coverage.phase, Phase::Bounded { preemptions: lower, .. } if lower + 1 == preemptions)
            && coverage.exhausted
            && coverage.schedules == last.schedules
    })
}

/// Runs one schedule and records it.
pub fn replay(schedule: Vec<Choice>, limits: &Limits, body: impl Fn() + 'static) -> (Option<Failure>, Recording) {
    watch_panics();
    let body: Body = Rc::new(body);
    let mut strategy = Box::new(Replay::new(schedule));
    strategy.begin();
    let ran = once(strategy, limits, true, Vec::new(), &body);
    (ran.failure, ran.recording.unwrap_or_default())
}

impl Phase {
    fn strategy(&self) -> (Box<dyn Strategy>, usize) {
        match *self {
            Phase::Urw { seed, schedules } => (Box::new(Urw::new(seed, schedules)), schedules),
            Phase::Random { seed, schedules } => (Box::new(Random::new(seed, schedules)), schedules),
            Phase::Spurious { seed, schedules } => (Box::new(Random::with_spurious(seed, schedules, 2)), schedules),
            Phase::Bounded { preemptions, most } => (Box::new(Bounded::new(preemptions)), most),
            Phase::Replay { ref schedule } => (Box::new(Replay::new(schedule.clone())), 1),
        }
    }
}

/// Panics of explored programs are noted, not printed.
fn watch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if execution::is_exploring() {
                execution::note_panic(message_of(info.payload()), location_of(info));
            } else {
                before(info);
            }
        }));
    });
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message").to_owned()
}

fn location_of(info: &panic::PanicHookInfo) -> Option<&'static Location<'static>> {
    // The hook borrows a location that the compiler has put into the program's constants.
    info.location().map(|location| {
        // SAFETY: `Location`s are made by the compiler as `'static` constants; the hook's shorter lifetime is that of
        // the `PanicHookInfo`, not of the value it points to.
        unsafe { &*std::ptr::from_ref(location).cast::<Location<'static>>() }
    })
}
