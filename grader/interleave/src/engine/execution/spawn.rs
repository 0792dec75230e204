//! The beginning of a task.

use super::panics::after_caught_panic;
use super::present::destroy_locals;
use super::{Execution, with_execution};
use crate::engine::clock::Clock;
use crate::engine::coroutine::{State, Task, keep_stack, take_stack};
use crate::engine::task::{Flavour, TaskId};
use crate::engine::wait::Woken;
use corosensei::Coroutine;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;

/// Starts a task. It can go on from now on; the running one goes on first unless a later point decides otherwise.
///
/// # Panics
/// Outside of an execution, and if there is no room for one more stack.
#[track_caller]
pub fn spawn(name: Option<String>, flavour: Flavour, body: Box<dyn FnOnce() + 'static>) -> TaskId {
    // Room is made out here: a panic in the middle of the engine would find it half done.
    let stack = take_stack();
    keep_stack(stack.unwrap_or_else(|error| panic!("there is no room for the stack of one more thread: {error}")));
    with_execution(|execution| {
        let parent = execution.current;
        let id = TaskId(execution.tasks.len() as u32);
        execution.tasks[parent.index()].clock.advance(parent);
        let mut clock = execution.tasks[parent.index()].clock.clone();
        clock.advance(id);
        let name = name.unwrap_or_else(|| match flavour {
            Flavour::Thread => format!("thread-{}", id.0),
            Flavour::Async => format!("task-{}", id.0),
        });
        execution.add(name, flavour, clock, body);
        execution.strategy.spawned(id, parent);
        id
    })
    .expect("threads are started inside of a scenario")
}

impl Execution {
    /// One task more, which can go on.
    pub(super) fn add(&mut self, name: String, flavour: Flavour, clock: Clock, body: Box<dyn FnOnce() + 'static>) {
        let stack = take_stack().expect("the system has memory for one more stack");
        let index = self.tasks.len();
        let coroutine = Coroutine::with_stack(stack, move |yielder, ()| {
            with_execution(|execution| execution.tasks[index].yielder = yielder);
            // A panic has been noted by the hook; here it only ends the task, and the scenario if it is the scenario's.
            let ended = catch_unwind(AssertUnwindSafe(|| {
                body();
                destroy_locals();
            }));
            if ended.is_err() {
                after_caught_panic();
                if index == 0 {
                    with_execution(Execution::scenario_panicked);
                }
            }
        });
        if let Some(recording) = &mut self.recording {
            recording.tasks.push(name.clone());
        }
        self.tasks.push(Task {
            name,
            flavour,
            state: State::Runnable,
            woken: Woken::Signalled,
            clock,
            unwinding: 0,
            panic: None,
            locals: Rc::default(),
            coroutine: Some(coroutine),
            deadline: None,
            yielder: ptr::null(),
        });
    }
}
