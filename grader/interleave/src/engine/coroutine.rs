//! A task as the machine keeps it: a coroutine, and whether it can go on.

use super::clock::Clock;
use super::locals::Locals;
use super::task::Flavour;
use super::wait::{Wait, Woken};
use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, Yielder};
use std::cell::RefCell;
use std::io;
use std::panic::Location;
use std::rc::Rc;

/// Whether a task can go on.
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    Runnable,
    Blocked(Wait),
    Finished,
}

pub(super) type Stack = DefaultStack;

/// The stack of a task, in bytes. Only what is touched takes memory.
const STACK: usize = 1 << 20;

thread_local! {
    /// Stacks to be used again: a fresh one costs a system call and page faults.
    static STACKS: RefCell<Vec<Stack>> = const { RefCell::new(Vec::new()) };
}

/// A stack, used or fresh.
///
/// # Errors
/// If there is no room for one more.
pub(super) fn take_stack() -> io::Result<Stack> {
    STACKS.with_borrow_mut(Vec::pop).map_or_else(|| Stack::new(STACK), Ok)
}

/// Keeps a stack on which nothing runs any more.
pub(super) fn keep_stack(stack: Stack) {
    STACKS.with_borrow_mut(|stacks| stacks.push(stack));
}

pub(super) struct Task {
    pub(super) name: String,
    pub(super) flavour: Flavour,
    pub(super) state: State,
    /// How the last wait ended.
    pub(super) woken: Woken,
    /// When the last wait would have been over at the latest.
    pub(super) deadline: Option<u64>,
    pub(super) clock: Clock,
    /// Panics in progress on this task.
    pub(super) unwinding: u32,
    /// The last panic: its message and place.
    pub(super) panic: Option<(String, Option<&'static Location<'static>>)>,
    pub(super) locals: Rc<RefCell<Locals>>,
    pub(super) coroutine: Option<Coroutine<(), (), (), Stack>>,
    pub(super) yielder: *const Yielder<(), ()>,
}

impl Task {
    /// Ends its wait.
    pub(super) fn wake(&mut self, how: Woken) {
        if let State::Blocked(wait) = self.state {
            self.deadline = wait.deadline;
        }
        self.state = State::Runnable;
        self.woken = how;
    }

    pub(super) fn is_runnable(&self) -> bool {
        matches!(self.state, State::Runnable)
    }

    pub(super) fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }
}
