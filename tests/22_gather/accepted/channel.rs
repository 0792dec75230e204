//! A channel carries the woken children, the marks are atomics, and the futures are hand-written structs.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// All outputs, in argument order.
pub fn gather<F: Future>(futures: impl IntoIterator<Item = F>) -> impl Future<Output = Vec<F::Output>> {
    Gather { running: Running::new(futures) }
}

/// All values, in argument order, or the first error.
pub fn try_gather<F, T, E>(futures: impl IntoIterator<Item = F>) -> impl Future<Output = Result<Vec<T>, E>>
where
    F: Future<Output = Result<T, E>>,
{
    TryGather { running: Running::new(futures) }
}

/// All outputs, in argument order; a child that panics becomes its own `Err`.
pub fn gather_settled<F: Future>(
    futures: impl IntoIterator<Item = F>,
) -> impl Future<Output = Vec<Result<F::Output, Panicked>>> {
    Settled { running: Running::new(futures) }
}

struct Gather<F: Future> {
    running: Running<F, F::Output>,
}

struct TryGather<F, T> {
    running: Running<F, T>,
}

struct Settled<F: Future> {
    running: Running<F, Result<F::Output, Panicked>>,
}

impl<F: Future> Unpin for Gather<F> {}
impl<F, T> Unpin for TryGather<F, T> {}
impl<F: Future> Unpin for Settled<F> {}

impl<F: Future> Future for Gather<F> {
    type Output = Vec<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let running = &mut self.running;
        for index in running.begin(context) {
            if let Some(Poll::Ready(output)) = running.poll(index).unwrap_or_else(|payload| resume_unwind(payload)) {
                running.finish(index, output);
            }
        }
        running.outputs()
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> Future for TryGather<F, T> {
    type Output = Result<Vec<T>, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let running = &mut self.running;
        for index in running.begin(context) {
            match running.poll(index).unwrap_or_else(|payload| resume_unwind(payload)) {
                Some(Poll::Ready(Ok(value))) => running.finish(index, value),
                Some(Poll::Ready(Err(error))) => {
                    running.children.clear();
                    return Poll::Ready(Err(error));
                }
                Some(Poll::Pending) | None => {}
            }
        }
        running.outputs().map(Ok)
    }
}

impl<F: Future> Future for Settled<F> {
    type Output = Vec<Result<F::Output, Panicked>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let running = &mut self.running;
        for index in running.begin(context) {
            match running.poll(index) {
                Ok(Some(Poll::Ready(output))) => running.finish(index, Ok(output)),
                Ok(_) => {}
                Err(payload) => running.finish(index, Err(Panicked::new(payload))),
            }
        }
        running.outputs()
    }
}

struct Running<F, T> {
    children: Vec<Option<Child<F>>>,
    outputs: Vec<Option<T>>,
    left: usize,
    woken: Receiver<usize>,
    task: Arc<Mutex<Option<Waker>>>,
}

struct Child<F> {
    future: Pin<Box<F>>,
    bell: Arc<Bell>,
}

struct Bell {
    index: usize,
    has_rung: AtomicBool,
    woken: Sender<usize>,
    task: Arc<Mutex<Option<Waker>>>,
}

impl<F: Future, T> Running<F, T> {
    fn new(futures: impl IntoIterator<Item = F>) -> Self {
        let (sender, woken) = channel();
        let task = Arc::new(Mutex::new(None));
        let child = |(index, future)| {
            let bell = Bell { index, has_rung: AtomicBool::new(false), woken: sender.clone(), task: Arc::clone(&task) };
            let bell = Arc::new(bell);
            bell.ring();
            Some(Child { future: Box::pin(future), bell })
        };
        let children: Vec<_> = futures.into_iter().enumerate().map(child).collect();
        let outputs = children.iter().map(|_| None).collect();
        Self { left: children.len(), children, outputs, woken, task }
    }

    fn begin(&mut self, context: &Context<'_>) -> Vec<usize> {
        *self.task.lock().unwrap() = Some(context.waker().clone());
        self.woken.try_iter().collect()
    }

    fn poll(&mut self, index: usize) -> Result<Option<Poll<F::Output>>, Box<dyn Any + Send>> {
        let Some(child) = &mut self.children[index] else { return Ok(None) };
        child.bell.has_rung.swap(false, Ordering::AcqRel);
        let waker = Waker::from(Arc::clone(&child.bell));
        let mut context = Context::from_waker(&waker);
        catch_unwind(AssertUnwindSafe(|| Some(child.future.as_mut().poll(&mut context))))
    }

    fn finish(&mut self, index: usize, output: T) {
        self.children[index] = None;
        self.outputs[index] = Some(output);
        self.left -= 1;
    }

    fn outputs(&mut self) -> Poll<Vec<T>> {
        if self.left > 0 { Poll::Pending } else { Poll::Ready(self.outputs.drain(..).flatten().collect()) }
    }
}

impl Bell {
    /// Whether this is the first ring since the child was polled.
    fn ring(&self) -> bool {
        let is_first = !self.has_rung.swap(true, Ordering::AcqRel);
        if is_first {
            // Nobody listens any more once the gather has been dropped.
            let _ = self.woken.send(self.index);
        }
        is_first
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        if self.ring() {
            let task = self.task.lock().unwrap().clone();
            task.into_iter().for_each(Waker::wake);
        }
    }
}

impl Panicked {
    fn new(payload: Box<dyn Any + Send>) -> Self {
        let message = match payload.downcast::<String>() {
            Ok(text) => Some(*text),
            Err(payload) => payload.downcast::<&'static str>().ok().map(|text| text.to_string()),
        };
        Self { message }
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
