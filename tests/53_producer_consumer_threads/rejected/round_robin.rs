//! caught-by: behaviour — a_slow_consumer_holds_up_nothing_else
//! Items are dealt out in turn to a queue for each consumer: they wait behind a slow one while another is idle.

use crossbeam::channel::{Receiver, Sender, bounded};
use std::error::Error;
use std::fmt;
use std::panic;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..consumers).map(|_| bounded(capacity.div_ceil(consumers))).unzip();
    let line = Line { turn: AtomicUsize::new(0), stopped: AtomicBool::new(false), failure: Mutex::new(None) };
    let (produced, handled) = thread::scope(|scope| {
        let (line, work) = (&line, &work);
        let producers: Vec<_> = sources
            .into_iter()
            .map(|source| {
                let senders = senders.clone();
                scope.spawn(move || line.produce(source, &senders))
            })
            .collect();
        drop(senders);
        let consumers: Vec<_> =
            receivers.into_iter().map(|receiver| scope.spawn(move || line.consume(&receiver, work))).collect();
        let produced: Vec<_> = producers.into_iter().map(|producer| producer.join()).collect();
        (produced, consumers.into_iter().map(|consumer| consumer.join()).collect::<Vec<_>>())
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
    turn: AtomicUsize,
    stopped: AtomicBool,
    failure: Mutex<Option<(T, E)>>,
}

impl<T, E> Line<T, E> {
    fn produce(&self, source: impl Iterator<Item = T>, senders: &[Sender<T>]) -> usize {
        let _guard = StopOnPanic(&self.stopped);
        let mut produced = 0;
        for item in source {
            let turn = self.turn.fetch_add(1, Ordering::SeqCst) % senders.len();
            if senders[turn].send(item).is_err() {
                break;
            }
            produced += 1;
            if self.stopped.load(Ordering::SeqCst) {
                break;
            }
        }
        produced
    }

    fn consume(&self, receiver: &Receiver<T>, work: impl Fn(&T) -> Result<(), E>) -> usize {
        let _guard = StopOnPanic(&self.stopped);
        let mut handled = 0;
        for item in receiver {
            if self.stopped.load(Ordering::SeqCst) {
                break;
            }
            if let Err(error) = work(&item) {
                self.failure.lock().unwrap().get_or_insert((item, error));
                self.stopped.store(true, Ordering::SeqCst);
                break;
            }
            handled += 1;
        }
        handled
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
