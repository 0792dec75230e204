//! caught-by: schedules — the_stream_goes_on_on_another_thread
//! Registers the task before the poll only if none is known; else after it, when the old one may have been woken.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

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
    Generator { body: Some(Box::pin(async move { body(&mut yielder).await })), slot, bell: Arc::default() }
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

struct Generator<T, F> {
    body: Option<Pin<Box<F>>>,
    slot: Arc<Mutex<Option<T>>>,
    bell: Arc<Bell>,
}

impl<T, F: Future<Output = ()>> Stream for Generator<T, F> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(mut body) = self.body.take() else { return Poll::Ready(None) };
        self.bell.task.lock().unwrap().get_or_insert_with(|| context.waker().clone());
        let waker = Waker::from(Arc::clone(&self.bell));
        if body.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            self.body = Some(body);
            *self.bell.task.lock().unwrap() = Some(context.waker().clone());
        }
        let item = self.slot.lock().unwrap().take();
        if item.is_none() && self.body.is_some() { Poll::Pending } else { Poll::Ready(item) }
    }
}

/// The body's waker, and the waker of whoever polled last.
#[derive(Default)]
struct Bell {
    task: Mutex<Option<Waker>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        let task = self.task.lock().unwrap().clone();
        if let Some(task) = task {
            task.wake();
        }
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
