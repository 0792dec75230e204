//! Waiting for many futures inside one task: what `asyncio.gather` does, without spawning anything.
//!
//! The brief is in `README.md`. The functions return futures of your own making: a struct of yours, `std::future::poll_fn`
//! or an `async` block, as you like. Their signatures stay as they are.

use std::error::Error;
use std::fmt;

/// Runs all futures concurrently inside the awaiting task and returns their outputs in argument order.
///
/// Nothing is polled before the returned future is. If a child panics, the panic comes out of that poll.
///
/// # Panics
/// The returned future may panic if it is polled again after it was ready or after a child's panic.
///
/// # Examples
/// ```
/// use gather::gather;
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
///
/// let squares = pin!(gather((1..=3).map(|n| async move { n * n })));
/// let mut context = Context::from_waker(Waker::noop());
/// assert_eq!(squares.poll(&mut context), Poll::Ready(vec![1, 4, 9]));
/// ```
pub fn gather<F: Future>(futures: impl IntoIterator<Item = F>) -> impl Future<Output = Vec<F::Output>> {
    let futures: Vec<F> = futures.into_iter().collect();
    async move { todo!("run {} futures concurrently", futures.len()) }
}

/// Like [`gather`], for children that can fail: the first error, in time, is the result, and the other children are
/// dropped before it is returned.
///
/// # Panics
/// As [`gather`].
///
/// # Examples
/// ```
/// use gather::try_gather;
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
    let futures: Vec<F> = futures.into_iter().collect();
    async move { todo!("run {} futures until one fails", futures.len()) }
}

/// Like [`gather`], but a child that panics becomes that child's `Err` and stops no other: `return_exceptions=True`.
///
/// # Panics
/// The returned future may panic if it is polled again after it was ready.
///
/// # Examples
/// ```
/// use gather::gather_settled;
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
    let futures: Vec<F> = futures.into_iter().collect();
    async move { todo!("run {} futures, whatever becomes of them", futures.len()) }
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
