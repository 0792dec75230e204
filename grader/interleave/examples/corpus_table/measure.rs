//! One engine alone on one bug.

use crate::bug::{Bug, Version};
use interleave::engine::{Limits, Phase, Plan, explore};
use std::fmt;

/// Schedules that each engine may try.
const MOST: usize = 2000;
/// Runs of an engine that is random, each from its own seed.
const SEEDS: u64 = 10;

#[derive(Clone, Copy)]
pub(crate) enum Engine {
    Bounded(usize),
    Urw,
    Random,
    Spurious,
    /// All of them in turn, as scenarios have it.
    Usual,
}

impl Engine {
    pub(crate) const ALL: [Engine; 7] = [
        Engine::Bounded(0),
        Engine::Bounded(1),
        Engine::Bounded(2),
        Engine::Urw,
        Engine::Random,
        Engine::Spurious,
        Engine::Usual,
    ];

    fn plans(self, limits: Limits) -> Vec<Plan> {
        let alone = |phase| Plan { phases: vec![phase], steps: u64::MAX, limits };
        let seeds = 1..=SEEDS;
        match self {
            Engine::Bounded(preemptions) => vec![alone(Phase::Bounded { preemptions, most: MOST })],
            Engine::Urw => seeds.map(|seed| alone(Phase::Urw { seed, schedules: MOST })).collect(),
            Engine::Random => seeds.map(|seed| alone(Phase::Random { seed, schedules: MOST })).collect(),
            Engine::Spurious => seeds.map(|seed| alone(Phase::Spurious { seed, schedules: MOST })).collect(),
            Engine::Usual => vec![Plan::usual(1000, 2_000_000, limits)],
        }
    }
}

/// What came of it.
pub(crate) struct Measured {
    runs: usize,
    /// Which schedule was the first to fail, for each run in which one was.
    first: Vec<usize>,
    /// All schedules of this kind were tried, so many.
    exhausted: Option<usize>,
    /// It showed as something else in so many runs.
    otherwise: usize,
}

impl Measured {
    pub(crate) fn is_found(&self) -> bool {
        !self.first.is_empty()
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first.get(self.runs / 2), self.exhausted) {
            (Some(median), _) => write!(formatter, "{median}")?,
            (None, Some(all)) => write!(formatter, "none of {all}")?,
            (None, None) => write!(formatter, "–")?,
        }
        if self.runs > 1 && self.is_found() && self.first.len() < self.runs {
            write!(formatter, " ({}/{})", self.first.len(), self.runs)?;
        }
        if self.otherwise > 0 {
            write!(formatter, " ({} as something else)", self.otherwise)?;
        }
        Ok(())
    }
}

pub(crate) fn measure(bug: &Bug, engine: Engine) -> Measured {
    let plans = engine.plans(bug.limits);
    let mut measured = Measured { runs: plans.len(), first: Vec::new(), exhausted: None, otherwise: 0 };
    for plan in plans {
        let program = bug.program;
        let exploration = explore(&plan, move || program(Version::Broken));
        match exploration.found {
            Some(found) => {
                measured.first.push(found.nth_in_all);
                measured.otherwise += usize::from(found.failure.kind != bug.kind);
            }
            None if matches!(engine, Engine::Usual) => {}
            None => {
                let all = exploration.covered.first().filter(|coverage| coverage.exhausted);
                measured.exhausted = all.map(|coverage| coverage.schedules);
            }
        }
    }
    measured.first.sort_unstable();
    measured
}
