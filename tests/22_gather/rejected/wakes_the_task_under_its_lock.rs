//! caught-by: behaviour — the_tasks_waker_may_wake_a_sibling
//! Calls the task's waker, which is foreign code, while the list of the woken is locked.
//!
//! Waiting for many futures inside one task: `asyncio.gather` without an event loop of its own.
//!
//! All three functions are one machine, `Children`: it gives every child a waker of the child's own, and polls only
//! the children whose wakers were used. [`try_gather`] is that machine; [`gather`] is `try_gather` over children that
//! cannot fail, and [`gather_settled`] is `gather` over children whose panics have become values.
//!
//! Nothing here spawns, blocks or keeps time. Who polls the returned future, and when, is the business of the caller's
//! runtime.

use std::any::Any;
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};

/// Runs all futures concurrently inside the awaiting task and returns their outputs in argument order.
///
/// Nothing is polled before the returned future is. If a child panics, the panic comes out of that poll.
///
/// # Panics
/// The returned future may panic if it is polled again after it was ready or after a child's panic.
///
/// # Examples
/// ```
/// use subject::gather;
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
///
/// let squares = pin!(gather((1..=3).map(|n| async move { n * n })));
/// let mut context = Context::from_waker(Waker::noop());
/// assert_eq!(squares.poll(&mut context), Poll::Ready(vec![1, 4, 9]));
/// ```
pub fn gather<F: Future>(futures: impl IntoIterator<Item = F>) -> impl Future<Output = Vec<F::Output>> {
    let gathered = try_gather(futures.into_iter().map(|future| async { Ok::<_, Infallible>(future.await) }));
    async {
        match gathered.await {
            Ok(outputs) => outputs,
            Err(never) => match never {},
        }
    }
}

/// Like [`gather`], for children that can fail: the first error, in time, is the result, and the other children are
/// dropped before it is returned.
///
/// # Panics
/// As [`gather`].
///
/// # Examples
/// ```
/// use subject::try_gather;
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
///
/// let numbers = pin!(try_gather(["7", "x", "9"].map(|text| async move { text.parse::<u8>() })));
/// let mut context = Context::from_waker(Waker::noop());
/// let Poll::Ready(Err(error)) = numbers.poll(&mut context) else { panic!("\"x\" is not a number") };
/// assert_eq!(error.to_string(), "invalid digit found in string");
/// ```
pub fn try_gather<F, T, E>(futures: impl IntoIterator<Item = F>) -> impl Future<Output = Result<Vec<T>, E>>
where
    F: Future<Output = Result<T, E>>,
{
    let mut children = Children::new(futures);
    let mut values: Vec<Option<T>> = children.slots.iter().map(|_| None).collect();
    let mut missing = values.len();
    poll_fn(move |context| {
        children.register(context.waker());
        for index in children.take_woken() {
            match children.poll(index) {
                Poll::Pending => {}
                Poll::Ready(Ok(value)) => {
                    values[index] = Some(value);
                    missing -= 1;
                }
                Poll::Ready(Err(error)) => {
                    children.slots.clear();
                    return Poll::Ready(Err(error));
                }
            }
        }
        if missing > 0 {
            return Poll::Pending;
        }
        Poll::Ready(Ok(values.drain(..).map(|value| value.expect("no value is missing")).collect()))
    })
}

/// Like [`gather`], but a child that panics becomes that child's `Err` and stops no other: `return_exceptions=True`.
///
/// # Panics
/// The returned future may panic if it is polled again after it was ready.
///
/// # Examples
/// ```
/// use subject::gather_settled;
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
///
/// let quotients = pin!(gather_settled([2, 0].map(|divisor| async move { 10 / divisor })));
/// let mut context = Context::from_waker(Waker::noop());
/// let Poll::Ready(results) = quotients.poll(&mut context) else { panic!("no child waits for anything") };
/// assert_eq!(results[0], Ok(5));
/// assert_eq!(results[1].as_ref().unwrap_err().message(), Some("attempt to divide by zero"));
/// ```
pub fn gather_settled<F: Future>(
    futures: impl IntoIterator<Item = F>,
) -> impl Future<Output = Vec<Result<F::Output, Panicked>>> {
    gather(futures.into_iter().map(|future| async {
        let mut future = pin!(future);
        // A future that has panicked is dropped and never polled again: nothing can see its broken state.
        poll_fn(move |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(Panicked::new(&*payload))),
        })
        .await
    }))
}

/// What is left of a child that panicked: the panic's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    message: Option<String>,
}

impl Panicked {
    /// The text that the child panicked with, or `None` if the payload of the panic is neither a `&'static str` nor a
    /// `String`.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    fn new(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&'static str>().map(|text| String::from(*text));
        Self { message: text.or_else(|| payload.downcast_ref::<String>().cloned()) }
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

/// The futures of one gather, each with a waker of its own.
struct Children<F> {
    /// A child's place is its index. The place is empty once the child has finished.
    slots: Vec<Option<Pin<Box<F>>>>,
    wakers: Vec<Waker>,
    woken: Arc<Mutex<Woken>>,
}

/// What wakers and the gather share. One lock guards it all: whether a child is listed, the list, and whom to tell
/// belong together. It is never held while a child is polled or the task is woken.
struct Woken {
    /// The children to poll next, each at most once.
    list: Vec<usize>,
    is_listed: Vec<bool>,
    /// The task, until somebody has woken it: further wakes have nothing to add before the next poll.
    task: Option<Waker>,
}

impl<F: Future> Children<F> {
    fn new(futures: impl IntoIterator<Item = F>) -> Self {
        let slots: Vec<_> = futures.into_iter().map(|future| Some(Box::pin(future))).collect();
        // The first poll owes every child a poll: all are listed as if they had been woken.
        let list = (0..slots.len()).collect();
        let woken = Arc::new(Mutex::new(Woken { list, is_listed: vec![true; slots.len()], task: None }));
        let waker = |index| Waker::from(Arc::new(ChildWaker { index, woken: Arc::downgrade(&woken) }));
        Self { wakers: (0..slots.len()).map(waker).collect(), slots, woken }
    }

    /// Says whom to wake. Must come before any child is polled: a child may be woken while it is being polled.
    fn register(&self, waker: &Waker) {
        let mut woken = lock(&self.woken);
        match &mut woken.task {
            Some(task) => task.clone_from(waker),
            None => woken.task = Some(waker.clone()),
        }
    }

    /// The children to poll now. Wakes that come later are for the next round, so a round always ends.
    fn take_woken(&self) -> Vec<usize> {
        std::mem::take(&mut lock(&self.woken).list)
    }

    fn poll<T>(&mut self, index: usize) -> Poll<T>
    where
        F: Future<Output = T>,
    {
        // Unlisted before its poll, not after: a wake that comes during the poll has to list the child again.
        lock(&self.woken).is_listed[index] = false;
        // A finished child may still be woken.
        let Some(child) = &mut self.slots[index] else { return Poll::Pending };
        let poll = child.as_mut().poll(&mut Context::from_waker(&self.wakers[index]));
        if poll.is_ready() {
            self.slots[index] = None;
        }
        poll
    }
}

/// A child's waker. It outlives the gather if somebody keeps it; then there is nobody to tell.
struct ChildWaker {
    index: usize,
    woken: Weak<Mutex<Woken>>,
}

impl Wake for ChildWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let Some(shared) = self.woken.upgrade() else { return };
        let mut woken = lock(&shared);
        if std::mem::replace(&mut woken.is_listed[self.index], true) {
            return;
        }
        woken.list.push(self.index);
        let task = woken.task.take();
        if let Some(task) = task {
            task.wake();
        }
    }
}

/// The lock is never held across code that can panic, so a poisoned one is whole.
fn lock(woken: &Mutex<Woken>) -> MutexGuard<'_, Woken> {
    woken.lock().unwrap_or_else(PoisonError::into_inner)
}
