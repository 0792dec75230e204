//! The threads of the stories: each takes the lock, and holds it until it is told to go on.

use harness::{Actor, actor, expect, expect_eq, quiesce};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use subject::{RwLock, WriteGuard};

/// A thread that takes the lock and holds it until it is told to go on.
pub(super) struct Holder {
    pub(super) actor: Actor<()>,
    stages: Arc<AtomicUsize>,
    go_on: Sender<()>,
}

impl Holder {
    /// Whether it has the lock, or had it. Exact after `quiesce`.
    pub(super) fn has_entered(&self) -> bool {
        self.stages.load(Ordering::SeqCst) > 0
    }

    /// Lets it go on to its next stage, or to its end.
    pub(super) fn go_on(&self) {
        self.go_on.send(()).expect("a holder waits to be told");
        quiesce();
    }

    /// Lets it go on to its end, which must come.
    pub(super) fn leave(self) {
        self.go_on();
        expect!(
            self.actor.has_finished(),
            format!("'{}', which releases the lock", self.actor.name()),
            "it releases the lock and goes its way",
            "it waits"
        );
        self.actor.finish();
    }
}

/// Starts a holder. `part` calls its argument at each stage: it marks the stage and waits to be told to go on.
pub(super) fn holder(name: &str, part: impl FnOnce(&dyn Fn()) + Send + 'static) -> Holder {
    let (go_on, told) = channel();
    let stages = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&stages);
    let actor = actor(name, move || {
        part(&|| {
            theirs.fetch_add(1, Ordering::SeqCst);
            // An error means that the fact has failed already: nothing to add.
            let _ = told.recv();
        });
    });
    Holder { actor, stages, go_on }
}

/// A thread that reads and stays. It has come to rest when this returns: inside, or waiting.
pub(super) fn reader<T: Send + Sync + 'static>(name: &str, lock: &Arc<RwLock<T>>) -> Holder {
    let lock = Arc::clone(lock);
    let reader = holder(name, move |stay| {
        let guard = lock.read().expect("the lock is not poisoned");
        stay();
        drop(guard);
    });
    quiesce();
    reader
}

/// A thread that writes, by way of `change`, and stays.
pub(super) fn writer<T: Send + Sync + 'static>(
    name: &str,
    lock: &Arc<RwLock<T>>,
    change: impl FnOnce(&mut T) + Send + 'static,
) -> Holder {
    let lock = Arc::clone(lock);
    let writer = holder(name, move |stay| {
        let mut guard = lock.write().expect("the lock is not poisoned");
        change(&mut guard);
        stay();
        drop(guard);
    });
    quiesce();
    writer
}

/// A thread that writes 1, stays, downgrades its guard, and stays again.
pub(super) fn downgrader(name: &str, lock: &Arc<RwLock<i32>>) -> Holder {
    let lock = Arc::clone(lock);
    let downgrader = holder(name, move |stay| {
        let mut guard = lock.write().expect("the lock is not poisoned");
        *guard = 1;
        stay();
        let guard = WriteGuard::downgrade(guard);
        stay();
        expect_eq!(*guard, 1, "the value, read through the downgraded guard that wrote 1 before");
        drop(guard);
    });
    quiesce();
    downgrader
}

pub(super) fn entered(holder: &Holder, about: &str) {
    expect!(holder.has_entered(), about, "it has the lock", "it waits");
}

pub(super) fn waits(holder: &Holder, about: &str) {
    expect!(!holder.has_entered(), about, "it waits", "it has the lock");
}

pub(super) fn count(holders: &[Holder]) -> usize {
    holders.iter().filter(|holder| holder.has_entered()).count()
}
