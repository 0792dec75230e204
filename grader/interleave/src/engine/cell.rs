//! Access to the state behind a stand-in.

use std::cell::UnsafeCell;

/// The state behind a stand-in: one task looks at a time.
///
/// # Safety
/// `action` must neither switch tasks nor look at the same cell again.
pub(crate) unsafe fn with<T: ?Sized, R>(cell: &UnsafeCell<T>, action: impl FnOnce(&mut T) -> R) -> R {
    // SAFETY: all tasks live on one operating-system thread, and the caller promises not to nest.
    action(unsafe { &mut *cell.get() })
}
