//! What is counted in a run, and how the run has ended, with a result or a panic.

use harness::{Actor, expect, panic_text, quiesce};
use std::fmt::Debug;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

pub(super) fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items
}

/// An item that is counted from its making to its drop.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) number: usize,
    live: Arc<AtomicUsize>,
}

impl Tracked {
    pub(super) fn new(number: usize, live: &Arc<AtomicUsize>) -> Tracked {
        live.fetch_add(1, SeqCst);
        Tracked { number, live: Arc::clone(live) }
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.live.fetch_sub(1, SeqCst);
    }
}

/// What the panics of these facts carry.
#[derive(Debug)]
pub(super) struct Mishap(pub(super) &'static str);

/// Says how a run ended that should have panicked with a [`Mishap`].
pub(super) fn mishap_of(ended: thread::Result<impl Debug>) -> String {
    let payload = match ended {
        Ok(result) => return format!("no panic but {result:?}"),
        Err(payload) => payload,
    };
    match payload.downcast_ref::<Mishap>() {
        Some(Mishap(what)) => format!("the payload of {what}"),
        None => panic_text(&*payload).map_or("some other payload".into(), |text| format!("another payload: {text}")),
    }
}

/// How a run has ended that has nothing left to wait for.
pub(super) fn end_of<T>(running: Actor<T>) -> thread::Result<T> {
    quiesce();
    expect!(
        running.has_finished(),
        "the run, when nothing outside holds it up any more",
        "it ends",
        "it does not: each of its threads waits for another"
    );
    running.join()
}

/// What a run has returned that has nothing left to wait for.
pub(super) fn result_of<T>(running: Actor<T>) -> T {
    end_of(running).unwrap_or_else(|payload| resume_unwind(payload))
}

/// The sources of a run that has one.
pub(super) fn only<S>(source: S) -> Vec<S> {
    vec![source]
}

/// Work that refuses nothing.
pub(super) fn fine<T>(_: &T) -> Result<(), &'static str> {
    Ok(())
}
