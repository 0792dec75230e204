//! What is to be tried, and what came of it.

use super::failure::Failure;
use super::limits::Limits;
use super::record::Recording;
use super::strategy::{Bounded, Choice, Random, Replay, Strategy, Urw};

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
    /// Random choice, and somebody may be late: time passes to the next deadline although others can go on. Programs that demand exact
    /// times must ask [`was_late`](super::was_late).
    Late {
        /// The seed.
        seed: u64,
        /// How many schedules.
        schedules: usize,
        /// How often in each schedule at most.
        most: u32,
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

impl Phase {
    pub(super) fn strategy(&self) -> (Box<dyn Strategy>, usize) {
        match *self {
            Phase::Urw { seed, schedules } => (Box::new(Urw::new(seed, schedules)), schedules),
            Phase::Random { seed, schedules } => (Box::new(Random::new(seed, schedules)), schedules),
            Phase::Spurious { seed, schedules } => (Box::new(Random::with_spurious(seed, schedules, 2)), schedules),
            Phase::Late { seed, schedules, most } => (Box::new(Random::with_late(seed, schedules, most)), schedules),
            Phase::Bounded { preemptions, most } => (Box::new(Bounded::new(preemptions)), most),
            Phase::Replay { ref schedule } => (Box::new(Replay::new(schedule.clone())), 1),
        }
    }
}
