//! The functions are `async fn`; later polls take the latest wake first; a child and its output share one slot.
//! Every poll of a child makes a new waker.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Wake, Waker};

/// All outputs, in argument order.
pub async fn gather<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut slots = Slots::new(futures);
    poll_fn(|context| slots.round(context, |slot, context| slot.poll(context))).await;
    slots.into_outputs()
}

/// All values, in argument order, or the first error.
pub async fn try_gather<F, T, E>(futures: impl IntoIterator<Item = F>) -> Result<Vec<T>, E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut slots = Slots::new(futures);
    let mut failed = false;
    poll_fn(|context| {
        slots.round(context, |slot, context| {
            slot.poll(context);
            failed = matches!(slot, Slot::Finished(Err(_)));
            !failed
        })
    })
    .await;
    if failed {
        let error = slots.slots.into_iter().find_map(|slot| match slot {
            Slot::Finished(Err(error)) => Some(error),
            _ => None,
        });
        return Err(error.expect("a slot holds the error"));
    }
    slots.into_outputs().into_iter().collect()
}

/// All outputs, in argument order; a child that panics becomes its own `Err`.
pub async fn gather_settled<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<Result<F::Output, Panicked>> {
    gather(futures.into_iter().map(|future| Catching { future: Box::pin(future) })).await
}

struct Catching<F> {
    future: Pin<Box<F>>,
}

impl<F: Future> Future for Catching<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let caught = catch_unwind(AssertUnwindSafe(|| self.future.as_mut().poll(context)));
        match caught {
            Ok(poll) => poll.map(Ok),
            Err(payload) => {
                let literal = payload.downcast_ref::<&'static str>().map(ToString::to_string);
                Poll::Ready(Err(Panicked { message: literal.or(payload.downcast_ref::<String>().cloned()) }))
            }
        }
    }
}

enum Slot<F: Future> {
    Running(Pin<Box<F>>),
    Finished(F::Output),
}

impl<F: Future> Slot<F> {
    /// Polls a running child. Says that the round may go on.
    fn poll(&mut self, context: &mut Context<'_>) -> bool {
        if let Self::Running(future) = self
            && let Poll::Ready(output) = future.as_mut().poll(context)
        {
            *self = Self::Finished(output);
        }
        true
    }
}

struct Slots<F: Future> {
    slots: Vec<Slot<F>>,
    running: usize,
    has_begun: bool,
    stack: Arc<Mutex<Stack>>,
}

#[derive(Default)]
struct Stack {
    latest_last: Vec<usize>,
    members: BTreeSet<usize>,
    task: Option<Waker>,
}

impl<F: Future> Slots<F> {
    fn new(futures: impl IntoIterator<Item = F>) -> Self {
        let slots: Vec<_> = futures.into_iter().map(|future| Slot::Running(Box::pin(future))).collect();
        Self { running: slots.len(), slots, has_begun: false, stack: Arc::default() }
    }

    /// One poll of the gather: ready when no child is running any more, or when `visit` has said `false`.
    fn round(
        &mut self,
        context: &mut Context<'_>,
        mut visit: impl FnMut(&mut Slot<F>, &mut Context<'_>) -> bool,
    ) -> Poll<()> {
        let mut woken = {
            let mut stack = self.stack.lock().unwrap();
            stack.task = Some(context.waker().clone());
            stack.members.clear();
            std::mem::take(&mut stack.latest_last)
        };
        if !std::mem::replace(&mut self.has_begun, true) {
            woken = (0..self.slots.len()).rev().collect();
        }
        while let Some(index) = woken.pop() {
            if matches!(self.slots[index], Slot::Finished(_)) {
                continue;
            }
            let waker = Waker::from(Arc::new(Push { index, stack: Arc::downgrade(&self.stack) }));
            if !visit(&mut self.slots[index], &mut Context::from_waker(&waker)) {
                return Poll::Ready(());
            }
            if matches!(self.slots[index], Slot::Finished(_)) {
                self.running -= 1;
            }
        }
        if self.running > 0 { Poll::Pending } else { Poll::Ready(()) }
    }

    fn into_outputs(self) -> Vec<F::Output> {
        let output = |slot| match slot {
            Slot::Finished(output) => Some(output),
            Slot::Running(_) => None,
        };
        self.slots.into_iter().filter_map(output).collect()
    }
}

struct Push {
    index: usize,
    stack: Weak<Mutex<Stack>>,
}

impl Wake for Push {
    fn wake(self: Arc<Self>) {
        let Some(stack) = self.stack.upgrade() else { return };
        let task = {
            let mut stack = stack.lock().unwrap();
            if stack.members.insert(self.index) {
                stack.latest_last.push(self.index);
            }
            stack.task.clone()
        };
        task.into_iter().for_each(Waker::wake);
    }
}

/// What is left of a child that panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    message: Option<String>,
}

impl Panicked {
    /// The text that the child panicked with, if it was text.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(formatter, "panicked: {message}"),
            None => formatter.write_str("panicked"),
        }
    }
}

impl Error for Panicked {}
