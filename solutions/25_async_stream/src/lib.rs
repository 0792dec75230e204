//! Async generators: streams that are written as functions which emit items, one at a time, on demand.
//!
//! A generator's body is a future like any other. What makes it a stream is one slot that it shares with its
//! [`Yielder`]: `emit` puts an item in and is pending until the item has gone, and `poll_next` polls the body and then
//! empties the slot. Everything else follows: [`filter_map`] is itself a generator, [`next`] is one poll, again and again.
//!
//! Nothing here wakes anybody, spawns, or queues. Whoever polls the stream drives the body, on their own thread.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

/// Items that come one after the other, each when it is asked for: what Python calls an asynchronous iterator.
///
/// The standard library has this trait too, as `std::async_iter::AsyncIterator`, but not in stable Rust.
pub trait Stream {
    /// What comes.
    type Item;

    /// Asks for the next item: `Ready(Some(item))`, `Ready(None)` when there are no more, or `Pending`; then the waker of
    /// `context` is woken when it is worth asking again.
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>>;
}

/// A stream of what `body` emits: Python's `async def` with `yield` in it.
///
/// Nothing of `body` runs before the stream is polled for the first time, and after each item it stands still until the
/// next one is asked for. Dropping the stream drops `body` where it stands. When `body` has ended, or has panicked, the
/// stream yields `None` for ever.
///
/// # Panics
/// A panic of `body` comes out of the poll in which it happens.
///
/// # Examples
/// ```
/// use solution_async_stream::{collect, generator};
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
///
/// let countdown = generator(async |y| {
///     for n in (1..=3).rev() {
///         y.emit(n).await;
///     }
/// });
/// let mut context = Context::from_waker(Waker::noop());
/// assert_eq!(pin!(collect(countdown)).poll(&mut context), Poll::Ready(vec![3, 2, 1]));
/// ```
pub fn generator<T>(body: impl AsyncFnOnce(&mut Yielder<T>)) -> impl Stream<Item = T> + Unpin {
    let slot = Slot::new();
    let mut yielder = Yielder { slot: slot.clone() };
    // The block owns the yielder that `body` borrows: one future, and one box so that it never moves.
    Generator { body: Some(Box::pin(async move { body(&mut yielder).await })), slot }
}

/// What a generator emits with. It belongs to one generator and cannot leave it.
pub struct Yielder<T> {
    slot: Slot<T>,
}

impl<T> Yielder<T> {
    /// Hands `item` to whoever asked for one, and stands still until the next one is asked for: Python's `yield`.
    ///
    /// Nothing happens before the returned future is polled. An item that has been handed over stays so, even if that
    /// future is then dropped; the next `emit` waits until it has been taken.
    pub async fn emit(&mut self, item: T) {
        let mut item = Some(item);
        poll_fn(|_| {
            let mut slot = self.slot.lock();
            if slot.is_some() {
                // This item, or that of an `emit` that was given up, has not gone yet. No waker is kept: who takes it
                // is whoever polls the generator, and comes back by itself for the next one.
                return Poll::Pending;
            }
            if item.is_none() {
                return Poll::Ready(());
            }
            *slot = item.take();
            Poll::Pending
        })
        .await
    }
}

/// The stream of a generator.
struct Generator<T, F> {
    /// Empty once the body has ended or panicked.
    body: Option<Pin<Box<F>>>,
    slot: Slot<T>,
}

impl<T, F: Future<Output = ()>> Stream for Generator<T, F> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        // Taken out for the poll: if it panics, it is dropped here and the stream has ended.
        let Some(mut body) = self.body.take() else { return Poll::Ready(None) };
        if body.as_mut().poll(context).is_pending() {
            self.body = Some(body);
        }
        match self.slot.lock().take() {
            Some(item) => Poll::Ready(Some(item)),
            None if self.body.is_some() => Poll::Pending,
            None => Poll::Ready(None),
        }
    }
}

/// The one item in flight. The lock is never waited for, as a body runs only inside its stream's poll; it is here because
/// a stream may move to another thread between two polls.
struct Slot<T>(Arc<Mutex<Option<T>>>);

impl<T> Slot<T> {
    fn new() -> Self {
        Slot(Arc::new(Mutex::new(None)))
    }

    fn clone(&self) -> Self {
        Slot(Arc::clone(&self.0))
    }

    fn lock(&self) -> MutexGuard<'_, Option<T>> {
        self.0.lock().expect("nothing panics while the slot is locked")
    }
}

/// The next item of `stream`, or `None` when there are no more: Python's `anext`.
///
/// Dropping the returned future loses no item: the stream keeps all there is to keep.
///
/// # Examples
/// ```
/// use solution_async_stream::{generator, next};
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
///
/// let mut greetings = generator(async |y| y.emit("hello").await);
/// let mut context = Context::from_waker(Waker::noop());
/// assert_eq!(pin!(next(&mut greetings)).poll(&mut context), Poll::Ready(Some("hello")));
/// assert_eq!(pin!(next(&mut greetings)).poll(&mut context), Poll::Ready(None));
/// ```
pub async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}

/// All items of `stream`, in order: `[x async for x in stream]`.
///
/// # Examples
/// See [`generator`] and [`filter_map`].
pub async fn collect<S: Stream + Unpin>(mut stream: S) -> Vec<S::Item> {
    let mut items = Vec::new();
    while let Some(item) = next(&mut stream).await {
        items.push(item);
    }
    items
}

/// What `function` makes of the items of `stream`, without those for which it returns `None`:
/// `(f(x) async for x in stream if …)`.
///
/// # Panics
/// A panic of `function` or of `stream` comes out of the poll in which it happens, and ends the new stream.
///
/// # Examples
/// ```
/// use solution_async_stream::{collect, filter_map, generator};
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
///
/// let words = generator(async |y| {
///     for word in ["7", "seven", "8"] {
///         y.emit(word).await;
///     }
/// });
/// let numbers = filter_map(words, async |word: &str| word.parse::<u8>().ok());
/// let mut context = Context::from_waker(Waker::noop());
/// assert_eq!(pin!(collect(numbers)).poll(&mut context), Poll::Ready(vec![7, 8]));
/// ```
pub fn filter_map<S: Stream + Unpin, U>(
    mut stream: S,
    mut function: impl AsyncFnMut(S::Item) -> Option<U>,
) -> impl Stream<Item = U> + Unpin {
    generator(async move |y| {
        while let Some(item) = next(&mut stream).await {
            if let Some(result) = function(item).await {
                y.emit(result).await;
            }
        }
    })
}
