//! [`Plain`].

use std::cell::RefCell;

/// The state behind a stand-in. One task looks at a time, and never switches while it does; whoever breaks that panics.
pub(crate) struct Plain<T: ?Sized>(RefCell<T>);

// SAFETY: an execution and all its tasks live on one operating-system thread, and a primitive that is used outside of one is
// not shared.
unsafe impl<T: ?Sized + Send> Sync for Plain<T> {}

impl<T> Plain<T> {
    pub(crate) const fn new(value: T) -> Self {
        Plain(RefCell::new(value))
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

impl<T: ?Sized> Plain<T> {
    /// Looks at the state. `action` must neither switch tasks nor run code of the explored program.
    pub(crate) fn with<R>(&self, action: impl FnOnce(&mut T) -> R) -> R {
        action(&mut self.0.borrow_mut())
    }
}
