//! Runs a program once, to the end of all its tasks or to the first failure.

use super::{EPOCH, EXECUTION, Execution, is_exploring, with_execution};
use crate::engine::clock::Clock;
use crate::engine::coroutine::{Stack, State, keep_stack};
use crate::engine::failure::Failure;
use crate::engine::limits::Limits;
use crate::engine::record::Recording;
use crate::engine::strategy::{Choice, Strategy};
use crate::engine::task::{Flavour, TaskId};
use crate::engine::wait::{WaitKind, Woken};
use crate::engine::watch;
use corosensei::Coroutine;
use std::collections::BTreeMap;
use std::ptr;
use std::rc::Rc;

/// The program under exploration. It is run from the beginning for every schedule.
pub(in crate::engine) type Body = Rc<dyn Fn()>;

/// Runs the program once.
pub(in crate::engine) fn once(
    strategy: Box<dyn Strategy>,
    limits: &Limits,
    recorded: bool,
    choices: Vec<Choice>,
    body: &Body,
) -> Ran {
    let body = Rc::clone(body);
    run(strategy, limits, recorded, choices, Box::new(move || body()))
}

/// What came of one execution.
pub(in crate::engine) struct Ran {
    pub(in crate::engine) strategy: Box<dyn Strategy>,
    pub(in crate::engine) failure: Option<Failure>,
    pub(in crate::engine) choices: Vec<Choice>,
    pub(in crate::engine) steps: u32,
    pub(in crate::engine) preemptions: u32,
    pub(in crate::engine) recording: Option<Recording>,
}

impl Execution {
    /// The task whose turn it is, to be resumed. `None` when the execution is over.
    fn take_next(&mut self) -> Option<Coroutine<(), (), (), Stack>> {
        while self.next.is_none() {
            if !self.at_end() {
                return None;
            }
            self.decide(false);
        }
        self.current = self.next.take()?;
        self.tasks[self.current.index()].coroutine.take()
    }

    /// A task has come to its end.
    fn finish(&mut self, ended: TaskId) {
        self.tasks[ended.index()].state = State::Finished;
        for task in &mut self.tasks {
            if matches!(&task.state, State::Blocked(wait) if wait.kind == WaitKind::Join && wait.holder == Some(ended))
            {
                task.wake(Woken::Signalled);
            }
        }
        let failed = self.failure.is_some() && self.rescue.is_none();
        if failed {
            self.next = None;
        } else {
            self.decide(false);
        }
    }
}

/// Runs `body` as the first task of a new execution, to the end of all tasks or to the first failure.
///
/// # Panics
/// If called from within an execution.
fn run(
    strategy: Box<dyn Strategy>,
    limits: &Limits,
    recorded: bool,
    mut choices: Vec<Choice>,
    body: Box<dyn FnOnce() + 'static>,
) -> Ran {
    assert!(!is_exploring(), "an exploration cannot be explored");
    watch::count();
    EPOCH.set(EPOCH.get().wrapping_add(1).max(1));
    choices.clear();
    let mut execution = Box::new(Execution {
        limits: *limits,
        tasks: Vec::with_capacity(8),
        current: TaskId(0),
        next: None,
        strategy,
        choices,
        now: 0,
        timers: BTreeMap::new(),
        timers_set: 0,
        steps: 0,
        streak: 0,
        yields: 0,
        preemptions: 0,
        late: 0,
        objects: Vec::new(),
        recording: recorded.then(Recording::default),
        failure: None,
        rescue: None,
        options: Vec::with_capacity(8),
    });
    let mut clock = Clock::new();
    clock.advance(TaskId(0));
    execution.add("the scenario".into(), Flavour::Thread, clock, body);
    let execution: *mut Execution = Box::into_raw(execution);
    EXECUTION.set(execution);
    with_execution(|execution| execution.decide(false));
    while let Some(mut coroutine) = with_execution(Execution::take_next).flatten() {
        let done = coroutine.resume(()).as_return().is_some();
        with_execution(|execution| {
            let current = execution.current;
            if done {
                keep_stack(coroutine.into_stack());
                execution.finish(current);
            } else {
                execution.tasks[current.index()].coroutine = Some(coroutine);
            }
        });
    }
    EXECUTION.set(ptr::null_mut());
    // SAFETY: made by `Box::into_raw` above; nothing points to it any more.
    let mut execution = unsafe { Box::from_raw(execution) };
    // What abandoned tasks own is never dropped, and timers that are left are theirs.
    std::mem::forget(std::mem::take(&mut execution.timers));
    for task in &mut execution.tasks {
        if let Some(mut coroutine) = task.coroutine.take() {
            // SAFETY: what the abandoned task owns is leaked, and nobody is left who could look at its stack: every task of
            // this execution is abandoned with it.
            unsafe { coroutine.force_reset() };
            keep_stack(coroutine.into_stack());
        }
    }
    let mut recording = execution.recording;
    if let Some(recording) = &mut recording {
        recording.things = execution.objects;
    }
    Ran {
        strategy: execution.strategy,
        failure: execution.failure,
        choices: execution.choices,
        steps: execution.steps,
        preemptions: execution.preemptions,
        recording,
    }
}
