//! The words that the stories are told in: threads that enter, gates that hold them up, and ticks.

use harness::{Actor, Log, actor, expect, quiesce};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use subject::{Gil, Python};

pub(super) fn new(interval: u32) -> Arc<Gil> {
    Arc::new(Gil::new(interval))
}

/// Starts a thread that calls `with`, and waits until it can get no further by itself.
pub(super) fn enter<T: Send + 'static>(
    name: &str,
    gil: &Arc<Gil>,
    part: impl for<'py> FnOnce(Python<'py>) -> T + Send + 'static,
) -> Actor<T> {
    let gil = Arc::clone(gil);
    let actor = actor(name, move || gil.with(part));
    quiesce();
    actor
}

/// Blocks until the gate is opened.
pub(super) fn pass(gate: &Receiver<()>) {
    let _ = gate.recv();
}

pub(super) fn open(gate: &Sender<()>) {
    let _ = gate.send(());
}

/// `count` bytecodes, each noted just before its tick.
pub(super) fn ticks(py: Python<'_>, count: u32, name: &str, log: &Log) {
    for n in 1..=count {
        log.line(format_args!("{name} {n}"));
        py.tick();
    }
}

#[track_caller]
pub(super) fn must_end<T>(actor: &Actor<T>, about: &str) {
    quiesce();
    expect!(actor.has_finished(), about, "it gets the GIL in its turn and ends", "it waits, and nothing will wake it");
}
