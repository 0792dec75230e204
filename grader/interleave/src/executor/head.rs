//! What is known of an asynchronous task besides its result.

use crate::engine::{self, Signal};
use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::sync::Arc;
use std::task::Waker;

thread_local! {
    static FINISHED: Cell<u64> = const { Cell::new(0) };
}

/// What is known of a task besides its result.
pub(super) struct Head {
    pub(super) signal: Arc<Signal>,
    pub(super) at: &'static Location<'static>,
    pub(super) aborted: Cell<bool>,
    /// How many tasks of the operating-system thread had ended before it, if it has.
    finished: Cell<Option<u64>>,
    joiner: RefCell<Option<Waker>>,
    /// What the poll in progress waits for.
    pub(super) leaf: Cell<Option<Leaf>>,
}

/// What a pending future waits for.
#[derive(Clone, Copy)]
pub(super) struct Leaf {
    pub(super) operation: &'static str,
    pub(super) object: Option<engine::ObjectId>,
    pub(super) at: &'static Location<'static>,
}

// SAFETY: the cells are only touched by the one running task of an execution.
unsafe impl Send for Head {}
// SAFETY: as above.
unsafe impl Sync for Head {}

impl Head {
    #[track_caller]
    pub(super) fn new() -> Arc<Head> {
        Arc::new(Head {
            signal: Signal::new(),
            at: Location::caller(),
            aborted: Cell::new(false),
            finished: Cell::new(None),
            joiner: RefCell::new(None),
            leaf: Cell::new(None),
        })
    }

    pub(super) fn is_finished(&self) -> bool {
        self.finished.get().is_some()
    }

    /// The result is there: whoever awaits it goes on.
    pub(super) fn finish(&self) {
        self.finished.set(Some(FINISHED.replace(FINISHED.get() + 1)));
        self.signal.end();
        let joiner = self.joiner.borrow_mut().take();
        if let Some(joiner) = joiner {
            engine::wake_within(joiner, self.at);
        }
    }

    #[track_caller]
    pub(super) fn abort(&self) {
        if !self.signal.is_of_this_execution() {
            return;
        }
        engine::point("abort", self.signal.object());
        engine::note(|| engine::name_of(self.signal.task()));
        self.request_abort();
    }

    /// In which place among all tasks of the operating-system thread it has ended.
    pub(super) fn ended_as(&self) -> Option<u64> {
        self.finished.get()
    }

    /// Has `waker` called when the result is there.
    pub(super) fn watch(&self, waker: &Waker) {
        let before = self.joiner.borrow_mut().replace(waker.clone());
        drop(before);
    }

    /// Asks the task to stop, without recording it.
    pub(super) fn request_abort(&self) {
        if !self.is_finished() {
            self.aborted.set(true);
            self.signal.set();
        }
    }
}
