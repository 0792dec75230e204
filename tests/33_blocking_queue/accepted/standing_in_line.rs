//! Who has to wait stands in line with a bell of its own. A put hands its item to the first who waits for one; a get moves
//! the first refused item into the place that it has made.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
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
    all_done: Condvar,
}

struct State<T> {
    items: VecDeque<T>,
    unfinished: usize,
    closed: bool,
    tickets: u64,
    /// Those who wait to get. There are no items then.
    getters: VecDeque<(u64, Arc<Condvar>)>,
    /// What was handed to them, until they wake up.
    handed: BTreeMap<u64, T>,
    /// Those who wait to put. There is no room then.
    putters: VecDeque<(u64, T, Arc<Condvar>)>,
    /// What did not get in before the end, until its owner wakes up.
    refused: BTreeMap<u64, T>,
}

impl<T> State<T> {
    fn admit(&mut self, item: T) {
        self.unfinished += 1;
        match self.getters.pop_front() {
            Some((ticket, bell)) => {
                self.handed.insert(ticket, item);
                bell.notify_one();
            }
            None => self.items.push_back(item),
        }
    }

    fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }
}

impl<T> Queue<T> {
    /// An empty queue that never holds more than `capacity` items.
    ///
    /// # Panics
    /// If `capacity` is 0.
    pub fn bounded(capacity: usize) -> Queue<T> {
        if capacity == 0 {
            panic!("a bounded queue needs room for one item at least");
        }
        Queue::with(capacity)
    }

    /// An empty queue that always has room.
    pub fn unbounded() -> Queue<T> {
        Queue::with(usize::MAX)
    }

    fn with(capacity: usize) -> Queue<T> {
        let state = State {
            items: VecDeque::new(),
            unfinished: 0,
            closed: false,
            tickets: 0,
            getters: VecDeque::new(),
            handed: BTreeMap::new(),
            putters: VecDeque::new(),
            refused: BTreeMap::new(),
        };
        Queue { capacity, state: Mutex::new(state), all_done: Condvar::new() }
    }

    fn put_until(&self, item: T, limit: Limit) -> Result<(), PutError<T>> {
        let mut state = self.state();
        if state.closed {
            return Err(PutError::ShutDown(item));
        }
        if state.items.len() < self.capacity {
            state.admit(item);
            return Ok(());
        }
        if let Limit::Now = limit {
            return Err(PutError::Full(item));
        }
        let (ticket, bell) = (state.ticket(), Arc::new(Condvar::new()));
        state.putters.push_back((ticket, item, Arc::clone(&bell)));
        loop {
            let (next, in_time) = limit.wait(&bell, state);
            state = next;
            if let Some(item) = state.refused.remove(&ticket) {
                return Err(PutError::ShutDown(item));
            }
            let Some(place) = state.putters.iter().position(|(each, ..)| *each == ticket) else { return Ok(()) };
            if !in_time && let Some((_, item, _)) = state.putters.remove(place) {
                return Err(PutError::Full(item));
            }
        }
    }

    fn get_until(&self, limit: Limit) -> Result<T, GetError> {
        let mut state = self.state();
        if let Some(item) = state.items.pop_front() {
            if let Some((_, next, bell)) = state.putters.pop_front() {
                state.admit(next);
                bell.notify_one();
            }
            return Ok(item);
        }
        if state.closed {
            return Err(GetError::ShutDown);
        }
        if let Limit::Now = limit {
            return Err(GetError::Empty);
        }
        let (ticket, bell) = (state.ticket(), Arc::new(Condvar::new()));
        state.getters.push_back((ticket, Arc::clone(&bell)));
        loop {
            let (next, in_time) = limit.wait(&bell, state);
            state = next;
            if let Some(item) = state.handed.remove(&ticket) {
                return Ok(item);
            }
            let place = state.getters.iter().position(|(each, _)| *each == ticket);
            match place {
                None => return Err(GetError::ShutDown),
                Some(place) if !in_time => {
                    state.getters.remove(place);
                    return Err(GetError::Empty);
                }
                Some(_) => {}
            }
        }
    }

    /// Shuts the queue down.
    pub fn shutdown(&self, immediate: bool) {
        let mut guard = self.state();
        let state = &mut *guard;
        state.closed = true;
        for (_, bell) in state.getters.drain(..) {
            bell.notify_one();
        }
        for (ticket, item, bell) in state.putters.drain(..) {
            state.refused.insert(ticket, item);
            bell.notify_one();
        }
        let dropped = if immediate { std::mem::take(&mut state.items) } else { VecDeque::new() };
        state.unfinished = state.unfinished.saturating_sub(dropped.len());
        if state.unfinished == 0 {
            self.all_done.notify_all();
        }
        drop(guard);
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
