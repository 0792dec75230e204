//! What an [`Ordering`] asks for.

pub(super) use std::sync::atomic::Ordering;

/// Whether a load or fence of this ordering learns what the store carries.
pub(super) fn acquires(order: Ordering) -> bool {
    matches!(order, Ordering::Acquire | Ordering::AcqRel | Ordering::SeqCst)
}

/// Whether a store or fence of this ordering carries what its task knows.
pub(super) fn releases(order: Ordering) -> bool {
    matches!(order, Ordering::Release | Ordering::AcqRel | Ordering::SeqCst)
}
