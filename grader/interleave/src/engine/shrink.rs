//! The way from a failing schedule to one that a person can read: fewer preemptions, fewer switches, fewer steps.

use super::execution::run::{Body, once};
use super::failure::{Failure, FailureKind};
use super::plan::{Found, Phase, Plan};
use super::strategy::{Bounded, Choice, Replay, Strategy};
use super::task::TaskId;
use std::collections::BTreeSet;

/// A failing schedule on its way to a short one.
#[derive(Clone)]
pub(super) struct Candidate {
    pub(super) failure: Failure,
    pub(super) schedule: Vec<Choice>,
    pub(super) preemptions: usize,
}

impl Candidate {
    /// What is better to read: fewer preemptions, then fewer switches, then fewer steps.
    fn cost(&self) -> (usize, usize, usize) {
        let mut switches = 0;
        let mut last = None;
        for choice in &self.schedule {
            if let Choice::Task(task) = choice {
                switches += usize::from(last.is_some_and(|last| last != *task));
                last = Some(*task);
            }
        }
        (self.preemptions, switches, self.schedule.len())
    }

    fn is_like(&self, other: &Candidate) -> bool {
        let (mine, theirs) = (&self.failure, &other.failure);
        mine.kind == theirs.kind && mine.at == theirs.at
    }
}

/// Executions that the shrinking of a schedule may take, and steps.
const MOST_REPLAYS: usize = 4000;
const MOST_REPLAY_STEPS: u64 = 1_500_000;

/// Makes a failing schedule short, and records it.
pub(super) fn explain(
    first: Candidate,
    plan: &Plan,
    phase: Phase,
    nth: usize,
    nth_in_all: usize,
    body: &Body,
) -> Found {
    let mut shrinking = Shrinking { plan, body, replays: 0, steps: 0 };
    let preemptions_before = first.preemptions;
    let again = shrinking.replay(first.schedule.clone());
    let reproduced = again.as_ref().is_some_and(|again| again.is_like(&first));
    let mut best = first;
    // A schedule that was given is shown as it is. So is a real wait: each one takes a second to be known.
    if reproduced && !matches!(phase, Phase::Replay { .. }) && best.failure.kind != FailureKind::RealWait {
        best = shrinking.without_bystanders(best);
        best = shrinking.merge(best);
        best = shrinking.fewer_preemptions(best);
    }
    let mut strategy = Box::new(Replay::new(best.schedule.clone()));
    strategy.begin();
    let shown = once(strategy, &plan.limits, true, Vec::new(), body);
    Found {
        failure: shown.failure.unwrap_or(best.failure),
        preemptions: best.preemptions,
        schedule: best.schedule,
        preemptions_before,
        phase,
        nth,
        nth_in_all,
        reproduced,
        recording: shown.recording.unwrap_or_default(),
    }
}

struct Shrinking<'a> {
    plan: &'a Plan,
    body: &'a Body,
    replays: usize,
    steps: u64,
}

impl Shrinking<'_> {
    fn is_spent(&self) -> bool {
        self.replays >= MOST_REPLAYS || self.steps >= MOST_REPLAY_STEPS
    }

    fn run(&mut self, strategy: Box<dyn Strategy>) -> (Option<Candidate>, Box<dyn Strategy>) {
        self.replays += 1;
        let ran = once(strategy, &self.plan.limits, false, Vec::new(), self.body);
        self.steps += u64::from(ran.steps);
        let candidate = ran.failure.map(|failure| Candidate {
            failure,
            schedule: ran.choices,
            preemptions: ran.preemptions as usize,
        });
        (candidate, ran.strategy)
    }

    fn replay(&mut self, schedule: Vec<Choice>) -> Option<Candidate> {
        let mut strategy = Box::new(Replay::new(schedule));
        strategy.begin();
        self.run(strategy).0
    }

    /// Leaves out whole tasks: one that has nothing to do with the failure can go on when nobody else does.
    fn without_bystanders(&mut self, mut best: Candidate) -> Candidate {
        let turned = turns(&best.schedule).into_iter().map(|turn| turn.0);
        for task in turned.collect::<BTreeSet<_>>() {
            if self.is_spent() {
                break;
            }
            let others = turns(&best.schedule).into_iter().filter(|turn| turn.0 != task);
            if let Some(found) = self.replay(others.flat_map(|turn| turn.1).collect())
                && found.is_like(&best)
                && found.cost() < best.cost()
            {
                best = found;
            }
        }
        best
    }

    /// Joins what a task does in several turns into fewer turns, as long as the failure stays.
    fn merge(&mut self, mut best: Candidate) -> Candidate {
        'better: loop {
            let turns = turns(&best.schedule);
            for index in 0..turns.len() {
                let Some(later) = (index + 1..turns.len()).find(|later| turns[*later].0 == turns[index].0) else {
                    continue;
                };
                for pull in [true, false] {
                    if self.is_spent() {
                        return best;
                    }
                    let mut order: Vec<usize> = (0..turns.len()).collect();
                    if pull {
                        order.remove(later);
                        order.insert(index + 1, later);
                    } else {
                        order.remove(index);
                        order.insert(later - 1, index);
                    }
                    let schedule = order.iter().flat_map(|turn| turns[*turn].1.iter().copied()).collect();
                    if let Some(found) = self.replay(schedule)
                        && found.is_like(&best)
                        && found.cost() < best.cost()
                    {
                        best = found;
                        continue 'better;
                    }
                }
            }
            let Some(unusual) = best.schedule.iter().position(|choice| {
                matches!(choice, Choice::Spurious(_) | Choice::Late)
                    || matches!(choice, Choice::Outcome(outcome) if *outcome > 0)
            }) else {
                return best;
            };
            // Each unusual outcome is tried without, once per better candidate.
            for at in unusual..best.schedule.len() {
                let mut schedule = best.schedule.clone();
                match schedule[at] {
                    Choice::Spurious(_) | Choice::Late => _ = schedule.remove(at),
                    Choice::Outcome(outcome) if outcome > 0 => schedule[at] = Choice::Outcome(0),
                    _ => continue,
                }
                if self.is_spent() {
                    return best;
                }
                if let Some(found) = self.replay(schedule)
                    && found.is_like(&best)
                    && found.cost() < best.cost()
                {
                    best = found;
                    continue 'better;
                }
            }
            return best;
        }
    }

    /// Looks for the same failure among all schedules with fewer preemptions.
    fn fewer_preemptions(&mut self, mut best: Candidate) -> Candidate {
        // What `merge` has used says nothing about how many schedules there are with few preemptions.
        (self.replays, self.steps) = (0, 0);
        for bound in 0..best.preemptions.min(3) {
            let mut strategy: Box<dyn Strategy> = Box::new(Bounded::new(bound));
            while !self.is_spent() && strategy.begin() {
                let (found, back) = self.run(strategy);
                strategy = back;
                if let Some(found) = found.filter(|found| found.is_like(&best) && found.cost() < best.cost()) {
                    best = self.merge(found);
                    return best;
                }
            }
        }
        best
    }
}

/// The schedule as turns: who, and all choices until somebody else's turn.
fn turns(schedule: &[Choice]) -> Vec<(TaskId, Vec<Choice>)> {
    let mut turns: Vec<(TaskId, Vec<Choice>)> = Vec::new();
    for choice in schedule {
        match (choice, turns.last_mut()) {
            (Choice::Task(task), Some(turn)) if turn.0 == *task => turn.1.push(*choice),
            (Choice::Task(task), _) => turns.push((*task, vec![*choice])),
            (_, Some(turn)) => turn.1.push(*choice),
            (_, None) => turns.push((TaskId(0), vec![*choice])),
        }
    }
    turns
}
