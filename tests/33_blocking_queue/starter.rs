//! A bounded queue that makes its users wait: producers while it is full, consumers while it is empty, and whoever wants
//! to know that all work is done until it is. It can be shut down. README.md says what it must do.
//!
//! The error types are complete: leave them as they are.
//!
//! ```
//! use blocking_queue::{GetError, Queue};
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

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
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
    // Yours to design: a mutex around a state, and condition variables for those who wait.
    items: PhantomData<T>,
}

impl<T> Queue<T> {
    /// An empty queue that never holds more than `capacity` items.
    ///
    /// # Panics
    /// If `capacity` is 0.
    ///
    /// ```
    /// # use blocking_queue::{PutError, Queue};
    /// let queue = Queue::bounded(1);
    /// queue.put('a').unwrap();
    /// assert_eq!(queue.try_put('b'), Err(PutError::Full('b')));
    /// ```
    pub fn bounded(capacity: usize) -> Queue<T> {
        let _ = capacity;
        todo!("refuse 0; else an empty queue")
    }

    /// An empty queue that always has room.
    ///
    /// ```
    /// # use blocking_queue::Queue;
    /// let queue = Queue::unbounded();
    /// (0..1000).for_each(|number| queue.put(number).unwrap());
    /// assert_eq!(queue.len(), 1000);
    /// assert!(!queue.is_full());
    /// ```
    pub fn unbounded() -> Queue<T> {
        todo!("an empty queue that is never full")
    }

    /// Waits until there is room, then puts `item` at the end.
    ///
    /// # Errors
    /// `ShutDown`, with the item, if the queue is shut down, or is while this waits.
    pub fn put(&self, item: T) -> Result<(), PutError<T>> {
        let _ = item;
        todo!("wait for room, unless the queue is shut down")
    }

    /// Like [`Queue::put`], but returns instead of waiting.
    ///
    /// # Errors
    /// With the item: `ShutDown` if the queue is shut down; else `Full` if there is no room.
    pub fn try_put(&self, item: T) -> Result<(), PutError<T>> {
        let _ = item;
        todo!("put it in, or hand it back")
    }

    /// Like [`Queue::put`], but waits no longer than `timeout`.
    ///
    /// # Errors
    /// With the item: `ShutDown` if the queue is shut down, or is while this waits; `Full` if there was no room in time.
    ///
    /// ```
    /// # use blocking_queue::{PutError, Queue};
    /// use std::time::Duration;
    ///
    /// let queue = Queue::bounded(1);
    /// queue.put('a').unwrap();
    /// let result = queue.put_timeout('b', Duration::from_millis(1));
    /// assert_eq!(result, Err(PutError::Full('b')));
    /// ```
    pub fn put_timeout(&self, item: T, timeout: Duration) -> Result<(), PutError<T>> {
        let _ = (item, timeout);
        todo!("wait for room, but not for ever")
    }

    /// Waits until there is an item, then takes the first one.
    ///
    /// # Errors
    /// `ShutDown` if the queue is shut down and empty, or comes to be while this waits.
    ///
    /// ```
    /// # use blocking_queue::{GetError, Queue};
    /// let queue = Queue::bounded(2);
    /// queue.put('a').unwrap();
    /// queue.shutdown(false);
    /// assert_eq!(queue.get(), Ok('a'));
    /// assert_eq!(queue.get(), Err(GetError::ShutDown));
    /// ```
    pub fn get(&self) -> Result<T, GetError> {
        todo!("wait for an item, unless the queue is shut down and empty")
    }

    /// Like [`Queue::get`], but returns instead of waiting.
    ///
    /// # Errors
    /// If there is no item: `ShutDown` if the queue is shut down, else `Empty`.
    pub fn try_get(&self) -> Result<T, GetError> {
        todo!("take the first item, or say why there is none")
    }

    /// Like [`Queue::get`], but waits no longer than `timeout`.
    ///
    /// # Errors
    /// `ShutDown` if the queue is shut down and empty, or comes to be while this waits; `Empty` if there was no item in time.
    ///
    /// ```
    /// # use blocking_queue::{GetError, Queue};
    /// use std::time::Duration;
    ///
    /// let queue = Queue::<i32>::bounded(1);
    /// assert_eq!(queue.get_timeout(Duration::from_millis(1)), Err(GetError::Empty));
    /// ```
    pub fn get_timeout(&self, timeout: Duration) -> Result<T, GetError> {
        let _ = timeout;
        todo!("wait for an item, but not for ever")
    }

    /// Says that an item is done that was taken before.
    ///
    /// # Errors
    /// If every item that was ever put in is done already.
    ///
    /// ```
    /// # use blocking_queue::{Queue, TaskDoneError};
    /// let queue = Queue::bounded(1);
    /// queue.put('a').unwrap();
    /// queue.get().unwrap();
    /// assert_eq!(queue.task_done(), Ok(()));
    /// assert_eq!(queue.task_done(), Err(TaskDoneError));
    /// ```
    pub fn task_done(&self) -> Result<(), TaskDoneError> {
        todo!("one item less to be done")
    }

    /// Waits until every item that was put in is done or drained.
    pub fn join(&self) {
        todo!("wait until nothing is left to be done")
    }

    /// Shuts the queue down: nothing gets in any more, and nobody waits any more, but for `join`. With `immediate`, what
    /// lies in the queue is dropped, and counts as done.
    ///
    /// ```
    /// # use blocking_queue::{GetError, PutError, Queue};
    /// let queue = Queue::bounded(2);
    /// queue.put('a').unwrap();
    /// queue.shutdown(true);
    /// assert_eq!(queue.put('b'), Err(PutError::ShutDown('b')));
    /// assert_eq!(queue.get(), Err(GetError::ShutDown));
    /// queue.join(); // 'a' will never be done, and need not be
    /// ```
    pub fn shutdown(&self, immediate: bool) {
        let _ = immediate;
        todo!("let nothing in any more, and wake whoever waits")
    }

    /// How many items lie in the queue at this moment.
    pub fn len(&self) -> usize {
        todo!("count the items")
    }

    /// Whether no item lies in the queue at this moment.
    pub fn is_empty(&self) -> bool {
        todo!("look for an item")
    }

    /// Whether there is no room in the queue at this moment.
    pub fn is_full(&self) -> bool {
        todo!("look for room")
    }
}
