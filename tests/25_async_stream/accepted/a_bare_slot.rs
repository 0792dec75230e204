//! The slot is a bare `Arc<Mutex<…>>` with one decision for `emit` and one for the stream; otherwise the plan of the reference.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

/// Items that come one after the other, each when it is asked for.
pub trait Stream {
    /// What comes.
    type Item;

    /// Asks for the next item.
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>>;
}

/// A stream of what `body` emits.
pub fn generator<T>(body: impl AsyncFnOnce(&mut Yielder<T>)) -> impl Stream<Item = T> + Unpin {
    let slot = Arc::new(Mutex::new(None));
    let mut yielder = Yielder { slot: Arc::clone(&slot) };
    Generator { body: Some(Box::pin(async move { body(&mut yielder).await })), slot }
}

/// What a generator emits with.
pub struct Yielder<T> {
    slot: Arc<Mutex<Option<T>>>,
}

impl<T> Yielder<T> {
    /// Hands `item` to whoever asked for one, and stands still until the next one is asked for.
    pub async fn emit(&mut self, item: T) {
        let mut item = Some(item);
        poll_fn(|_| {
            let mut slot = self.slot.lock().unwrap();
            if slot.is_none() {
                if item.is_none() {
                    return Poll::Ready(());
                }
                *slot = item.take();
            }
            Poll::Pending
        })
        .await
    }
}

/// The stream of a generator.
struct Generator<T, F> {
    /// Empty once the body has ended or panicked.
    body: Option<Pin<Box<F>>>,
    slot: Arc<Mutex<Option<T>>>,
}

impl<T, F: Future<Output = ()>> Stream for Generator<T, F> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(mut body) = self.body.take() else { return Poll::Ready(None) };
        if body.as_mut().poll(context).is_pending() {
            self.body = Some(body);
        }
        let item = self.slot.lock().unwrap().take();
        if item.is_none() && self.body.is_some() { Poll::Pending } else { Poll::Ready(item) }
    }
}

/// The next item of `stream`, or `None` when there are no more.
pub async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}

/// All items of `stream`, in order.
pub async fn collect<S: Stream + Unpin>(mut stream: S) -> Vec<S::Item> {
    let mut items = Vec::new();
    while let Some(item) = next(&mut stream).await {
        items.push(item);
    }
    items
}

/// What `function` makes of the items of `stream`, without those for which it returns `None`.
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
