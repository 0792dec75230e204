//! Permits that are handed out in the order in which they were asked for: what tokio's semaphore, mutex, read-write lock and
//! bounded channel have inside.

use crate::shared::{Shared, wake};
use interleave::engine::Object;
use interleave::executor::waits;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// The most permits there may be.
pub(crate) const MOST: usize = usize::MAX >> 3;

/// The permits of one primitive.
#[derive(Debug)]
pub(crate) struct Permits(Shared<Queue>);

#[derive(Debug)]
struct Queue {
    initial: usize,
    available: usize,
    closed: bool,
    waiting: VecDeque<Arc<Waiter>>,
}

/// Who waits. The first in the queue collects what comes, and those behind get nothing before it has all.
#[derive(Debug)]
struct Waiter {
    missing: Cell<usize>,
    waker: RefCell<Option<Waker>>,
}

// SAFETY: the cells are only touched by the one running task of an execution.
unsafe impl Send for Waiter {}
// SAFETY: as above.
unsafe impl Sync for Waiter {}

/// There will be no more permits.
#[derive(Debug)]
pub(crate) struct Closed;

/// Why there are no permits at once.
#[derive(Debug)]
pub(crate) enum Refused {
    Closed,
    TooFew,
}

fn renew(queue: &mut Queue) {
    queue.available = queue.initial;
    queue.closed = false;
    // What an abandoned execution has left is never dropped.
    std::mem::forget(std::mem::take(&mut queue.waiting));
}

impl Queue {
    /// Hands permits out. Returns who is to be woken.
    #[must_use]
    fn give(&mut self, mut count: usize) -> Vec<Waker> {
        let mut served = Vec::new();
        while let Some(first) = self.waiting.front() {
            let given = count.min(first.missing.get());
            first.missing.set(first.missing.get() - given);
            count -= given;
            if first.missing.get() > 0 {
                break;
            }
            served.extend(first.waker.borrow_mut().take());
            self.waiting.pop_front();
        }
        self.available += count;
        served
    }
}

impl Permits {
    #[track_caller]
    pub(crate) const fn new(kind: &'static str, count: usize) -> Self {
        let queue = Queue { initial: count, available: count, closed: false, waiting: VecDeque::new() };
        Permits(Shared::new(kind, queue, renew))
    }

    pub(crate) fn object(&self) -> &Object {
        self.0.object()
    }

    pub(crate) fn point(&self, operation: &'static str, at: &'static Location<'static>) {
        self.0.point(operation, at);
    }

    pub(crate) fn available(&self) -> usize {
        self.0.with(|queue| queue.available)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.with(|queue| queue.closed)
    }

    /// Waits for `count` permits. The first poll is a step of `object`.
    pub(crate) fn acquire<'a>(
        &'a self,
        object: &'a Object,
        operation: &'static str,
        count: usize,
        at: &'static Location<'static>,
    ) -> Acquire<'a> {
        Acquire { permits: self, object, operation, count, at, waiter: None }
    }

    /// Takes `count` permits if they are there, without recording it.
    pub(crate) fn take(&self, count: usize) -> Result<(), Refused> {
        self.0.with(|queue| {
            if queue.closed {
                return Err(Refused::Closed);
            }
            queue.available = queue.available.checked_sub(count).ok_or(Refused::TooFew)?;
            Ok(())
        })
    }

    /// Gives permits back, or adds new ones, without recording it.
    pub(crate) fn give(&self, count: usize, at: &'static Location<'static>) {
        wake(self.0.with(|queue| queue.give(count)), at);
    }

    /// Takes up to `count` permits away for good. Returns how many there were.
    pub(crate) fn forget(&self, count: usize) -> usize {
        self.0.with(|queue| {
            let taken = queue.available.min(count);
            queue.available -= taken;
            taken
        })
    }

    /// Nobody gets permits any more, not even those who wait; without recording it.
    pub(crate) fn close(&self, at: &'static Location<'static>) {
        let waiting = self.0.with(|queue| {
            queue.closed = true;
            std::mem::take(&mut queue.waiting)
        });
        for waiter in waiting {
            let waker = waiter.waker.borrow_mut().take();
            wake(waker, at);
        }
    }
}

/// Made by [`Permits::acquire`]. Dropping it gives back what it has.
pub(crate) struct Acquire<'a> {
    permits: &'a Permits,
    object: &'a Object,
    operation: &'static str,
    count: usize,
    at: &'static Location<'static>,
    waiter: Option<Arc<Waiter>>,
}

impl Acquire<'_> {
    fn first_poll(&mut self, context: &Context<'_>) -> Poll<Result<(), Closed>> {
        interleave::engine::point_at(self.operation, self.object, self.at);
        self.permits.0.with(|queue| {
            if queue.closed {
                return Poll::Ready(Err(Closed));
            }
            let taken = queue.available.min(self.count);
            queue.available -= taken;
            if taken == self.count {
                return Poll::Ready(Ok(()));
            }
            let waker = RefCell::new(Some(context.waker().clone()));
            let waiter = Arc::new(Waiter { missing: Cell::new(self.count - taken), waker });
            queue.waiting.push_back(Arc::clone(&waiter));
            self.waiter = Some(waiter);
            Poll::Pending
        })
    }

    fn poll_again(&self, waiter: &Waiter, context: &Context<'_>) -> Poll<Result<(), Closed>> {
        if self.permits.is_closed() {
            return Poll::Ready(Err(Closed));
        }
        if waiter.missing.get() == 0 {
            return Poll::Ready(Ok(()));
        }
        let before = waiter.waker.replace(Some(context.waker().clone()));
        drop(before);
        Poll::Pending
    }
}

impl Future for Acquire<'_> {
    type Output = Result<(), Closed>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let result = match &self.waiter {
            None => self.first_poll(context),
            Some(waiter) => self.poll_again(waiter, context),
        };
        match result {
            Poll::Ready(Ok(())) => self.waiter = None,
            // What it has collected goes back when it is dropped.
            Poll::Ready(Err(Closed)) => {}
            Poll::Pending => waits(self.operation, Some(self.object), self.at),
        }
        result
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        let Some(waiter) = self.waiter.take() else { return };
        // Others may act between the decision to give up and the moment when it shows.
        interleave::engine::point_at("give up", self.object, self.at);
        let served = self.permits.0.with(|queue| {
            queue.waiting.retain(|other| !Arc::ptr_eq(other, &waiter));
            queue.give(self.count - waiter.missing.get())
        });
        wake(served, self.at);
    }
}
