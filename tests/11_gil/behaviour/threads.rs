//! The words that the stories are told in: threads that enter, gates that hold them up, and a log.

use harness::{Actor, actor, expect, quiesce};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};
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
        log.add(&format!("{name} {n}"));
        py.tick();
    }
}

#[track_caller]
pub(super) fn must_end<T>(actor: &Actor<T>, about: &str) {
    quiesce();
    expect!(actor.has_finished(), about, "it gets the GIL in its turn and ends", "it waits, and nothing will wake it");
}

/// What happened, in the order in which it happened.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(super) fn add(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }

    pub(super) fn read(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}
