//! What happens before what.

use super::present::current;
use super::with_execution;
use crate::engine::clock::{Clock, Moment};
use crate::engine::task::TaskId;

/// What the running task did happened before what acquires `clock` from now on.
pub fn release(clock: &mut Clock) {
    with_execution(|execution| {
        let current = execution.current;
        let own = &mut execution.tasks[current.index()].clock;
        own.advance(current);
        clock.join(own);
    });
}

/// As [`release`], but `clock` forgets what it knew: a store, not an addition.
pub fn release_into(clock: &mut Clock) {
    clock.clear();
    release(clock);
}

/// What `clock` stands for happened before what the running task does from now on.
pub fn acquire(clock: &Clock) {
    with_execution(|execution| execution.tasks[execution.current.index()].clock.join(clock));
}

/// Everything that `task` has done happened before what the running task does from now on.
pub fn acquire_from(task: TaskId) {
    with_execution(|execution| {
        let theirs = execution.tasks[task.index()].clock.clone();
        execution.tasks[execution.current.index()].clock.join(&theirs);
    });
}

/// What the running task knows of the past.
pub fn clock_of_current() -> Clock {
    with_execution(|execution| {
        let current = execution.current;
        let own = &mut execution.tasks[current.index()].clock;
        own.advance(current);
        own.clone()
    })
    .unwrap_or_default()
}

/// This moment of the running task: later than all it has released so far.
pub fn moment() -> Moment {
    let count = with_execution(|execution| {
        let current = execution.current;
        let own = &mut execution.tasks[current.index()].clock;
        own.advance(current);
        own.of(current)
    });
    Moment { task: current(), count: count.unwrap_or(0) }
}

/// `moment` happened before what the running task does from now on: the caller knows, by other means than the engine's.
pub fn learn(moment: Moment) {
    with_execution(|execution| execution.tasks[execution.current.index()].clock.learn(moment));
}

/// Whether `moment` happened before what the running task does from now on.
pub fn knows(moment: Moment) -> bool {
    with_execution(|execution| execution.tasks[execution.current.index()].clock.knows(moment)).unwrap_or(true)
}
