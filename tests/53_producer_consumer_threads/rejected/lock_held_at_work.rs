//! caught-by: behaviour — consumers_work_side_by_side
//! `while let` keeps the guard of the receiver until its body ends: the work runs under the lock, one item at a time.

use std::error::Error;
use std::fmt;
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
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
    assert!(consumers != 0 && capacity != 0, "consumers and capacity must not be 0");
    let stopped = AtomicBool::new(false);
    let failure = Mutex::new(None);
    let (sender, receiver) = sync_channel(capacity);
    let receiver = Arc::new(Mutex::new(receiver));
    let (produced, handled) = thread::scope(|scope| {
        let producers: Vec<_> = sources
            .into_iter()
            .map(|source| {
                let (sender, stopped) = (sender.clone(), &stopped);
                scope.spawn(move || produce(source, sender, stopped))
            })
            .collect();
        let consumers: Vec<_> = (0..consumers)
            .map(|_| {
                let (receiver, stopped, failure, work) = (Arc::clone(&receiver), &stopped, &failure, &work);
                scope.spawn(move || consume(receiver, stopped, failure, work))
            })
            .collect();
        // The channel closes when the threads have dropped their ends, so these must go.
        drop((sender, receiver));
        let consumers: Vec<_> = consumers.into_iter().map(|thread| thread.join()).collect();
        (producers.into_iter().map(|thread| thread.join()).collect::<Vec<_>>(), consumers)
    });
    let outcome: thread::Result<Vec<usize>> = produced.into_iter().chain(handled).collect();
    let mut produced = outcome.unwrap_or_else(|payload| panic::resume_unwind(payload));
    let handled = produced.split_off(produced.len() - consumers);
    match failure.into_inner().unwrap() {
        Some((item, error)) => Err(Failure { item, error, handled: handled.iter().sum() }),
        None => Ok(Summary { produced, handled }),
    }
}

fn produce<T>(source: impl Iterator<Item = T>, sender: SyncSender<T>, stopped: &AtomicBool) -> usize {
    let alarm = Alarm(stopped);
    let mut produced = 0;
    for item in source {
        // Fails when the last consumer has gone.
        if sender.send(item).is_err() {
            break;
        }
        produced += 1;
        if stopped.load(Ordering::SeqCst) {
            break;
        }
    }
    alarm.disarm();
    produced
}

fn consume<T, E>(
    receiver: Arc<Mutex<Receiver<T>>>,
    stopped: &AtomicBool,
    failure: &Mutex<Option<(T, E)>>,
    work: impl Fn(&T) -> Result<(), E>,
) -> usize {
    let alarm = Alarm(stopped);
    let mut handled = 0;
    while let Ok(item) = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv() {
        if stopped.load(Ordering::SeqCst) {
            break;
        }
        if let Err(error) = work(&item) {
            failure.lock().unwrap().get_or_insert((item, error));
            stopped.store(true, Ordering::SeqCst);
            break;
        }
        handled += 1;
    }
    alarm.disarm();
    handled
}

/// Sets the flag unless it is disarmed: that is, when its thread unwinds.
struct Alarm<'a>(&'a AtomicBool);

impl Alarm<'_> {
    fn disarm(self) {
        std::mem::forget(self);
    }
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
