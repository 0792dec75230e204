//! Async generators: streams that are written as functions which emit items, one at a time, on demand.
//!
//! The brief is in `README.md`. [`Stream`] is given and stays as it is, and so do all signatures. What a [`Yielder`] holds
//! is yours to choose, and so are the types behind the `impl Stream`; `Unwritten` only keeps their places until then.

use std::marker::PhantomData;
use std::pin::Pin;
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
/// use async_stream::{collect, generator};
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
    drop(body);
    Unwritten(PhantomData)
}

/// What a generator emits with. It belongs to one generator and cannot leave it.
pub struct Yielder<T> {
    _item: PhantomData<T>,
}

impl<T> Yielder<T> {
    /// Hands `item` to whoever asked for one, and stands still until the next one is asked for: Python's `yield`.
    ///
    /// Nothing happens before the returned future is polled. An item that has been handed over stays so, even if that
    /// future is then dropped; the next `emit` waits until it has been taken.
    pub async fn emit(&mut self, item: T) {
        drop(item);
        todo!("hand the item to whoever polls the stream, and wait until it has gone")
    }
}

/// The next item of `stream`, or `None` when there are no more: Python's `anext`.
///
/// Dropping the returned future loses no item: the stream keeps all there is to keep.
///
/// # Examples
/// ```
/// use async_stream::{generator, next};
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
///
/// let mut greetings = generator(async |y| y.emit("hello").await);
/// let mut context = Context::from_waker(Waker::noop());
/// assert_eq!(pin!(next(&mut greetings)).poll(&mut context), Poll::Ready(Some("hello")));
/// assert_eq!(pin!(next(&mut greetings)).poll(&mut context), Poll::Ready(None));
/// ```
pub async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    let _ = stream;
    todo!("poll the stream until it is ready")
}

/// All items of `stream`, in order: `[x async for x in stream]`.
///
/// # Examples
/// See [`generator`] and [`filter_map`].
pub async fn collect<S: Stream + Unpin>(stream: S) -> Vec<S::Item> {
    drop(stream);
    todo!("ask for one item after the other")
}

/// What `function` makes of the items of `stream`, without those for which it returns `None`:
/// `(f(x) async for x in stream if …)`.
///
/// # Panics
/// A panic of `function` or of `stream` comes out of the poll in which it happens, and ends the new stream.
///
/// # Examples
/// ```
/// use async_stream::{collect, filter_map, generator};
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
    stream: S,
    function: impl AsyncFnMut(S::Item) -> Option<U>,
) -> impl Stream<Item = U> + Unpin {
    drop((stream, function));
    Unwritten(PhantomData)
}

/// Keeps the place of the streams that are yours to write.
struct Unwritten<T>(PhantomData<fn() -> T>);

impl<T> Stream for Unwritten<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<T>> {
        todo!("run the generator as far as its next item")
    }
}
