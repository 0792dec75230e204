//! Steps: the points at which another task may go first, and what is recorded of them.

use super::{is_exploring, with_execution};
use crate::engine::failure::FailureKind;
use crate::engine::object::{Object, ObjectId};
use crate::engine::record::Mark;
use crate::engine::strategy::Choice;
use crate::engine::watch;
use std::panic::Location;

/// The moment before an operation that other tasks could notice: another one may go first. Then the operation is recorded,
/// and must be done at once.
#[track_caller]
pub fn point(operation: &'static str, object: &Object) {
    point_at(operation, object, Location::caller());
}

/// As [`point`], for an operation whose place cannot be asked for: a destructor's.
pub fn point_at(operation: &'static str, object: &Object, at: &'static Location<'static>) {
    if !is_exploring() {
        return;
    }
    let id = object.id();
    step(false);
    watch::passed(at);
    record(operation, Some(id), Mark::Done, String::new, at);
}

/// As [`point`], for an operation on no object in particular.
#[track_caller]
pub fn point_of_task(operation: &'static str) {
    if !is_exploring() {
        return;
    }
    step(false);
    record(operation, None, Mark::Done, String::new, Location::caller());
}

/// The running task gives way to any other that can go on.
#[track_caller]
pub fn yield_point(operation: &'static str) {
    yield_point_at(operation, Location::caller());
}

/// As [`yield_point`], for an operation whose place cannot be asked for.
pub fn yield_point_at(operation: &'static str, at: &'static Location<'static>) {
    if !is_exploring() {
        return;
    }
    step(true);
    record(operation, None, Mark::Done, String::new, at);
}

/// Adds to what is known of the operation just recorded: the value that was read, say.
pub fn note(detail: impl FnOnce() -> String) {
    with_execution(|execution| {
        let current = execution.current;
        let recording = execution.recording.as_mut().filter(|_| execution.rescue.is_none());
        if let Some(event) = recording.and_then(|recording| recording.events.last_mut())
            && event.task == current
        {
            event.detail = detail();
        }
    });
}

/// Records a step that is no scheduling point.
pub fn record(
    operation: &'static str,
    object: Option<ObjectId>,
    mark: Mark,
    detail: impl FnOnce() -> String,
    at: &'static Location<'static>,
) {
    with_execution(|execution| execution.record(operation, object, mark, detail, at));
}

/// Picks one of `count` legal outcomes of the operation in progress; 0 is the usual one.
pub fn choose(count: usize) -> usize {
    if count < 2 {
        return 0;
    }
    with_execution(|execution| {
        let outcome = execution.strategy.outcome(count);
        execution.choices.push(Choice::Outcome(outcome as u32));
        if outcome > 0 {
            execution.preemptions += 1;
        }
        outcome
    })
    .unwrap_or(0)
}

/// Ends the execution: it has shown a failure. Does not return if called by a task.
#[track_caller]
pub fn fail(kind: FailureKind, message: String) {
    let at = Location::caller();
    with_execution(|execution| execution.fail(kind, message, Some(at)));
    if is_exploring() {
        abandon();
    }
}

/// Ends the execution: what the running task asks for would lead out of the program. `what` is a sentence without its full stop.
///
/// # Panics
/// Outside of an execution.
#[track_caller]
pub fn unexplorable(what: &str) -> ! {
    fail(FailureKind::Unexplorable, what.to_owned());
    panic!("{what}")
}

/// One step of the running task, and perhaps of others before it.
fn step(yielding: bool) {
    watch::count();
    let go_on = with_execution(|execution| {
        // A failed execution does not go on, but for the search for a lost wakeup.
        if execution.failure.is_some() && execution.rescue.is_none() {
            return false;
        }
        execution.steps += 1;
        if execution.steps > execution.limits.steps {
            let limit = execution.limits.steps;
            if execution.rescue.is_none() {
                let message = format!("{limit} steps, and nothing has come of them");
                execution.fail(FailureKind::Livelock, message, None);
            }
            return false;
        }
        execution.decide(yielding);
        true
    });
    if go_on == Some(false) {
        abandon();
    }
    let stays = with_execution(|execution| {
        let stays = execution.next == Some(execution.current);
        if stays {
            execution.next = None;
        }
        stays
    });
    if stays == Some(false) {
        suspend();
    }
}

/// Hands control to the executor; returns when it is the running task's turn again.
pub(super) fn suspend() {
    let yielder = with_execution(|execution| execution.tasks[execution.current.index()].yielder);
    let Some(yielder) = yielder.filter(|yielder| !yielder.is_null()) else {
        unreachable!("a task that runs has a yielder");
    };
    // SAFETY: the yielder lives on the stack of the running coroutine, below this frame.
    unsafe { (*yielder).suspend(()) };
}

/// Stops the running task where it stands, for good.
pub(super) fn abandon() -> ! {
    with_execution(|execution| execution.next = None);
    loop {
        suspend();
    }
}
