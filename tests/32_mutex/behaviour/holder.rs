//! Threads that take the lock and stay, and what a lock says when it is asked.

use harness::{Actor, actor, expect, expect_eq, quiesce};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, TryLockError, TryLockResult};
use std::thread::{self, Thread};
use subject::Lock;

/// A thread that takes the lock and holds it until it is told to leave. It has come to rest: inside, or waiting.
pub(super) struct Holder {
    pub(super) actor: Actor<()>,
    pub(super) thread: Thread,
    inside: Arc<AtomicBool>,
    leave: Sender<()>,
}

impl Holder {
    /// Whether it has the lock, or had it. Exact after `quiesce`.
    fn has_entered(&self) -> bool {
        self.inside.load(Ordering::SeqCst)
    }

    /// Lets it release the lock and end, which it must do. Then all have come to rest again.
    pub(super) fn leave(self) {
        self.leave.send(()).expect("a holder waits to be told");
        quiesce();
        expect!(
            self.actor.has_finished(),
            format!("'{}', which releases the lock", self.actor.name()),
            "it releases the lock and goes its way",
            "it waits"
        );
        self.actor.finish();
    }
}

/// Starts a thread that takes the lock, makes a change, and stays.
pub(super) fn holder<T: Send + Sync + 'static>(
    name: &str,
    lock: &Arc<Lock<T>>,
    change: impl FnOnce(&mut T) + Send + 'static,
) -> Holder {
    let (leave, told) = channel();
    let (handle, handed) = channel();
    let inside = Arc::new(AtomicBool::new(false));
    let (theirs, lock) = (Arc::clone(&inside), Arc::clone(lock));
    let actor = actor(name, move || {
        handle.send(thread::current()).expect("somebody wants the handle");
        let mut guard = lock.lock().expect("the lock is not poisoned");
        change(&mut guard);
        theirs.store(true, Ordering::SeqCst);
        // An error means that the fact has failed already: nothing to add.
        let _ = told.recv();
        drop(guard);
    });
    let thread = handed.recv().expect("every thread has a handle");
    quiesce();
    Holder { actor, thread, inside, leave }
}

pub(super) fn entered(holder: &Holder, about: &str) {
    expect!(holder.has_entered(), about, "it has the lock", "it waits");
}

pub(super) fn waits(holder: &Holder, about: &str) {
    expect!(!holder.has_entered(), about, "it waits", "it has the lock");
}

/// One after another, in any order, all of these get in and leave.
pub(super) fn all_get_their_turn(mut waiting: Vec<Holder>, when: &str) {
    while !waiting.is_empty() {
        let inside = waiting.iter().filter(|holder| holder.has_entered()).count();
        expect_eq!(inside, 1, format!("how many of {} waiting threads have the lock, {when}", waiting.len()));
        let inside = waiting.iter().position(Holder::has_entered).expect("one of them has entered");
        waiting.remove(inside).leave();
    }
}

#[derive(Debug, PartialEq)]
pub(super) enum Tried {
    Entered,
    WouldBlock,
    Poisoned,
}

/// How a `try_lock` ended. A guard that came of it is released at once.
pub(super) fn tried<G>(result: TryLockResult<G>) -> Tried {
    match result {
        Ok(_) => Tried::Entered,
        Err(TryLockError::WouldBlock) => Tried::WouldBlock,
        Err(TryLockError::Poisoned(_)) => Tried::Poisoned,
    }
}

/// The value of a lock that nobody holds or waits for.
pub(super) fn value<T: Copy>(lock: &Lock<T>) -> T {
    match lock.try_lock() {
        Ok(guard) => *guard,
        Err(error) => harness::unmet("try_lock, when nobody holds the lock or waits for it", "Ok", error.to_string()),
    }
}
