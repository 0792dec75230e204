//! A bounded queue that makes its users wait: producers while it is full, consumers while it is empty, and whoever wants
//! to know that all work is done until it is. It can be shut down. Python's `queue.Queue`, with 3.13's `shutdown`.
//!
//! ```
//! use solution_blocking_queue::{GetError, Queue};
//!
//! let queue = Queue::bounded(2);
//! let lines = std::thread::scope(|scope| {
//!     let consumer = scope.spawn(|| {
//!         let mut lines = Vec::new();
//!         while let Ok(line) = queue.get() {
//!             lines.push(line);
//!             queue.task_done().unwrap();
//!         }
//!         lines
//!     });
//!     for line in ["to", "be", "or"] {
//!         queue.put(line).unwrap(); // waits while two lie in the queue
//!     }
//!     queue.join(); // the consumer has called `task_done` for all three
//!     queue.shutdown(false);
//!     consumer.join().unwrap()
//! });
//! assert_eq!(lines, ["to", "be", "or"]);
//! assert_eq!(queue.try_get(), Err(GetError::ShutDown));
//! ```

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

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
    state: Mutex<State<T>>,
    /// Consumers wait here for an item. An item is for one of them: one is woken.
    stocked: Condvar,
    /// Producers wait here for room. A free place is for one of them: one is woken.
    roomy: Condvar,
    /// Whoever joins waits here. What lets one go lets all go.
    all_done: Condvar,
}

struct State<T> {
    items: VecDeque<T>,
    /// How many may lie in the queue; `usize::MAX` if there is no bound.
    capacity: usize,
    /// Items put in, less those that were done or drained.
    unfinished: usize,
    shut_down: bool,
}

impl<T> State<T> {
    fn is_full(&self) -> bool {
        self.items.len() == self.capacity
    }
}

impl<T> Queue<T> {
    /// An empty queue that never holds more than `capacity` items.
    ///
    /// # Panics
    /// If `capacity` is 0.
    ///
    /// ```
    /// # use solution_blocking_queue::{PutError, Queue};
    /// let queue = Queue::bounded(1);
    /// queue.put('a').unwrap();
    /// assert_eq!(queue.try_put('b'), Err(PutError::Full('b')));
    /// ```
    pub fn bounded(capacity: usize) -> Queue<T> {
        assert!(capacity > 0, "a queue without room would make every put wait for ever");
        Queue::with_capacity(capacity)
    }

    /// An empty queue that always has room.
    ///
    /// ```
    /// # use solution_blocking_queue::Queue;
    /// let queue = Queue::unbounded();
    /// (0..1000).for_each(|number| queue.put(number).unwrap());
    /// assert_eq!(queue.len(), 1000);
    /// assert!(!queue.is_full());
    /// ```
    pub fn unbounded() -> Queue<T> {
        Queue::with_capacity(usize::MAX)
    }

    fn with_capacity(capacity: usize) -> Queue<T> {
        let state = State { items: VecDeque::new(), capacity, unfinished: 0, shut_down: false };
        Queue { state: Mutex::new(state), stocked: Condvar::new(), roomy: Condvar::new(), all_done: Condvar::new() }
    }

    /// Waits until there is room, then puts `item` at the end.
    ///
    /// # Errors
    /// `ShutDown`, with the item, if the queue is shut down, or is while this waits.
    pub fn put(&self, item: T) -> Result<(), PutError<T>> {
        let state = self.roomy.wait_while(self.state(), |state| state.is_full() && !state.shut_down);
        self.push(state.expect(UNPOISONED), item)
    }

    /// Like [`Queue::put`], but returns instead of waiting.
    ///
    /// # Errors
    /// With the item: `ShutDown` if the queue is shut down; else `Full` if there is no room.
    pub fn try_put(&self, item: T) -> Result<(), PutError<T>> {
        self.push(self.state(), item)
    }

    /// Like [`Queue::put`], but waits no longer than `timeout`.
    ///
    /// # Errors
    /// With the item: `ShutDown` if the queue is shut down, or is while this waits; `Full` if there was no room in time.
    ///
    /// ```
    /// # use solution_blocking_queue::{PutError, Queue};
    /// use std::time::Duration;
    ///
    /// let queue = Queue::bounded(1);
    /// queue.put('a').unwrap();
    /// let result = queue.put_timeout('b', Duration::from_millis(1));
    /// assert_eq!(result, Err(PutError::Full('b')));
    /// ```
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

    /// Waits until there is an item, then takes the first one.
    ///
    /// # Errors
    /// `ShutDown` if the queue is shut down and empty, or comes to be while this waits.
    ///
    /// ```
    /// # use solution_blocking_queue::{GetError, Queue};
    /// let queue = Queue::bounded(2);
    /// queue.put('a').unwrap();
    /// queue.shutdown(false);
    /// assert_eq!(queue.get(), Ok('a'));
    /// assert_eq!(queue.get(), Err(GetError::ShutDown));
    /// ```
    pub fn get(&self) -> Result<T, GetError> {
        let state = self.stocked.wait_while(self.state(), |state| state.items.is_empty() && !state.shut_down);
        self.pop(state.expect(UNPOISONED))
    }

    /// Like [`Queue::get`], but returns instead of waiting.
    ///
    /// # Errors
    /// If there is no item: `ShutDown` if the queue is shut down, else `Empty`.
    pub fn try_get(&self) -> Result<T, GetError> {
        self.pop(self.state())
    }

    /// Like [`Queue::get`], but waits no longer than `timeout`.
    ///
    /// # Errors
    /// `ShutDown` if the queue is shut down and empty, or comes to be while this waits; `Empty` if there was no item in time.
    ///
    /// ```
    /// # use solution_blocking_queue::{GetError, Queue};
    /// use std::time::Duration;
    ///
    /// let queue = Queue::<i32>::bounded(1);
    /// assert_eq!(queue.get_timeout(Duration::from_millis(1)), Err(GetError::Empty));
    /// ```
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

    /// Says that an item is done that was taken before.
    ///
    /// # Errors
    /// If every item that was ever put in is done already.
    ///
    /// ```
    /// # use solution_blocking_queue::{Queue, TaskDoneError};
    /// let queue = Queue::bounded(1);
    /// queue.put('a').unwrap();
    /// queue.get().unwrap();
    /// assert_eq!(queue.task_done(), Ok(()));
    /// assert_eq!(queue.task_done(), Err(TaskDoneError));
    /// ```
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
        let _done = self.all_done.wait_while(self.state(), |state| state.unfinished > 0).expect(UNPOISONED);
    }

    /// Shuts the queue down: nothing gets in any more, and nobody waits any more, but for `join`. With `immediate`, what
    /// lies in the queue is dropped, and counts as done.
    ///
    /// ```
    /// # use solution_blocking_queue::{GetError, PutError, Queue};
    /// let queue = Queue::bounded(2);
    /// queue.put('a').unwrap();
    /// queue.shutdown(true);
    /// assert_eq!(queue.put('b'), Err(PutError::ShutDown('b')));
    /// assert_eq!(queue.get(), Err(GetError::ShutDown));
    /// queue.join(); // 'a' will never be done, and need not be
    /// ```
    pub fn shutdown(&self, immediate: bool) {
        let mut state = self.state();
        state.shut_down = true;
        let drained = if immediate { mem::take(&mut state.items) } else { VecDeque::new() };
        state.unfinished = state.unfinished.saturating_sub(drained.len());
        self.all_done.notify_all();
        self.stocked.notify_all();
        self.roomy.notify_all();
        drop(state); // before the items: their destructors may use the queue
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
        self.state().is_full()
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect(UNPOISONED)
    }
}

/// Why the mutex is never poisoned: items are only moved while it is held, and nothing of theirs is called.
const UNPOISONED: &str = "no code of a user runs under this mutex";
