//! One of the descriptors of an end: the last one to go closes it.

use std::panic::Location;
use std::sync::Arc;

/// What descriptors refer to.
pub(crate) trait End {
    /// There is one descriptor more.
    fn add_descriptor(&self);

    /// There is one descriptor less. A scheduling point, at the place where the descriptor was made: a destructor cannot know where
    /// it is called.
    fn remove_descriptor(&self, at: &'static Location<'static>);
}

/// A descriptor.
pub(crate) struct Descriptor<E: End> {
    end: Arc<E>,
    at: &'static Location<'static>,
}

impl<E: End> Descriptor<E> {
    /// The first descriptor of an end.
    pub(super) fn first(end: Arc<E>, at: &'static Location<'static>) -> Self {
        end.add_descriptor();
        Descriptor { end, at }
    }

    /// One more.
    #[track_caller]
    pub(crate) fn duplicate(&self) -> Self {
        self.end.add_descriptor();
        Descriptor { end: Arc::clone(&self.end), at: Location::caller() }
    }

    /// What it refers to.
    pub(super) fn end(&self) -> &Arc<E> {
        &self.end
    }
}

impl<E: End> Drop for Descriptor<E> {
    fn drop(&mut self) {
        self.end.remove_descriptor(self.at);
    }
}
