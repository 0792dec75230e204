//! crossbeam's scope and bounded channel; a second channel, on which nothing is ever sent, tells everybody to stop by closing.

use crossbeam::channel::{Receiver, Sender, TryRecvError, bounded, select};
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

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
    assert!(consumers > 0);
    assert!(capacity > 0);
    let (sender, receiver) = bounded::<T>(capacity);
    let (alive, stop) = bounded::<Infallible>(0);
    let end = End { alive: Mutex::new(Some(alive)), failure: Mutex::new(None) };
    let (end, work) = (&end, &work);
    let (produced, handled) = crossbeam::scope(|scope| {
        let handled: Vec<_> = (0..consumers)
            .map(|_| {
                let (receiver, stop) = (receiver.clone(), stop.clone());
                scope.spawn(move |_| end.stop_on_panic(|| consume(&receiver, &stop, end, work)))
            })
            .collect();
        let produced: Vec<_> = sources
            .into_iter()
            .map(|source| {
                let (sender, stop) = (sender.clone(), stop.clone());
                scope.spawn(move |_| end.stop_on_panic(|| produce(source, &sender, &stop)))
            })
            .collect();
        drop((sender, receiver));
        let produced: Vec<_> = produced.into_iter().map(|thread| thread.join()).collect();
        let handled: Vec<_> = handled.into_iter().map(|thread| thread.join()).collect();
        (produced, handled)
    })
    .unwrap_or_else(|payload| panic::resume_unwind(payload));
    let counts = |ends: Vec<std::thread::Result<usize>>| -> Vec<usize> {
        ends.into_iter().map(|end| end.unwrap_or_else(|payload| panic::resume_unwind(payload))).collect()
    };
    let (produced, handled) = (counts(produced), counts(handled));
    match end.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some((item, error)) => Err(Failure { item, error, handled: handled.into_iter().sum() }),
        None => Ok(Summary { produced, handled }),
    }
}

/// How a run ends before its time.
struct End<T, E> {
    alive: Mutex<Option<Sender<Infallible>>>,
    failure: Mutex<Option<(T, E)>>,
}

impl<T, E> End<T, E> {
    fn stop(&self) {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn fail(&self, item: T, error: E) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert((item, error));
        self.stop();
    }

    fn stop_on_panic<R>(&self, part: impl FnOnce() -> R) -> R {
        panic::catch_unwind(AssertUnwindSafe(part)).unwrap_or_else(|payload| {
            self.stop();
            panic::resume_unwind(payload)
        })
    }
}

fn is_stopped(stop: &Receiver<Infallible>) -> bool {
    matches!(stop.try_recv(), Err(TryRecvError::Disconnected))
}

fn produce<T>(source: impl Iterator<Item = T>, sender: &Sender<T>, stop: &Receiver<Infallible>) -> usize {
    let mut produced = 0;
    for item in source {
        select! {
            send(sender, item) -> sent => if sent.is_err() { return produced },
            recv(stop) -> _ => return produced,
        }
        produced += 1;
        // `select!` picks at random where both are ready.
        if is_stopped(stop) {
            return produced;
        }
    }
    produced
}

fn consume<T, E>(
    receiver: &Receiver<T>,
    stop: &Receiver<Infallible>,
    end: &End<T, E>,
    work: impl Fn(&T) -> Result<(), E>,
) -> usize {
    let mut handled = 0;
    loop {
        let item = select! {
            recv(receiver) -> item => item,
            recv(stop) -> _ => return handled,
        };
        if is_stopped(stop) {
            return handled;
        }
        let Ok(item) = item else { return handled };
        match work(&item) {
            Ok(()) => handled += 1,
            Err(error) => {
                end.fail(item, error);
                return handled;
            }
        }
    }
}
