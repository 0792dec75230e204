//! One closure does all the polling, every poll of a child makes a new waker, and wakers keep alive what they share with the
//! gather.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

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
    let mut missing = children.len();
    let shared = Arc::new(Mutex::new(Shared {
        list: (0..children.len()).collect(),
        listed: vec![true; children.len()],
        task: None,
    }));
    poll_fn(move |context| {
        shared.lock().unwrap().task = Some(context.waker().clone());
        let woken = std::mem::take(&mut shared.lock().unwrap().list);
        for index in woken {
            shared.lock().unwrap().listed[index] = false;
            let Some(child) = &mut children[index] else { continue };
            let waker = Waker::from(Arc::new(ChildWaker { index, shared: Arc::clone(&shared) }));
            match child.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Pending => continue,
                Poll::Ready(Ok(value)) => values[index] = Some(value),
                Poll::Ready(Err(error)) => {
                    children.clear();
                    return Poll::Ready(Err(error));
                }
            }
            children[index] = None;
            missing -= 1;
        }
        if missing > 0 {
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

struct Shared {
    list: Vec<usize>,
    listed: Vec<bool>,
    task: Option<Waker>,
}

struct ChildWaker {
    index: usize,
    shared: Arc<Mutex<Shared>>,
}

impl Wake for ChildWaker {
    fn wake(self: Arc<Self>) {
        let mut shared = self.shared.lock().unwrap();
        if std::mem::replace(&mut shared.listed[self.index], true) {
            return;
        }
        shared.list.push(self.index);
        let task = shared.task.clone();
        drop(shared);
        if let Some(task) = task {
            task.wake();
        }
    }
}
