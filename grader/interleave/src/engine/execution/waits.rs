//! Waits: the running task blocks, or makes others able to go on.

use super::points::{abandon, choose, suspend};
use super::{is_exploring, with_execution};
use crate::engine::coroutine::{State, Task};
use crate::engine::object::ObjectId;
use crate::engine::record::Mark;
use crate::engine::task::TaskId;
use crate::engine::wait::{Wait, WaitKind, Woken};
use std::panic::Location;

/// Waits until woken. Not a scheduling point of its own: whoever calls this has found, after a
/// [`point`](super::points::point), that it cannot go on.
///
/// # Panics
/// Outside of an execution: nobody could ever wake the caller.
pub fn block(wait: Wait) -> Woken {
    assert!(is_exploring(), "{} would wait for ever: no other thread exists here", wait.operation);
    let doomed = with_execution(|execution| {
        if execution.failure.is_some() && execution.rescue.is_none() {
            return true;
        }
        execution.record(wait.operation, wait.object, Mark::Blocked, String::new, wait.at);
        let current = execution.current;
        execution.tasks[current.index()].state = State::Blocked(wait);
        execution.decide(false);
        false
    });
    if doomed == Some(true) {
        abandon();
    }
    if with_execution(|execution| execution.next != Some(execution.current)) == Some(true) {
        suspend();
    } else {
        with_execution(|execution| execution.next = None);
    }
    with_execution(|execution| {
        let woken = execution.tasks[execution.current.index()].woken;
        let mark = match woken {
            Woken::Signalled => Mark::Resumed,
            Woken::TimedOut => Mark::TimedOut,
            Woken::Spurious => Mark::Spurious,
        };
        if wait.kind != WaitKind::Rest {
            execution.record(wait.operation, wait.object, mark, String::new, wait.at);
        }
        woken
    })
    .unwrap_or(Woken::Signalled)
}

/// Waits until no other task can go on and no time-out is pending.
#[track_caller]
pub fn at_rest() {
    if is_exploring() {
        let at = Location::caller();
        block(Wait { kind: WaitKind::Rest, operation: "quiesce", object: None, holder: None, deadline: None, at });
    }
}

/// Makes every task that waits on `object` able to go on.
pub fn wake_all(object: ObjectId) {
    wake_all_of(object, |_| true);
}

/// Makes every task able to go on that waits on `object` in a way that `which` accepts. Returns how many.
pub fn wake_all_of(object: ObjectId, which: impl Fn(&Wait) -> bool) -> usize {
    with_execution(|execution| {
        let mut count = 0;
        for task in &mut execution.tasks {
            if matches!(&task.state, State::Blocked(wait) if wait.object == Some(object) && which(wait)) {
                task.wake(Woken::Signalled);
                count += 1;
            }
        }
        count
    })
    .unwrap_or(0)
}

/// Makes one of the tasks able to go on that wait on `object`; which one is not for the program to say. Returns which.
pub fn wake_one(object: ObjectId) -> Option<TaskId> {
    let waiting = with_execution(|execution| {
        let waits = |task: &&Task| matches!(&task.state, State::Blocked(wait) if wait.object == Some(object));
        execution.tasks.iter().filter(waits).count()
    })?;
    if waiting == 0 {
        return None;
    }
    let chosen = choose(waiting);
    with_execution(|execution| {
        let mut waiting = execution
            .tasks
            .iter_mut()
            .enumerate()
            .filter(|(_, task)| matches!(&task.state, State::Blocked(wait) if wait.object == Some(object)));
        let (index, task) = waiting.nth(chosen)?;
        task.wake(Woken::Signalled);
        Some(TaskId(index as u32))
    })
    .flatten()
}

/// Makes a task able to go on, whatever it waits for. False if it does not wait.
pub fn wake_task(task: TaskId) -> bool {
    wake_task_if(task, |_| true)
}

/// Makes a task able to go on that waits for its waker. False if it waits for something else, or not at all.
pub(crate) fn wake_async(task: TaskId) -> bool {
    wake_task_if(task, |wait| wait.kind == WaitKind::Waker)
}

fn wake_task_if(task: TaskId, which: impl Fn(&Wait) -> bool) -> bool {
    with_execution(|execution| {
        let Some(task) = execution.tasks.get_mut(task.index()) else { return false };
        let waits = matches!(&task.state, State::Blocked(wait) if which(wait));
        if waits {
            task.wake(Woken::Signalled);
        }
        waits
    })
    .unwrap_or(false)
}
