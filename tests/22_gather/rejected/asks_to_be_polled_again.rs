//! caught-by: behaviour — waiting_wakes_nobody
//! Wakes its own task at the end of every poll instead of trusting the wakers: busy waiting.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// All outputs, in argument order.
pub fn gather<F: Future>(futures: impl IntoIterator<Item = F>) -> impl Future<Output = Vec<F::Output>> {
    let gathered = try_gather(futures.into_iter().map(|future| async { Ok::<_, Infallible>(future.await) }));
    async { gathered.await.unwrap_or_else(|never| match never {}) }
}

/// All values, in argument order, or the first error.
pub fn try_gather<F, T, E>(futures: impl IntoIterator<Item = F>) -> impl Future<Output = Result<Vec<T>, E>>
where
    F: Future<Output = Result<T, E>>,
{
    let mut children: Vec<_> = futures.into_iter().map(|future| Some(Box::pin(future))).collect();
    let mut values: Vec<Option<T>> = children.iter().map(|_| None).collect();
    poll_fn(move |context| {
        for index in 0..children.len() {
            let Some(child) = &mut children[index] else { continue };
            match child.as_mut().poll(context) {
                Poll::Pending => {}
                Poll::Ready(Ok(value)) => {
                    values[index] = Some(value);
                    children[index] = None;
                }
                Poll::Ready(Err(error)) => {
                    children.clear();
                    return Poll::Ready(Err(error));
                }
            }
        }
        if children.iter().any(Option::is_some) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(values.drain(..).flatten().collect()))
    })
}

/// All outputs, in argument order; a child that panics becomes its own `Err`.
pub fn gather_settled<F: Future>(
    futures: impl IntoIterator<Item = F>,
) -> impl Future<Output = Vec<Result<F::Output, Panicked>>> {
    gather(futures.into_iter().map(|future| async {
        let mut future = pin!(future);
        poll_fn(move |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => {
                let literal = payload.downcast_ref::<&'static str>().map(ToString::to_string);
                Poll::Ready(Err(Panicked { message: literal.or(payload.downcast_ref::<String>().cloned()) }))
            }
        })
        .await
    }))
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
