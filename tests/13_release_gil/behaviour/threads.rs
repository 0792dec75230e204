//! The GIL of a fact, the threads that come to it, and what they find.

use harness::{Actor, actor, expect, quiesce};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use subject::{Gil, Python};

/// Every fact has a process of its own, and so a GIL of its own.
pub(super) static GIL: Gil = Gil::new();

/// A thread that takes the GIL and stays until it is told to go on. It has come to rest when this returns.
pub(super) struct Visitor {
    actor: Actor<()>,
    pub(super) go_on: Sender<()>,
    stage: &'static AtomicUsize,
}

impl Visitor {
    pub(super) fn start(name: &str) -> Visitor {
        let (go_on, told) = channel();
        let stage: &AtomicUsize = Box::leak(Box::default());
        let actor = actor(name, move || {
            GIL.with(|_py| {
                stage.store(1, Ordering::SeqCst);
                pause(&told);
            });
        });
        quiesce();
        Visitor { actor, go_on, stage }
    }

    #[track_caller]
    pub(super) fn must_have_the_gil(&self, when: &str) {
        let about = format!("'{}', which called with on another thread, {when}", self.actor.name());
        expect!(self.stage.load(Ordering::SeqCst) == 1, about, "it has the GIL", "it waits");
    }

    #[track_caller]
    pub(super) fn must_wait(&self, when: &str) {
        let about = format!("'{}', which called with on another thread, {when}", self.actor.name());
        expect!(self.stage.load(Ordering::SeqCst) == 0, about, "it waits", "it has the GIL");
    }

    pub(super) fn leave(self) {
        go_on(&self.go_on);
        self.actor.finish();
    }
}

/// Waits to be told. An error means that the fact has failed already.
pub(super) fn pause(told: &Receiver<()>) {
    let _ = told.recv();
}

/// Tells a thread to go on, and lets everything come to rest. An error means that the thread has run ahead: it shows.
pub(super) fn go_on(sender: &Sender<()>) {
    let _ = sender.send(());
    quiesce();
}

/// A thread inside `with` so many times over, and then in `allow_threads`, where it waits to be told to go on. Back
/// under the GIL it waits once more, and then leaves all at once.
pub(super) struct Worker {
    actor: Actor<()>,
    go_on: Sender<()>,
    pub(super) is_back: &'static AtomicUsize,
}

impl Worker {
    pub(super) fn start(name: &str, depth: usize) -> Worker {
        let (go_on, told) = channel();
        let is_back: &AtomicUsize = Box::leak(Box::default());
        let actor = actor(name, move || {
            nested(depth, |py| {
                let told = py.allow_threads(move || {
                    pause(&told);
                    told
                });
                is_back.store(1, Ordering::SeqCst);
                pause(&told);
            });
        });
        quiesce();
        Worker { actor, go_on, is_back }
    }

    /// Ends its closure.
    pub(super) fn come_back(&self) {
        go_on(&self.go_on);
    }

    #[track_caller]
    pub(super) fn must_be(&self, back: bool, when: &str) {
        let about = format!("'{}', whose closure has returned, {when}", self.actor.name());
        let word = |back| if back { "allow_threads has returned" } else { "allow_threads waits for the GIL" };
        let is_back = self.is_back.load(Ordering::SeqCst) == 1;
        expect!(is_back == back, about, word(back), word(is_back));
    }

    pub(super) fn leave(self) {
        go_on(&self.go_on);
        self.actor.finish();
    }
}

/// Runs an action inside so many calls of `with`.
pub(super) fn nested(depth: usize, action: impl FnOnce(Python<'_>) + Send) {
    match depth {
        1 => GIL.with(action),
        _ => GIL.with(|_py| nested(depth - 1, action)),
    }
}

/// Nobody holds the GIL any more.
#[track_caller]
pub(super) fn must_be_free(when: &str) {
    let visitor = Visitor::start("visitor");
    visitor.must_have_the_gil(when);
    visitor.leave();
}

/// This thread holds the GIL: it says so, and another one waits. Leaves that one behind, waiting.
#[track_caller]
pub(super) fn must_be_held_here(when: &str) -> Visitor {
    expect!(GIL.is_held_here(), format!("is_held_here(), {when}"), "true", "false");
    let visitor = Visitor::start("visitor");
    visitor.must_wait(when);
    visitor
}
