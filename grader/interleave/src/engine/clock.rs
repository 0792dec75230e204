//! Vector clocks: what happens before what.
//!
//! C. Fidge, "Timestamps in message-passing systems that preserve the partial ordering" (1988); F. Mattern, "Virtual time
//! and global states of distributed systems" (1989).

use super::task::TaskId;

/// A moment in the life of a task, to be asked later whether it is past for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Whose.
    pub task: TaskId,
    /// How far the task's own clock had come.
    pub count: u32,
}

/// For each task, how much of its past is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clock(Vec<u32>);

impl Clock {
    /// The clock that knows nothing.
    pub const fn new() -> Self {
        Clock(Vec::new())
    }

    /// How much of `task`'s past is known.
    pub fn of(&self, task: TaskId) -> u32 {
        self.0.get(task.index()).copied().unwrap_or(0)
    }

    /// Whether a moment is past for whoever this clock is of.
    pub fn knows(&self, moment: Moment) -> bool {
        self.of(moment.task) >= moment.count
    }

    /// Knows a step more of `task`, which must be the clock's own.
    pub fn advance(&mut self, task: TaskId) {
        if self.0.len() <= task.index() {
            self.0.resize(task.index() + 1, 0);
        }
        self.0[task.index()] += 1;
    }

    /// Knows this moment, and what its task did before, as well.
    pub fn learn(&mut self, moment: Moment) {
        let index = moment.task.index();
        if self.0.len() <= index {
            self.0.resize(index + 1, 0);
        }
        self.0[index] = self.0[index].max(moment.count);
    }

    /// Knows all that `other` knows as well.
    pub fn join(&mut self, other: &Clock) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = (*mine).max(*theirs);
        }
    }

    /// Whether all that this clock knows is known to `other`: what it stands for happened before.
    pub fn is_before(&self, other: &Clock) -> bool {
        self.0.iter().enumerate().all(|(index, mine)| *mine <= other.0.get(index).copied().unwrap_or(0))
    }

    /// Knows nothing again.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
