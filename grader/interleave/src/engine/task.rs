//! A task: one thread or one asynchronous task of the explored program.

use super::clock::Clock;
use super::wait::{Wait, Woken};
use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, Yielder};
use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The number of a task in its execution, in the order of creation. The scenario itself is number 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub u32);

impl TaskId {
    /// As an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a task is to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// A thread.
    Thread,
    /// An asynchronous task: it is a leak of another kind.
    Async,
}

/// Whether a task can go on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum State {
    Runnable,
    Blocked(Wait),
    Finished,
}

/// The values of `thread_local!` variables: by the address of the key, in the order in which they were made.
#[derive(Default, Debug)]
pub(crate) struct Locals {
    pub(crate) values: HashMap<usize, Rc<dyn Any>>,
    pub(crate) order: Vec<usize>,
    /// Keys whose value has been destroyed already.
    pub(crate) gone: Vec<usize>,
}

pub(crate) type Stack = DefaultStack;

pub(crate) struct Task {
    pub(crate) name: String,
    pub(crate) flavour: Flavour,
    pub(crate) state: State,
    /// How the last wait ended.
    pub(crate) woken: Woken,
    pub(crate) clock: Clock,
    /// Panics in progress on this task.
    pub(crate) unwinding: u32,
    /// The last panic: its message and place.
    pub(crate) panic: Option<(String, Option<&'static std::panic::Location<'static>>)>,
    pub(crate) locals: Rc<RefCell<Locals>>,
    pub(crate) coroutine: Option<Coroutine<(), (), (), Stack>>,
    pub(crate) yielder: *const Yielder<(), ()>,
}

impl Task {
    /// Ends its wait.
    pub(crate) fn wake(&mut self, how: Woken) {
        self.state = State::Runnable;
        self.woken = how;
    }

    pub(crate) fn is_runnable(&self) -> bool {
        matches!(self.state, State::Runnable)
    }

    pub(crate) fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }
}
