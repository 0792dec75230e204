//! The end of an execution whose task waits in something real.

use super::points::abandon;
use super::{Execution, with_execution};
use crate::engine::failure::{Failure, FailureKind};
use crate::engine::record::Mark;

/// Ends the execution, and the running task where it stands. Returns only if no task runs on this operating-system thread.
///
/// To be called on the stack of that task.
pub(in crate::engine) fn give_up() {
    if with_execution(Execution::fails_in_real_wait) == Some(true) {
        abandon();
    }
}

impl Execution {
    fn fails_in_real_wait(&mut self) -> bool {
        let task = &self.tasks[self.current.index()];
        let runs = task.coroutine.is_none() && !task.yielder.is_null() && !task.is_finished();
        if runs && self.failure.is_none() {
            let at = self.last_place();
            if let Some(at) = at {
                self.record("waits for ever", None, Mark::Failed, String::new, at);
            }
            let message = "it waits in something real, which no other task can end".to_owned();
            let (kind, task) = (FailureKind::RealWait, self.current);
            self.failure = Some(Failure { kind, message, at, task, stuck: Vec::new() });
        }
        runs
    }
}
