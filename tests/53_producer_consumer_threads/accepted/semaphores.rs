//! The textbook's two counting semaphores around a queue; a producer looks for room before it asks its source, and the caller
//! of `run` is itself the first consumer.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
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
    if consumers == 0 || capacity == 0 {
        panic!("consumers: {consumers}, capacity: {capacity}: neither may be 0");
    }
    let line = Line {
        places: Semaphore::new(capacity),
        filled: Semaphore::new(0),
        items: Mutex::default(),
        producing: AtomicUsize::new(sources.len()),
        end: Mutex::new(End { failure: None, panic: None }),
    };
    if sources.is_empty() {
        line.filled.close(false);
    }
    let (produced, handled) = thread::scope(|scope| {
        let line = &line;
        let work = &work;
        let producers: Vec<_> = sources
            .into_iter()
            .map(|source| scope.spawn(move || line.guarded(|made| line.produce(source, made))))
            .collect();
        let others: Vec<_> =
            (1..consumers).map(|_| scope.spawn(move || line.guarded(|done| line.consume(work, done)))).collect();
        let mut handled = vec![line.guarded(|done| line.consume(work, done))];
        handled.extend(others.into_iter().map(|thread| thread.join().unwrap()));
        (producers.into_iter().map(|thread| thread.join().unwrap()).collect(), handled)
    });
    let end = line.end.into_inner().unwrap();
    if let Some(payload) = end.panic {
        panic::resume_unwind(payload);
    }
    match end.failure {
        Some((item, error)) => Err(Failure { item, error, handled: handled.iter().sum() }),
        None => Ok(Summary { produced, handled }),
    }
}

struct Line<T, E> {
    places: Semaphore,
    filled: Semaphore,
    items: Mutex<VecDeque<T>>,
    producing: AtomicUsize,
    end: Mutex<End<T, E>>,
}

struct End<T, E> {
    failure: Option<(T, E)>,
    panic: Option<Box<dyn std::any::Any + Send>>,
}

impl<T, E> Line<T, E> {
    fn guarded(&self, part: impl FnOnce(&mut usize)) -> usize {
        let mut count = 0;
        if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| part(&mut count))) {
            self.end.lock().unwrap().panic.get_or_insert(payload);
            self.stop();
        }
        count
    }

    fn stop(&self) {
        self.places.close(true);
        self.filled.close(true);
    }

    fn produce(&self, mut source: impl Iterator<Item = T>, made: &mut usize) {
        // Room is only looked at here, not taken: a slow source must not keep a place from the others.
        while self.places.wait_until_free() {
            let Some(item) = source.next() else { break };
            if !self.places.acquire() {
                return;
            }
            self.items.lock().unwrap().push_back(item);
            *made += 1;
            self.filled.release();
        }
        if self.producing.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.filled.close(false);
        }
    }

    fn consume(&self, work: impl Fn(&T) -> Result<(), E>, done: &mut usize) {
        while self.filled.acquire() {
            let item = self.items.lock().unwrap().pop_front().expect("the semaphore counts the items");
            self.places.release();
            if let Err(error) = work(&item) {
                self.end.lock().unwrap().failure.get_or_insert((item, error));
                return self.stop();
            }
            *done += 1;
        }
    }
}

/// A counting semaphore that can be closed, at once or when it has been used up.
struct Semaphore {
    state: Mutex<Permits>,
    changed: Condvar,
}

struct Permits {
    free: usize,
    closed: bool,
}

impl Semaphore {
    fn new(free: usize) -> Self {
        Semaphore { state: Mutex::new(Permits { free, closed: false }), changed: Condvar::new() }
    }

    fn wait(&self, taken: usize) -> bool {
        let mut permits = self.state.lock().unwrap();
        while permits.free == 0 && !permits.closed {
            permits = self.changed.wait(permits).unwrap();
        }
        let granted = permits.free > 0;
        permits.free -= if granted { taken } else { 0 };
        granted
    }

    fn acquire(&self) -> bool {
        self.wait(1)
    }

    fn wait_until_free(&self) -> bool {
        self.wait(0)
    }

    /// Wakes all: some of them only look.
    fn release(&self) {
        let mut permits = self.state.lock().unwrap();
        if permits.closed && permits.free == 0 {
            return;
        }
        permits.free += 1;
        drop(permits);
        self.changed.notify_all();
    }

    fn close(&self, at_once: bool) {
        let mut permits = self.state.lock().unwrap();
        permits.closed = true;
        if at_once {
            permits.free = 0;
        }
        drop(permits);
        self.changed.notify_all();
    }
}
