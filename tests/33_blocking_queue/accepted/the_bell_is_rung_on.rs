//! A bell is rung when the queue stops being empty, or full; whoever is woken and leaves something behind for another one
//! of its kind rings it again.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Why an item did not get in. It holds the item.
#[derive(Clone, PartialEq, Eq)]
pub enum PutError<T> {
    /// There was no room: not now, or not in time.
    Full(T),
    /// The queue is shut down.
    ShutDown(T),
}

impl<T> PutError<T> {
    /// The item.
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

/// Why there was no item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GetError {
    /// There was none: not now, or not in time.
    Empty,
    /// The queue is shut down, and empty.
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

/// `task_done` was called more often than there were items to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskDoneError;

impl fmt::Display for TaskDoneError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("task_done() called too many times")
    }
}

impl Error for TaskDoneError {}

/// A first-in, first-out queue for any number of producers and consumers.
pub struct Queue<T> {
    capacity: usize,
    state: Mutex<State<T>>,
    items_there: Condvar,
    room_there: Condvar,
    all_done: Condvar,
}

struct State<T> {
    items: VecDeque<T>,
    unfinished: usize,
    closed: bool,
}

impl<T> Queue<T> {
    /// An empty queue that never holds more than `capacity` items.
    ///
    /// # Panics
    /// If `capacity` is 0.
    pub fn bounded(capacity: usize) -> Queue<T> {
        assert!(capacity > 0, "a queue without room");
        Queue {
            capacity,
            state: Mutex::new(State { items: VecDeque::new(), unfinished: 0, closed: false }),
            items_there: Condvar::new(),
            room_there: Condvar::new(),
            all_done: Condvar::new(),
        }
    }

    /// An empty queue that always has room.
    pub fn unbounded() -> Queue<T> {
        Queue::bounded(usize::MAX)
    }

    fn put_until(&self, item: T, limit: Limit) -> Result<(), PutError<T>> {
        let mut state = self.state();
        loop {
            if state.closed {
                return Err(PutError::ShutDown(item));
            }
            if state.items.len() < self.capacity {
                break;
            }
            let (next, in_time) = limit.wait(&self.room_there, state);
            state = next;
            if !in_time {
                return Err(PutError::Full(item));
            }
        }
        state.items.push_back(item);
        state.unfinished += 1;
        if state.items.len() == 1 {
            self.items_there.notify_one();
        }
        if state.items.len() < self.capacity {
            self.room_there.notify_one();
        }
        Ok(())
    }

    fn get_until(&self, limit: Limit) -> Result<T, GetError> {
        let mut state = self.state();
        loop {
            if let Some(item) = state.items.pop_front() {
                if state.items.len() == self.capacity - 1 {
                    self.room_there.notify_one();
                }
                if !state.items.is_empty() {
                    self.items_there.notify_one();
                }
                return Ok(item);
            }
            if state.closed {
                return Err(GetError::ShutDown);
            }
            let (next, in_time) = limit.wait(&self.items_there, state);
            state = next;
            if !in_time {
                return Err(GetError::Empty);
            }
        }
    }

    /// Shuts the queue down.
    pub fn shutdown(&self, immediate: bool) {
        let mut state = self.state();
        state.closed = true;
        let mut dropped = VecDeque::new();
        if immediate {
            dropped = std::mem::take(&mut state.items);
            state.unfinished = state.unfinished.saturating_sub(dropped.len());
            if state.unfinished == 0 {
                self.all_done.notify_all();
            }
        }
        drop(state);
        self.items_there.notify_all();
        self.room_there.notify_all();
        drop(dropped);
    }

    /// Waits until there is room, then puts `item` at the end.
    ///
    /// # Errors
    /// `ShutDown`, with the item, if the queue is shut down, or is while this waits.
    pub fn put(&self, item: T) -> Result<(), PutError<T>> {
        self.put_until(item, Limit::Never)
    }

    /// Like [`Queue::put`], but returns instead of waiting.
    ///
    /// # Errors
    /// With the item: `ShutDown` if the queue is shut down; else `Full` if there is no room.
    pub fn try_put(&self, item: T) -> Result<(), PutError<T>> {
        self.put_until(item, Limit::Now)
    }

    /// Like [`Queue::put`], but waits no longer than `timeout`.
    ///
    /// # Errors
    /// With the item: `ShutDown` if the queue is shut down; `Full` if there was no room in time.
    pub fn put_timeout(&self, item: T, timeout: Duration) -> Result<(), PutError<T>> {
        self.put_until(item, Limit::after(timeout))
    }

    /// Waits until there is an item, then takes the first one.
    ///
    /// # Errors
    /// `ShutDown` if the queue is shut down and empty, or comes to be while this waits.
    pub fn get(&self) -> Result<T, GetError> {
        self.get_until(Limit::Never)
    }

    /// Like [`Queue::get`], but returns instead of waiting.
    ///
    /// # Errors
    /// If there is no item: `ShutDown` if the queue is shut down, else `Empty`.
    pub fn try_get(&self) -> Result<T, GetError> {
        self.get_until(Limit::Now)
    }

    /// Like [`Queue::get`], but waits no longer than `timeout`.
    ///
    /// # Errors
    /// `ShutDown` if the queue is shut down and empty; `Empty` if there was no item in time.
    pub fn get_timeout(&self, timeout: Duration) -> Result<T, GetError> {
        self.get_until(Limit::after(timeout))
    }

    /// Says that an item is done that was taken before.
    ///
    /// # Errors
    /// If every item that was ever put in is done already.
    pub fn task_done(&self) -> Result<(), TaskDoneError> {
        let mut state = self.state();
        state.unfinished = state.unfinished.checked_sub(1).ok_or(TaskDoneError)?;
        if state.unfinished == 0 {
            self.all_done.notify_all();
        }
        Ok(())
    }

    /// Waits until every item that was put in is done or drained.
    pub fn join(&self) {
        let state = self.state();
        drop(self.all_done.wait_while(state, |state| state.unfinished > 0));
    }

    /// How many items lie in the queue at this moment.
    pub fn len(&self) -> usize {
        self.state().items.len()
    }

    /// Whether no item lies in the queue at this moment.
    pub fn is_empty(&self) -> bool {
        self.state().items.is_empty()
    }

    /// Whether there is no room in the queue at this moment.
    pub fn is_full(&self) -> bool {
        self.state().items.len() >= self.capacity
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until when somebody waits.
#[derive(Clone, Copy)]
enum Limit {
    Now,
    At(Instant),
    Never,
}

impl Limit {
    fn after(timeout: Duration) -> Limit {
        if timeout.is_zero() {
            return Limit::Now;
        }
        Instant::now().checked_add(timeout).map_or(Limit::Never, Limit::At)
    }

    /// Waits once; `None` if there is no time left.
    fn wait<'a, S>(self, bell: &Condvar, guard: MutexGuard<'a, S>) -> (MutexGuard<'a, S>, bool) {
        match self {
            Limit::Now => (guard, false),
            Limit::Never => (bell.wait(guard).unwrap_or_else(PoisonError::into_inner), true),
            Limit::At(end) => {
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return (guard, false);
                }
                (bell.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0, true)
            }
        }
    }
}
