//! What holds calls up until the story says so, and sources that are counted or held up.

use std::iter;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};

pub(super) type Source<T> = Box<dyn Iterator<Item = T> + Send>;

/// Holds everyone who comes, until enough are admitted.
#[derive(Default)]
pub(super) struct Gate {
    state: Mutex<Crowd>,
    changed: Condvar,
}

#[derive(Clone, Copy, Default)]
struct Crowd {
    arrived: usize,
    passed: usize,
    admitted: usize,
}

impl Gate {
    pub(super) fn new() -> Arc<Gate> {
        Arc::default()
    }

    pub(super) fn pass(&self) {
        let mut crowd = self.state.lock().unwrap();
        crowd.arrived += 1;
        let mut crowd = self.changed.wait_while(crowd, |crowd| crowd.passed >= crowd.admitted).unwrap();
        crowd.passed += 1;
    }

    pub(super) fn admit(&self, more: usize) {
        self.state.lock().unwrap().admitted += more;
        self.changed.notify_all();
    }

    pub(super) fn open(&self) {
        self.state.lock().unwrap().admitted = usize::MAX;
        self.changed.notify_all();
    }

    pub(super) fn arrived(&self) -> usize {
        self.state.lock().unwrap().arrived
    }

    pub(super) fn passed(&self) -> usize {
        self.state.lock().unwrap().passed
    }

    pub(super) fn waiting(&self) -> usize {
        let crowd = *self.state.lock().unwrap();
        crowd.arrived - crowd.passed
    }
}

/// Counts the calls of `next`.
pub(super) fn counted<S: Iterator + Send>(
    mut source: S,
    asked: &Arc<AtomicUsize>,
) -> impl Iterator<Item = S::Item> + Send + use<S> {
    let asked = Arc::clone(asked);
    iter::from_fn(move || {
        asked.fetch_add(1, SeqCst);
        source.next()
    })
}

/// A source in which every call of `next` passes the gate.
pub(super) fn gated<S: Iterator + Send>(
    mut source: S,
    gate: &Arc<Gate>,
) -> impl Iterator<Item = S::Item> + Send + use<S> {
    let gate = Arc::clone(gate);
    iter::from_fn(move || {
        gate.pass();
        source.next()
    })
}
