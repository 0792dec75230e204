//! What all primitives here are made of: a state that one task looks at a time, and futures that wait for it to change.

use interleave::engine::{self, Clock, Object};
use interleave::executor::waits;
use std::cell::{Cell, UnsafeCell};
use std::fmt;
use std::future::Future;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// A state that tasks share.
pub(crate) struct Shared<S> {
    object: Object,
    clock: UnsafeCell<Clock>,
    state: UnsafeCell<S>,
    /// The execution in which it was last used.
    seen: Cell<u32>,
    /// Makes the state of a `static` that an earlier execution has left behind new again.
    renew: fn(&mut S),
}

// SAFETY: the state is only touched by the one running task of an execution, and what is sent to other tasks through it is
// `Send` by the bounds of the public types.
unsafe impl<S> Sync for Shared<S> {}
// SAFETY: as above.
unsafe impl<S> Send for Shared<S> {}
impl<S> UnwindSafe for Shared<S> {}
impl<S> RefUnwindSafe for Shared<S> {}

impl<S> Shared<S> {
    #[track_caller]
    pub(crate) const fn new(kind: &'static str, state: S, renew: fn(&mut S)) -> Self {
        Shared {
            object: Object::new(kind),
            clock: UnsafeCell::new(Clock::new()),
            state: UnsafeCell::new(state),
            seen: Cell::new(0),
            renew,
        }
    }

    pub(crate) fn object(&self) -> &Object {
        &self.object
    }

    pub(crate) fn made(&self) -> &'static Location<'static> {
        self.object.made()
    }

    pub(crate) fn point(&self, operation: &'static str, at: &'static Location<'static>) {
        engine::point_at(operation, &self.object, at);
    }

    /// Looks at the state. `action` must not call what the program has written: that might switch tasks, or come back here.
    pub(crate) fn with<R>(&self, action: impl FnOnce(&mut S) -> R) -> R {
        // SAFETY: one task runs at a time, and no action in this crate switches tasks or comes back here.
        let (state, clock) = unsafe { (&mut *self.state.get(), &mut *self.clock.get()) };
        if self.seen.replace(engine::epoch()) != engine::epoch() {
            (self.renew)(state);
            clock.clear();
        }
        // tokio's primitives have a lock inside: all that is done to one of them is ordered.
        engine::acquire(clock);
        engine::release(clock);
        action(state)
    }

    /// A future that is ready when `check` finds something. Its wakers are put where `wakers` says; whoever changes the state wakes
    /// them. The first check is a step.
    pub(crate) fn until<'a, R, F>(
        &'a self,
        operation: &'static str,
        at: &'static Location<'static>,
        wakers: fn(&mut S) -> &mut Wakers,
        check: F,
    ) -> Until<'a, S, F>
    where
        F: FnMut(&mut S) -> Option<R> + Unpin,
    {
        Until { shared: self, operation, at, wakers, check, polled: false, place: Place::default() }
    }
}

/// Wakers to be called when something changes, in the order in which they came.
#[derive(Default, Debug)]
pub(crate) struct Wakers {
    next: u64,
    waiting: Vec<(u64, Waker)>,
}

/// A place among [`Wakers`].
#[derive(Default, Debug)]
pub(crate) struct Place(Option<u64>);

impl Wakers {
    pub(crate) const fn new() -> Self {
        Wakers { next: 0, waiting: Vec::new() }
    }

    /// Puts a waker in its place. Returns what was there, to be dropped by the caller outside of the state.
    #[must_use]
    pub(crate) fn wait(&mut self, place: &mut Place, waker: Waker) -> Option<Waker> {
        let taken = place.0.and_then(|number| self.waiting.iter_mut().find(|(other, _)| *other == number));
        if let Some((_, before)) = taken {
            return Some(std::mem::replace(before, waker));
        }
        place.0 = Some(self.next);
        self.waiting.push((self.next, waker));
        self.next += 1;
        None
    }

    #[must_use]
    pub(crate) fn leave(&mut self, place: &mut Place) -> Option<Waker> {
        let number = place.0.take()?;
        let index = self.waiting.iter().position(|(other, _)| *other == number)?;
        Some(self.waiting.remove(index).1)
    }

    /// All that wait, to be woken by [`wake`] outside of the state.
    #[must_use]
    pub(crate) fn take(&mut self) -> Vec<Waker> {
        self.waiting.drain(..).map(|(_, waker)| waker).collect()
    }
}

/// Wakes, as a part of the operation in progress.
pub(crate) fn wake(wakers: impl IntoIterator<Item = Waker>, at: &'static Location<'static>) {
    for waker in wakers {
        engine::wake_within(waker, at);
    }
}

/// Made by [`Shared::until`].
pub(crate) struct Until<'a, S, F> {
    shared: &'a Shared<S>,
    operation: &'static str,
    at: &'static Location<'static>,
    wakers: fn(&mut S) -> &mut Wakers,
    check: F,
    polled: bool,
    place: Place,
}

impl<S, R, F: FnMut(&mut S) -> Option<R> + Unpin> Future for Until<'_, S, F> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        let this = self.get_mut();
        if !std::mem::replace(&mut this.polled, true) {
            this.shared.point(this.operation, this.at);
        }
        let found = this.shared.with(|state| match (this.check)(state) {
            Some(found) => Ok(found),
            None => Err((this.wakers)(state).wait(&mut this.place, context.waker().clone())),
        });
        match found {
            Ok(found) => Poll::Ready(found),
            Err(_before) => {
                waits(this.operation, Some(&this.shared.object), this.at);
                Poll::Pending
            }
        }
    }
}

impl<S, F> Drop for Until<'_, S, F> {
    fn drop(&mut self) {
        if self.place.0.is_some() {
            drop(self.shared.with(|state| (self.wakers)(state).leave(&mut self.place)));
        }
    }
}

impl<S> fmt::Debug for Shared<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shared").field("kind", &self.object.kind()).finish_non_exhaustive()
    }
}
