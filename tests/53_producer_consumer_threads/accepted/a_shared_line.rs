//! A `sync_channel` whose receiver is shared behind a mutex; producers and consumers are methods of what they share, and a guard
//! that finds its thread panicking stops the run.

use std::error::Error;
use std::fmt;
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// What a run has done that came to its natural end.
/// What a run has done that came to its natural end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many items each source has produced.
    pub produced: Vec<usize>,
    /// How many items each consumer has handled.
    pub handled: Vec<usize>,
}

/// Why a run has stopped early.
/// Why a run has stopped early: `work` has refused an item.
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
    let line = Line { stopped: AtomicBool::new(false), failure: Mutex::new(None) };
    let (sender, receiver) = sync_channel(capacity);
    let receiver = Arc::new(Mutex::new(receiver));
    let (produced, handled): (Vec<_>, Vec<_>) = thread::scope(|scope| {
        let (line, work) = (&line, &work);
        let producers: Vec<_> = sources
            .into_iter()
            .map(|source| {
                let sender = sender.clone();
                scope.spawn(move || line.produce(source, &sender))
            })
            .collect();
        let consumers: Vec<_> = (0..consumers)
            .map(|_| {
                let receiver = Arc::clone(&receiver);
                scope.spawn(move || line.consume(&receiver, work))
            })
            .collect();
        drop((sender, receiver));
        (
            producers.into_iter().map(|producer| producer.join()).collect(),
            consumers.into_iter().map(|consumer| consumer.join()).collect(),
        )
    });
    let counts = |ends: Vec<thread::Result<usize>>| -> Vec<usize> {
        ends.into_iter().map(|end| end.unwrap_or_else(|payload| panic::resume_unwind(payload))).collect()
    };
    let (produced, handled) = (counts(produced), counts(handled));
    match line.failure.into_inner().unwrap() {
        None => Ok(Summary { produced, handled }),
        Some((item, error)) => Err(Failure { item, error, handled: handled.iter().sum() }),
    }
}

struct Line<T, E> {
    stopped: AtomicBool,
    failure: Mutex<Option<(T, E)>>,
}

impl<T, E> Line<T, E> {
    fn produce(&self, source: impl Iterator<Item = T>, sender: &SyncSender<T>) -> usize {
        let _guard = StopOnPanic(&self.stopped);
        let mut produced = 0;
        for item in source {
            // Fails when the last consumer has gone.
            if sender.send(item).is_err() {
                break;
            }
            produced += 1;
            if self.stopped.load(Ordering::SeqCst) {
                break;
            }
        }
        produced
    }

    fn consume(&self, receiver: &Mutex<Receiver<T>>, work: impl Fn(&T) -> Result<(), E>) -> usize {
        let _guard = StopOnPanic(&self.stopped);
        let mut handled = 0;
        loop {
            // A statement of its own: the lock is released before the work begins.
            let received = receiver.lock().unwrap().recv();
            let Ok(item) = received else { return handled };
            if self.stopped.load(Ordering::SeqCst) {
                return handled;
            }
            if let Err(error) = work(&item) {
                self.failure.lock().unwrap().get_or_insert((item, error));
                self.stopped.store(true, Ordering::SeqCst);
                return handled;
            }
            handled += 1;
        }
    }
}

struct StopOnPanic<'a>(&'a AtomicBool);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::SeqCst);
        }
    }
}
