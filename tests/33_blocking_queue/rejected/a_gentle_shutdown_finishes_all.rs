//! caught-by: behaviour — a_gentle_shutdown_leaves_join_waiting
//! Every shutdown counts what is left as done.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

#[derive(Clone, PartialEq, Eq)]
pub enum PutError<T> {
    Full(T),
    ShutDown(T),
}

impl<T> PutError<T> {
    pub fn into_item(self) -> T {
        match self {
            PutError::Full(item) | PutError::ShutDown(item) => item,
        }
    }
}

impl<T> fmt::Debug for PutError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            PutError::Full(_) => "Full(..)",
            PutError::ShutDown(_) => "ShutDown(..)",
        })
    }
}

impl<T> fmt::Display for PutError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            PutError::Full(_) => "the queue is full",
            PutError::ShutDown(_) => "the queue is shut down",
        })
    }
}

impl<T> Error for PutError<T> {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GetError {
    Empty,
    ShutDown,
}

impl fmt::Display for GetError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            GetError::Empty => "the queue is empty",
            GetError::ShutDown => "the queue is shut down",
        })
    }
}

impl Error for GetError {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskDoneError;

impl fmt::Display for TaskDoneError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("task_done() called too many times")
    }
}

impl Error for TaskDoneError {}

pub struct Queue<T> {
    state: Mutex<State<T>>,
    stocked: Condvar,
    roomy: Condvar,
    all_done: Condvar,
}

struct State<T> {
    items: VecDeque<T>,
    capacity: usize,
    unfinished: usize,
    shut_down: bool,
}

impl<T> State<T> {
    fn is_full(&self) -> bool {
        self.items.len() == self.capacity
    }
}

impl<T> Queue<T> {
    pub fn bounded(capacity: usize) -> Queue<T> {
        assert!(capacity > 0, "a queue without room would make every put wait for ever");
        Queue::with_capacity(capacity)
    }

    pub fn unbounded() -> Queue<T> {
        Queue::with_capacity(usize::MAX)
    }

    fn with_capacity(capacity: usize) -> Queue<T> {
        let state = State { items: VecDeque::new(), capacity, unfinished: 0, shut_down: false };
        Queue { state: Mutex::new(state), stocked: Condvar::new(), roomy: Condvar::new(), all_done: Condvar::new() }
    }

    pub fn put(&self, item: T) -> Result<(), PutError<T>> {
        let state = self.roomy.wait_while(self.state(), |state| state.is_full() && !state.shut_down);
        self.push(state.expect(UNPOISONED), item)
    }

    pub fn try_put(&self, item: T) -> Result<(), PutError<T>> {
        self.push(self.state(), item)
    }

    pub fn put_timeout(&self, item: T, timeout: Duration) -> Result<(), PutError<T>> {
        let full = |state: &mut State<T>| state.is_full() && !state.shut_down;
        let (state, _) = self.roomy.wait_timeout_while(self.state(), timeout, full).expect(UNPOISONED);
        self.push(state, item)
    }

    fn push(&self, mut state: MutexGuard<'_, State<T>>, item: T) -> Result<(), PutError<T>> {
        if state.shut_down {
            return Err(PutError::ShutDown(item));
        }
        if state.is_full() {
            return Err(PutError::Full(item));
        }
        state.items.push_back(item);
        state.unfinished += 1;
        self.stocked.notify_one();
        Ok(())
    }

    pub fn get(&self) -> Result<T, GetError> {
        let state = self.stocked.wait_while(self.state(), |state| state.items.is_empty() && !state.shut_down);
        self.pop(state.expect(UNPOISONED))
    }

    pub fn try_get(&self) -> Result<T, GetError> {
        self.pop(self.state())
    }

    pub fn get_timeout(&self, timeout: Duration) -> Result<T, GetError> {
        let empty = |state: &mut State<T>| state.items.is_empty() && !state.shut_down;
        let (state, _) = self.stocked.wait_timeout_while(self.state(), timeout, empty).expect(UNPOISONED);
        self.pop(state)
    }

    fn pop(&self, mut state: MutexGuard<'_, State<T>>) -> Result<T, GetError> {
        match state.items.pop_front() {
            Some(item) => {
                self.roomy.notify_one();
                Ok(item)
            }
            None if state.shut_down => Err(GetError::ShutDown),
            None => Err(GetError::Empty),
        }
    }

    pub fn task_done(&self) -> Result<(), TaskDoneError> {
        let mut state = self.state();
        state.unfinished = state.unfinished.checked_sub(1).ok_or(TaskDoneError)?;
        if state.unfinished == 0 {
            self.all_done.notify_all();
        }
        Ok(())
    }

    pub fn join(&self) {
        let _done = self.all_done.wait_while(self.state(), |state| state.unfinished > 0).expect(UNPOISONED);
    }

    pub fn shutdown(&self, immediate: bool) {
        let mut state = self.state();
        state.shut_down = true;
        let drained = if immediate { mem::take(&mut state.items) } else { VecDeque::new() };
        state.unfinished -= state.items.len().min(state.unfinished) + drained.len().min(state.unfinished);
        self.all_done.notify_all();
        self.stocked.notify_all();
        self.roomy.notify_all();
        drop(state); // before the items: their destructors may use the queue
    }

    pub fn len(&self) -> usize {
        self.state().items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.state().items.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.state().is_full()
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect(UNPOISONED)
    }
}

const UNPOISONED: &str = "no code of a user runs under this mutex";
