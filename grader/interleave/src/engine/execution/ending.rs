//! What it means that nothing can go on: the end, a deadlock, or a wakeup that was lost.

use super::Execution;
use crate::engine::coroutine::State;
use crate::engine::failure::FailureKind;
use crate::engine::task::TaskId;
use crate::engine::wait::{Stuck, WaitKind, Woken};

/// Steps that the search for a lost wakeup may take after a deadlock.
const RESCUE_STEPS: u32 = 2000;

impl Execution {
    fn stuck(&self) -> Vec<Stuck> {
        let tasks = self.tasks.iter().enumerate();
        let stuck = tasks.filter_map(|(index, task)| match task.state {
            State::Blocked(wait) => {
                Some(Stuck { task: TaskId(index as u32), flavour: task.flavour, wait, missed: false })
            }
            _ => None,
        });
        stuck.collect()
    }

    /// Nothing can go on. Decides what that means; true if the execution goes on to find out.
    pub(super) fn at_end(&mut self) -> bool {
        if let Some(mut stuck) = self.rescue.take() {
            for each in &mut stuck {
                each.missed = each.missed
                    && match &self.tasks[each.task.index()].state {
                        // Having been woken, it may wait for the lock that it gave up to wait: that is no progress.
                        State::Blocked(wait) => {
                            wait.at != each.wait.at || wait.object != each.wait.object && wait.kind != WaitKind::Lock
                        }
                        _ => true,
                    };
            }
            if let Some(failure) = &mut self.failure {
                if stuck.iter().any(|each| each.missed) {
                    failure.kind = FailureKind::LostWakeup;
                }
                failure.stuck = stuck;
            }
            return false;
        }
        let stuck = self.stuck();
        if stuck.is_empty() || self.failure.is_some() {
            return false;
        }
        let scenario_waits = !self.tasks[0].is_finished();
        if !scenario_waits && self.limits.leftovers {
            return false;
        }
        self.fail(if scenario_waits { FailureKind::Deadlock } else { FailureKind::Leak }, String::new(), None);
        self.rescue(stuck);
        true
    }

    /// Wakes everyone whose wait may end at any time, to see whether the condition that they wait for holds.
    fn rescue(&mut self, mut stuck: Vec<Stuck>) {
        for each in &mut stuck {
            if matches!(each.wait.kind, WaitKind::Notification | WaitKind::Waker) {
                let task = &mut self.tasks[each.task.index()];
                task.wake(Woken::Spurious);
                each.missed = true;
            }
        }
        self.steps = self.limits.steps.saturating_sub(RESCUE_STEPS);
        self.rescue = Some(stuck);
    }
}
