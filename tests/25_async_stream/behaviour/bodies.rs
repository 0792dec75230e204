//! What the bodies of the facts are made of: they leave traces, wait, and poll futures by hand.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, Waker};

/// How far a body has come.
#[derive(Default)]
pub(super) struct Log(RefCell<String>);

impl Log {
    pub(super) fn line(&self, line: impl AsRef<str>) {
        self.0.borrow_mut().push_str(&format!("{};", line.as_ref()));
    }

    /// All lines since the last look, each with a semicolon behind it.
    pub(super) fn take(&self) -> String {
        self.0.take()
    }

    pub(super) fn take_sorted(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.take().split_terminator(';').map(String::from).collect();
        lines.sort();
        lines
    }
}

/// Writes its name down when it is dropped.
pub(super) struct Trace<'a>(pub(super) &'a Log, pub(super) &'static str);

impl Drop for Trace<'_> {
    fn drop(&mut self) {
        self.0.line(self.1);
    }
}

/// Something to wait for, opened by the fact.
#[derive(Default)]
pub(super) struct Gate {
    is_open: Cell<bool>,
    polls: Cell<usize>,
    waiting: RefCell<Option<Waker>>,
}

impl Gate {
    pub(super) fn passed(&self) -> impl Future<Output = ()> {
        poll_fn(|context| {
            self.polls.set(self.polls.get() + 1);
            if self.is_open.get() {
                return Poll::Ready(());
            }
            self.waiting.replace(Some(context.waker().clone()));
            Poll::Pending
        })
    }

    pub(super) fn open(&self) {
        self.is_open.set(true);
        if let Some(waiting) = self.waiting.take() {
            waiting.wake();
        }
    }

    pub(super) fn close(&self) {
        self.is_open.set(false);
    }

    pub(super) fn polls(&self) -> usize {
        self.polls.get()
    }
}

/// Polls a future once and drops it, ready or not.
pub(super) async fn give_up<F: Future>(future: F) {
    let mut future = pin!(future);
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await;
}

/// Waits for two futures at the same time.
pub(super) async fn both(first: impl Future<Output = ()>, second: impl Future<Output = ()>) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let mut are_over = [false; 2];
    poll_fn(|context| {
        are_over[0] = are_over[0] || first.as_mut().poll(context).is_ready();
        are_over[1] = are_over[1] || second.as_mut().poll(context).is_ready();
        if are_over == [true; 2] { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Pending once, having woken its own task.
pub(super) async fn wake_yourself() {
    let mut is_over = false;
    poll_fn(|context| {
        if is_over {
            return Poll::Ready(());
        }
        is_over = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
