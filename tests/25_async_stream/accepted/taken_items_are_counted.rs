//! A counter of the items that were taken tells each `emit` when its own has gone; `filter_map` is a generator.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

/// Items that come one after the other, each when it is asked for.
pub trait Stream {
    /// What comes.
    type Item;

    /// Asks for the next item.
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>>;
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
///
/// # Panics
/// A panic of `function` or of `stream` comes out of the poll in which it happens, and ends the new stream.
pub fn filter_map<S: Stream + Unpin, U>(
    mut stream: S,
    mut function: impl AsyncFnMut(S::Item) -> Option<U>,
) -> impl Stream<Item = U> + Unpin {
    generator(async move |y: &mut Yielder<U>| {
        while let Some(item) = next(&mut stream).await {
            if let Some(result) = function(item).await {
                y.emit(result).await;
            }
        }
    })
}

/// A stream of what `body` emits.
///
/// # Panics
/// A panic of `body` comes out of the poll in which it happens.
pub fn generator<T>(body: impl AsyncFnOnce(&mut Yielder<T>)) -> impl Stream<Item = T> + Unpin {
    let window = Arc::new(Mutex::new(Window { item: None, taken: 0 }));
    let mut yielder = Yielder { window: Arc::clone(&window) };
    Generator { body: Some(Box::pin(async move { body(&mut yielder).await })), window }
}

struct Window<T> {
    item: Option<T>,
    taken: u64,
}

fn lock<T>(window: &Mutex<Window<T>>) -> MutexGuard<'_, Window<T>> {
    window.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Generator<T, B> {
    body: Option<Pin<Box<B>>>,
    window: Arc<Mutex<Window<T>>>,
}

impl<T, B: Future<Output = ()>> Stream for Generator<T, B> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        // Taken out: a panic drops it on its way.
        let Some(mut body) = self.body.take() else { return Poll::Ready(None) };
        let ended = body.as_mut().poll(context).is_ready();
        if ended {
            drop(body);
        } else {
            self.body = Some(body);
        }
        let mut window = lock(&self.window);
        match window.item.take() {
            Some(item) => {
                window.taken += 1;
                Poll::Ready(Some(item))
            }
            None if ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

/// What a generator emits with.
pub struct Yielder<T> {
    window: Arc<Mutex<Window<T>>>,
}

impl<T> Yielder<T> {
    /// Hands `item` to whoever asked for one, and stands still until the next one is asked for.
    pub async fn emit(&mut self, item: T) {
        let mut item = Some(item);
        let mut taken_before = 0;
        poll_fn(|_| {
            let mut window = lock(&self.window);
            if item.is_none() {
                return if window.taken > taken_before { Poll::Ready(()) } else { Poll::Pending };
            }
            if window.item.is_none() {
                taken_before = window.taken;
                window.item = item.take();
            }
            Poll::Pending
        })
        .await;
    }
}
