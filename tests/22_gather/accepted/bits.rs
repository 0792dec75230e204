//! The woken children are bits in two levels of atomic words, and the functions return async blocks.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// All outputs, in argument order.
pub fn gather<F: Future>(futures: impl IntoIterator<Item = F>) -> impl Future<Output = Vec<F::Output>> {
    let mut crowd = Crowd::new(futures);
    async move {
        let mut outputs: Vec<Option<F::Output>> = crowd.seats.iter().map(|_| None).collect();
        crowd
            .run(
                |child, context| child.poll(context),
                |index, output| {
                    outputs[index] = Some(output);
                    ControlFlow::<()>::Continue(())
                },
            )
            .await;
        outputs.into_iter().flatten().collect()
    }
}

/// All values, in argument order, or the first error.
pub fn try_gather<F, T, E>(futures: impl IntoIterator<Item = F>) -> impl Future<Output = Result<Vec<T>, E>>
where
    F: Future<Output = Result<T, E>>,
{
    let mut crowd = Crowd::new(futures);
    async move {
        let mut values: Vec<Option<T>> = crowd.seats.iter().map(|_| None).collect();
        let error = crowd
            .run(
                |child, context| child.poll(context),
                |index, result| match result {
                    Ok(value) => {
                        values[index] = Some(value);
                        ControlFlow::Continue(())
                    }
                    Err(error) => ControlFlow::Break(error),
                },
            )
            .await;
        error.map_or_else(|| Ok(values.into_iter().flatten().collect()), Err)
    }
}

/// All outputs, in argument order; a child that panics becomes its own `Err`.
pub fn gather_settled<F: Future>(
    futures: impl IntoIterator<Item = F>,
) -> impl Future<Output = Vec<Result<F::Output, Panicked>>> {
    let mut crowd = Crowd::new(futures);
    async move {
        let mut outputs: Vec<Option<Result<F::Output, Panicked>>> = crowd.seats.iter().map(|_| None).collect();
        let poll = |child: Pin<&mut F>, context: &mut Context<'_>| match catch_unwind(AssertUnwindSafe(|| {
            child.poll(context)
        })) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => {
                let literal = payload.downcast_ref::<&'static str>().map(ToString::to_string);
                Poll::Ready(Err(Panicked { message: literal.or(payload.downcast_ref::<String>().cloned()) }))
            }
        };
        crowd
            .run(poll, |index, output| {
                outputs[index] = Some(output);
                ControlFlow::<()>::Continue(())
            })
            .await;
        outputs.into_iter().flatten().collect()
    }
}

struct Crowd<F> {
    seats: Vec<Option<(Pin<Box<F>>, Waker)>>,
    left: usize,
    hands: Arc<Hands>,
}

/// Bit `i` of `low` is child `i`; bit `i` of `high` says that word `i` of `low` may hold a bit.
struct Hands {
    high: Vec<AtomicU64>,
    low: Vec<AtomicU64>,
    task: Mutex<Option<Waker>>,
}

struct Hand {
    index: usize,
    hands: Arc<Hands>,
}

impl<F> Crowd<F> {
    fn new(futures: impl IntoIterator<Item = F>) -> Self {
        let futures: Vec<F> = futures.into_iter().collect();
        let zeros = |count: usize| (0..count.div_ceil(64)).map(|_| AtomicU64::new(0)).collect::<Vec<_>>();
        let low = zeros(futures.len());
        let hands = Arc::new(Hands { high: zeros(low.len()), low, task: Mutex::new(None) });
        let seat = |(index, future)| {
            hands.raise(index);
            Some((Box::pin(future), Waker::from(Arc::new(Hand { index, hands: Arc::clone(&hands) }))))
        };
        Self { left: futures.len(), seats: futures.into_iter().enumerate().map(seat).collect(), hands }
    }

    async fn run<T, B>(
        &mut self,
        mut poll: impl FnMut(Pin<&mut F>, &mut Context<'_>) -> Poll<T>,
        mut finished: impl FnMut(usize, T) -> ControlFlow<B>,
    ) -> Option<B> {
        poll_fn(|context| {
            *self.hands.task.lock().unwrap() = Some(context.waker().clone());
            let hands = Arc::clone(&self.hands);
            for word in hands.high.iter().enumerate().flat_map(|(place, high)| bits(place, high)) {
                for index in bits(word, &hands.low[word]) {
                    let Some((child, waker)) = &mut self.seats[index] else { continue };
                    let Poll::Ready(output) = poll(child.as_mut(), &mut Context::from_waker(waker)) else { continue };
                    self.seats[index] = None;
                    self.left -= 1;
                    if let ControlFlow::Break(value) = finished(index, output) {
                        self.seats.clear();
                        return Poll::Ready(Some(value));
                    }
                }
            }
            if self.left > 0 { Poll::Pending } else { Poll::Ready(None) }
        })
        .await
    }
}

/// Takes the bits out of a word; they count from `64 * place`.
fn bits(place: usize, word: &AtomicU64) -> impl Iterator<Item = usize> + use<> {
    let mut bits = if word.load(Ordering::SeqCst) == 0 { 0 } else { word.swap(0, Ordering::SeqCst) };
    std::iter::from_fn(move || {
        let bit = bits.trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
        (bit < 64).then_some(place * 64 + bit)
    })
}

impl Hands {
    fn raise(&self, index: usize) {
        let word = index / 64;
        self.low[word].fetch_or(1 << (index % 64), Ordering::SeqCst);
        self.high[word / 64].fetch_or(1 << (word % 64), Ordering::SeqCst);
    }
}

impl Wake for Hand {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.hands.raise(self.index);
        let task = self.hands.task.lock().unwrap().clone();
        if let Some(task) = task {
            task.wake();
        }
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
