//! Whose turn it is: tasks that can go on, or else time that passes, or else rest.

use super::Execution;
use crate::engine::clock::Clock;
use crate::engine::coroutine::{State, Task};
use crate::engine::record::Mark;
use crate::engine::signal::Alarm;
use crate::engine::strategy::{Choice, Decision, RoundRobin, Strategy};
use crate::engine::task::{Flavour, TaskId};
use crate::engine::wait::{Wait, WaitKind, Woken};
use std::task::Waker;
use std::time::Duration;

/// After so many steps of one task while others could go on, it gives way once: a loop that waits for another task
/// without saying so (`while !flag.load(…) {}`) must not keep that task from running for ever.
const PATIENCE: u32 = 400;

/// So often a task may yield and go on at once while nobody else does anything: a loop that yields until something has happened
/// must not have infinitely many schedules.
const MOST_YIELDS: u32 = 3;

impl Execution {
    /// Decides who goes next, as `self.next`; `None` there means that the execution is over.
    pub(super) fn decide(&mut self, yielding: bool) {
        self.spurious();
        // Whoever is late gives way to those whose time has come.
        let yielding = self.late(false) || yielding;
        let mut options = std::mem::take(&mut self.options);
        loop {
            options.clear();
            for (index, task) in self.tasks.iter().enumerate() {
                if task.is_runnable() {
                    options.push(TaskId(index as u32));
                }
            }
            if !options.is_empty() || !self.advance_time() && !self.rest() {
                break;
            }
        }
        let mut current = options.iter().position(|task| *task == self.current);
        let mut yielded = None;
        self.streak = if current.is_some() { self.streak + 1 } else { 0 };
        if (yielding || self.streak > PATIENCE) && options.len() > 1 && current.is_some() {
            // Who yields may go on at once all the same, but not for ever.
            if self.streak > PATIENCE || self.yields >= MOST_YIELDS {
                options.retain(|task| *task != self.current);
            }
            yielded = Some(self.current);
            current = None;
        }
        self.next = match options.len() {
            0 => None,
            1 => {
                if self.rescue.is_none() {
                    self.strategy.forced(options[0]);
                }
                Some(options[0])
            }
            _ => {
                let decision = Decision { options: &options, current, yielded };
                let picked = match &self.rescue {
                    None => self.strategy.pick(&decision),
                    Some(_) => RoundRobin.pick(&decision),
                };
                let goes_on = yielded.is_some_and(|yielded| options[picked] == yielded);
                if goes_on {
                    self.yields += 1;
                }
                if goes_on || current.is_some_and(|current| current != picked) {
                    self.preemptions += 1;
                }
                Some(options[picked])
            }
        };
        if let Some(next) = self.next {
            if next != self.current {
                (self.streak, self.yields) = (0, 0);
            }
            if self.rescue.is_none() {
                self.choices.push(Choice::Task(next));
            }
        }
        self.options = options;
    }

    /// Lets the strategy end a wait for no reason.
    fn spurious(&mut self) {
        if self.rescue.is_some() || !self.strategy.wants_spurious() {
            return;
        }
        let may = |wait: &Wait| matches!(wait.kind, WaitKind::Notification | WaitKind::Waker);
        let may = |task: &Task| matches!(&task.state, State::Blocked(wait) if may(wait));
        let waiting: Vec<TaskId> =
            (0..self.tasks.len() as u32).map(TaskId).filter(|id| may(&self.tasks[id.index()])).collect();
        if waiting.is_empty() {
            return;
        }
        if let Some(chosen) = self.strategy.spurious(&waiting) {
            self.choices.push(Choice::Spurious(chosen));
            self.preemptions += 1;
            let task = &mut self.tasks[chosen.index()];
            task.wake(Woken::Spurious);
        }
    }

    /// Lets the strategy say that whoever can go on is late; whether it has. `woken`: also those who were woken before their time was up.
    pub(super) fn late(&mut self, woken: bool) -> bool {
        if self.rescue.is_some() || self.failure.is_some() || !self.strategy.wants_late() {
            return false;
        }
        let now = self.now;
        let missed = self.tasks.iter().filter(|task| woken && task.is_runnable()).filter_map(|task| task.deadline);
        let missed = missed.filter(|deadline| *deadline > now).min();
        if let Some(next) = self.next_deadline().into_iter().chain(missed).min()
            && self.strategy.late(woken)
        {
            self.choices.push(Choice::Late);
            self.preemptions += 1;
            self.late += 1;
            let passes = Duration::from_nanos(next.saturating_sub(now));
            if let Some(at) = self.last_place() {
                self.record("note", None, Mark::Note, || format!("is late: {passes:?} pass"), at);
            }
            self.pass(next);
            return true;
        }
        false
    }

    /// Lets time pass to the next deadline. False if nobody waits for one.
    fn advance_time(&mut self) -> bool {
        let Some(next) = self.next_deadline() else { return false };
        self.pass(next);
        true
    }

    /// The next deadline of those who wait.
    fn next_deadline(&self) -> Option<u64> {
        let timer = self.timers.first_key_value().map(|((deadline, _), _)| *deadline);
        self.tasks.iter().filter_map(deadline).chain(timer).min()
    }

    /// Time passes.
    fn pass(&mut self, next: u64) {
        self.now = self.now.max(next);
        let now = self.now;
        for task in &mut self.tasks {
            if deadline(task).is_some_and(|deadline| deadline <= now) {
                task.wake(Woken::TimedOut);
            }
        }
        self.fire_timers();
    }

    fn fire_timers(&mut self) {
        let mut foreign = Vec::new();
        while let Some(timer) = self.timers.first_entry().filter(|timer| timer.key().0 <= self.now) {
            let signal = match timer.remove() {
                Alarm::Signal(signal) => signal,
                Alarm::Waker(waker) => {
                    foreign.push(waker);
                    continue;
                }
            };
            let task = &mut self.tasks[signal.expire().index()];
            if matches!(task.state, State::Blocked(wait) if wait.kind == WaitKind::Waker) {
                task.wake(Woken::TimedOut);
            }
        }
        if foreign.is_empty() {
            return;
        }
        // What the program does in a waker of its own making has scheduling points: it takes a task.
        let id = TaskId(self.tasks.len() as u32);
        let mut clock = Clock::new();
        clock.advance(id);
        let body = Box::new(move || foreign.into_iter().for_each(Waker::wake));
        self.add("timer".into(), Flavour::Thread, clock, body);
        self.strategy.spawned(id, TaskId(0));
    }

    /// Everything rests: whoever has waited for that goes on. False if nobody has.
    fn rest(&mut self) -> bool {
        let waits = |task: &&mut Task| matches!(&task.state, State::Blocked(wait) if wait.kind == WaitKind::Rest);
        let Some(task) = self.tasks.iter_mut().find(waits) else { return false };
        task.wake(Woken::Signalled);
        true
    }
}

/// When the wait of a task is over at the latest.
fn deadline(task: &Task) -> Option<u64> {
    match &task.state {
        State::Blocked(wait) => wait.deadline,
        _ => None,
    }
}
