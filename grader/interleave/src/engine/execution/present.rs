//! What can be asked of the present execution.

use super::{Execution, with_execution};
use crate::engine::coroutine::Task;
use crate::engine::locals::Locals;
use crate::engine::task::TaskId;
use std::cell::RefCell;
use std::panic::Location;
use std::rc::Rc;

/// The running task. Outside of an execution, the one that the scenario would be.
pub fn current() -> TaskId {
    with_execution(|execution| execution.current).unwrap_or(TaskId(0))
}

/// How many tasks there are that have not ended.
pub fn running() -> usize {
    with_execution(|execution| execution.tasks.iter().filter(|task| !task.is_finished()).count()).unwrap_or(1)
}

/// Whether a task has ended.
pub fn has_ended(task: TaskId) -> bool {
    with_execution(|execution| execution.tasks.get(task.index()).is_none_or(Task::is_finished)).unwrap_or(true)
}

/// A task's name.
pub fn name_of(task: TaskId) -> String {
    with_execution(|execution| execution.tasks.get(task.index()).map(|task| task.name.clone()))
        .flatten()
        .unwrap_or_else(|| "main".to_owned())
}

/// The virtual time since the beginning of the execution, in nanoseconds.
pub fn now() -> u64 {
    with_execution(|execution| execution.now).unwrap_or(0)
}

/// The same, where the program looks at its clock: it may be late.
pub(crate) fn read_clock() -> u64 {
    with_execution(|execution| {
        execution.late(true);
        execution.now
    })
    .unwrap_or(0)
}

/// Whether time has passed in this execution although somebody could go on ([`Phase::Late`](super::super::Phase::Late)).
pub fn was_late() -> bool {
    with_execution(|execution| execution.late > 0).unwrap_or(false)
}

/// Whether atomics may return values that are not the newest.
pub(crate) fn weak_memory() -> bool {
    with_execution(|execution| execution.limits.weak_memory).unwrap_or(false)
}

/// The `thread_local!` values of the running task.
pub(crate) fn locals() -> Option<Rc<RefCell<Locals>>> {
    with_execution(|execution| Rc::clone(&execution.tasks[execution.current.index()].locals))
}

/// Destroys the running task's `thread_local!` values.
pub(crate) fn destroy_locals() {
    if let Some(locals) = locals() {
        Locals::destroy_all(&locals);
    }
}

/// Where the running task was last seen, if the execution is recorded: for an operation whose place cannot be asked for.
pub(crate) fn last_place(otherwise: &'static Location<'static>) -> &'static Location<'static> {
    with_execution(|execution| execution.last_place()).flatten().unwrap_or(otherwise)
}

impl Execution {
    /// Where the running task was last seen, if the execution is recorded.
    pub(super) fn last_place(&self) -> Option<&'static Location<'static>> {
        let events = &self.recording.as_ref()?.events;
        events.iter().rev().find(|event| event.task == self.current).map(|event| event.at)
    }
}
