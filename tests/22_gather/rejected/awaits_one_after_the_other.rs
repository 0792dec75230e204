//! caught-by: behaviour — three_delays_take_as_long_as_the_longest
//! Awaits one child after another: concurrent by its name only, the delays add up.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// All outputs, in argument order.
pub async fn gather<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut outputs = Vec::new();
    for future in futures {
        outputs.push(future.await);
    }
    outputs
}

/// All values, in argument order, or the first error.
pub async fn try_gather<F, T, E>(futures: impl IntoIterator<Item = F>) -> Result<Vec<T>, E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut values = Vec::new();
    for future in futures {
        values.push(future.await?);
    }
    Ok(values)
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
