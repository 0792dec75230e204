//! caught-by: schedules — a_failure_releases_the_producer
//! A producer that sees "full" puts itself in the queue only after it has let the lock go: a stop in between is not heard.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::panic;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::thread;

/// What a run has done that came to its natural end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many items each source has produced.
    pub produced: Vec<usize>,
    /// How many items each consumer has handled.
    pub handled: Vec<usize>,
}

/// Why a run has stopped early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure<T, E> {
    /// The item that was refused.
    pub item: T,
    /// What `work` said about it.
    pub error: E,
    /// How many items were handled in the whole run.
    pub handled: usize,
}

impl<T: fmt::Debug, E: fmt::Display> fmt::Display for Failure<T, E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "item {:?} failed after {} were handled: {}", self.item, self.handled, self.error)
    }
}

impl<T: fmt::Debug, E: Error + 'static> Error for Failure<T, E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

/// Handles every item of every source exactly once.
pub fn run<S, T, E, W>(sources: Vec<S>, consumers: usize, capacity: usize, work: W) -> Result<Summary, Failure<T, E>>
where
    S: Iterator<Item = T> + Send,
    T: Send,
    E: Send,
    W: Fn(&T) -> Result<(), E> + Sync,
{
    assert!(consumers > 0, "a run needs at least one consumer");
    assert!(capacity > 0, "a run needs room for at least one item");
    let buffer = Buffer::new(sources.len(), capacity);
    let (produced, handled) = thread::scope(|scope| {
        // The system may refuse a thread: then those that run already must not wait for it for ever.
        let _guard = StopOnPanic(&buffer);
        let consumers: Vec<_> = (0..consumers).map(|_| scope.spawn(|| consume(&buffer, &work))).collect();
        let produce = |source| produce(&buffer, source);
        let producers: Vec<_> = sources.into_iter().map(|source| scope.spawn(move || produce(source))).collect();
        // All are joined before anything is looked at. A scope's own join would lose the payload of a panic.
        let produced: Vec<_> = producers.into_iter().map(|producer| producer.join()).collect();
        let handled: Vec<_> = consumers.into_iter().map(|consumer| consumer.join()).collect();
        (produced, handled)
    });
    let produced = counts_or_panic(produced);
    let handled = counts_or_panic(handled);
    match buffer.into_failure() {
        None => Ok(Summary { produced, handled }),
        Some((item, error)) => Err(Failure { item, error, handled: handled.iter().sum() }),
    }
}

/// The counts that threads have ended with; if one has ended in a panic, that panic.
fn counts_or_panic(ends: Vec<thread::Result<usize>>) -> Vec<usize> {
    ends.into_iter().map(|end| end.unwrap_or_else(|payload| panic::resume_unwind(payload))).collect()
}

/// Puts what `source` yields into the buffer, until either has had enough. Returns how many items went in.
fn produce<T, E>(buffer: &Buffer<T, E>, source: impl Iterator<Item = T>) -> usize {
    let _guard = StopOnPanic(buffer);
    let mut produced = 0;
    for item in source {
        if buffer.put(item) == Flow::Stopped {
            return produced;
        }
        produced += 1;
    }
    buffer.end_of_a_source();
    produced
}

/// Hands items to `work` until there are no more. Returns how many were handled.
fn consume<T, E>(buffer: &Buffer<T, E>, work: impl Fn(&T) -> Result<(), E>) -> usize {
    let _guard = StopOnPanic(buffer);
    let mut handled = 0;
    while let Some(item) = buffer.take() {
        match work(&item) {
            Ok(()) => handled += 1,
            Err(error) => buffer.fail(item, error),
        }
    }
    handled
}

/// Where producers and consumers meet.
///
/// One mutex, because room, stock and end have to be judged together; two condition variables, because those who wait for
/// room and those who wait for stock are woken by different events, and `notify_one` must not reach the wrong kind.
struct Buffer<T, E> {
    state: Mutex<State<T, E>>,
    /// An item was put in, or there will be no more.
    stock: Condvar,
    /// An item was taken out, or none is wanted any more.
    room: Condvar,
    capacity: usize,
}

struct State<T, E> {
    items: VecDeque<T>,
    /// Sources that may still yield.
    open_sources: usize,
    /// Something went wrong: nothing goes in or out any more.
    stopped: bool,
    failure: Option<(T, E)>,
}

#[derive(PartialEq, Eq)]
enum Flow {
    Open,
    Stopped,
}

impl<T, E> Buffer<T, E> {
    fn new(open_sources: usize, capacity: usize) -> Self {
        let state = State { items: VecDeque::new(), open_sources, stopped: false, failure: None };
        Buffer { state: Mutex::new(state), stock: Condvar::new(), room: Condvar::new(), capacity }
    }

    /// Waits for room. An item that comes too late is dropped.
    fn put(&self, item: T) -> Flow {
        loop {
            let mut state = self.lock();
            if state.stopped {
                return Flow::Stopped;
            }
            if state.items.len() < self.capacity {
                state.items.push_back(item);
                drop(state);
                self.stock.notify_one();
                return Flow::Open;
            }
            drop(state);
            // Whoever makes room says so: one wait is enough, and then another look.
            drop(self.room.wait(self.lock()).expect(UNPOISONED));
        }
    }

    /// Waits for an item. `None` means that there will never be one again.
    fn take(&self) -> Option<T> {
        let dry = |state: &mut State<T, E>| !state.stopped && state.items.is_empty() && state.open_sources > 0;
        let mut state = self.stock.wait_while(self.lock(), dry).expect(UNPOISONED);
        // A stopped buffer is empty, and stays so.
        let item = state.items.pop_front()?;
        drop(state);
        self.room.notify_one();
        Some(item)
    }

    /// Every consumer has to hear that the last source has ended, not only one.
    fn end_of_a_source(&self) {
        let mut state = self.lock();
        state.open_sources -= 1;
        if state.open_sources == 0 {
            drop(state);
            self.stock.notify_all();
        }
    }

    /// Stops the run; a later failure than the first is dropped.
    fn fail(&self, item: T, error: E) {
        let mut state = self.lock();
        let late = if state.failure.is_none() { state.failure.replace((item, error)) } else { Some((item, error)) };
        self.stop_with(state);
        drop(late);
    }

    fn stop(&self) {
        self.stop_with(self.lock());
    }

    fn stop_with(&self, mut state: MutexGuard<'_, State<T, E>>) {
        state.stopped = true;
        let unhandled = std::mem::take(&mut state.items);
        drop(state);
        self.stock.notify_all();
        self.room.notify_all();
        // Outside the lock: what an item does when it is dropped is not ours to know.
        drop(unhandled);
    }

    fn into_failure(self) -> Option<(T, E)> {
        self.state.into_inner().expect(UNPOISONED).failure
    }

    fn lock(&self) -> MutexGuard<'_, State<T, E>> {
        self.state.lock().expect(UNPOISONED)
    }
}

/// No code of the caller's runs under the lock: not a source, not `work`, not an item's `Drop`.
const UNPOISONED: &str = "nothing panics while it holds the lock";

/// Stops the run when its owner unwinds, so that nobody waits for a thread that is no more.
struct StopOnPanic<'a, T, E>(&'a Buffer<T, E>);

impl<T, E> Drop for StopOnPanic<'_, T, E> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.stop();
        }
    }
}
