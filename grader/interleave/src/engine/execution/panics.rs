//! Panics of tasks.

use super::{Execution, with_execution};
use crate::engine::failure::FailureKind;
use crate::engine::record::Mark;
use crate::engine::watch;
use std::panic::Location;

/// Whether the running task is unwinding.
pub(crate) fn is_unwinding() -> bool {
    with_execution(|execution| execution.tasks[execution.current.index()].unwinding > 0)
        .unwrap_or_else(std::thread::panicking)
}

/// A panic of the running task has been caught.
pub(crate) fn after_caught_panic() {
    with_execution(|execution| {
        let task = &mut execution.tasks[execution.current.index()];
        task.unwinding = task.unwinding.saturating_sub(1);
    });
}

/// The running task is about to panic without the panic hook being called.
pub(crate) fn before_resumed_panic() {
    with_execution(|execution| execution.tasks[execution.current.index()].unwinding += 1);
}

/// The running task panics. Called by the panic hook.
pub(in crate::engine) fn note_panic(message: String, at: Option<&'static Location<'static>>) {
    watch::panicked(&message, at, is_unwinding());
    with_execution(|execution| execution.panicked(message, at));
}

impl Execution {
    fn panicked(&mut self, message: String, at: Option<&'static Location<'static>>) {
        let current = self.current;
        let task = &mut self.tasks[current.index()];
        task.unwinding += 1;
        task.panic = Some((message.clone(), at));
        // Woken by the search for a lost wakeup, it has not found what it waited for.
        let woken = self.rescue.as_mut().and_then(|stuck| stuck.iter_mut().find(|stuck| stuck.task == current));
        if let Some(stuck) = woken {
            stuck.missed = false;
        }
        match at {
            Some(at) if self.limits.panics => {
                self.record("panics", None, Mark::Note, || format!("panics: {message}"), at)
            }
            _ => {}
        }
        if !self.limits.panics {
            self.fail(FailureKind::Panic, message, at);
        }
    }

    pub(super) fn scenario_panicked(&mut self) {
        let (message, at) = self.tasks[0].panic.take().unwrap_or_else(|| ("a panic without a message".into(), None));
        self.fail(FailureKind::Panic, message, at);
    }
}
