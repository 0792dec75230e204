//! What tasks meet at: a mutex, a condition variable, an atomic. Each has a name by its kind and place of creation.

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
    pub(super) epoch: Cell<u32>,
    pub(super) id: Cell<u32>,
    pub(super) asked: Cell<u32>,
}

// SAFETY: an execution and all its tasks live on one operating-system thread, and a primitive that is used outside of one is
// not shared; see `cell::with`.
unsafe impl Sync for Object {}

impl Object {
    /// A new object of a kind ("mutex"), made where the caller says so.
    #[track_caller]
    pub const fn new(kind: &'static str) -> Self {
        Object { kind, made: Location::caller(), epoch: Cell::new(0), id: Cell::new(0), asked: Cell::new(0) }
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
