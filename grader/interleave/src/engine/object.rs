//! What tasks meet at: a mutex, a condition variable, an atomic. Each has a name by its kind and place of creation.

use super::execution;
use std::cell::Cell;
use std::panic::Location;

/// An object of one execution, numbered in the order of first use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub u32);

/// The identity of a primitive. Numbered lazily, so that it can be made in a `const` context; a `static` gets a
/// new number in each execution.
#[derive(Debug)]
pub struct Object {
    kind: &'static str,
    made: &'static Location<'static>,
    epoch: Cell<u32>,
    id: Cell<u32>,
    asked: Cell<u32>,
}

// SAFETY: an execution and all its tasks live on one operating-system thread, and a primitive that is used outside of one is
// not shared; see `execution::with`.
unsafe impl Sync for Object {}

impl Object {
    /// A new object of a kind ("mutex"), made where the caller says so.
    #[track_caller]
    pub const fn new(kind: &'static str) -> Self {
        Object { kind, made: Location::caller(), epoch: Cell::new(0), id: Cell::new(0), asked: Cell::new(0) }
    }

    /// Its number in the present execution.
    pub fn id(&self) -> ObjectId {
        let epoch = execution::epoch();
        if self.epoch.get() != epoch {
            self.epoch.set(epoch);
            self.id.set(execution::register(self.kind, self.made));
        }
        ObjectId(self.id.get())
    }

    /// Whether this is asked for the first time in the present execution: what an abandoned execution left in a `static` is
    /// void then. It has nothing to do with its number, which it gets from the point before the first operation.
    pub fn is_new(&self) -> bool {
        let epoch = execution::epoch();
        self.asked.replace(epoch) != epoch
    }

    /// What it is: "mutex".
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Where it was made.
    pub fn made(&self) -> &'static Location<'static> {
        self.made
    }
}
