//! Every item travels in an envelope that its `emit` keeps an eye on; `filter_map` carries its stream and its function from one step
//! to the next.

use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

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
pub fn collect<S: Stream + Unpin>(stream: S) -> impl Future<Output = Vec<S::Item>> {
    async move {
        let (mut stream, mut items) = (stream, vec![]);
        loop {
            match next(&mut stream).await {
                Some(item) => items.push(item),
                None => return items,
            }
        }
    }
}

/// What `function` makes of the items of `stream`, without those for which it returns `None`.
///
/// # Panics
/// A panic of `function` or of `stream` comes out of the poll in which it happens, and ends the new stream.
pub fn filter_map<S: Stream + Unpin, U>(
    stream: S,
    function: impl AsyncFnMut(S::Item) -> Option<U>,
) -> impl Stream<Item = U> + Unpin {
    Steps { step: one_step, state: Carried::Between((stream, function)) }
}

async fn one_step<S: Stream + Unpin, U, F: AsyncFnMut(S::Item) -> Option<U>>(
    (mut stream, mut function): (S, F),
) -> ((S, F), Option<U>) {
    while let Some(item) = next(&mut stream).await {
        if let Some(result) = function(item).await {
            return ((stream, function), Some(result));
        }
    }
    ((stream, function), None)
}

/// Runs `step` on what the last one left, once for each item.
struct Steps<C, M, B> {
    step: M,
    state: Carried<C, B>,
}

enum Carried<C, B> {
    Between(C),
    Within(Pin<Box<B>>),
    Ended,
}

impl<C, M, B> Unpin for Steps<C, M, B> {}

impl<C, U, B: Future<Output = (C, Option<U>)>, M: FnMut(C) -> B> Stream for Steps<C, M, B> {
    type Item = U;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<U>> {
        let mut running = match mem::replace(&mut self.state, Carried::Ended) {
            Carried::Ended => return Poll::Ready(None),
            Carried::Within(running) => running,
            Carried::Between(carried) => Box::pin((self.step)(carried)),
        };
        match running.as_mut().poll(context) {
            Poll::Pending => {
                self.state = Carried::Within(running);
                Poll::Pending
            }
            Poll::Ready((carried, item)) => {
                if item.is_some() {
                    self.state = Carried::Between(carried);
                }
                Poll::Ready(item)
            }
        }
    }
}

/// A stream of what `body` emits.
///
/// # Panics
/// A panic of `body` comes out of the poll in which it happens.
pub fn generator<T>(body: impl AsyncFnOnce(&mut Yielder<T>)) -> impl Stream<Item = T> + Unpin {
    let tray = Tray(Arc::new(Mutex::new(None)));
    let running = running(body, Yielder { tray: Tray(Arc::clone(&tray.0)) });
    Generator::Running(Box::pin(running), tray)
}

async fn running<T>(body: impl AsyncFnOnce(&mut Yielder<T>), mut yielder: Yielder<T>) {
    body(&mut yielder).await;
}

struct Envelope<T> {
    item: T,
    was_taken: Arc<AtomicBool>,
}

struct Tray<T>(Arc<Mutex<Option<Envelope<T>>>>);

enum Generator<T, B> {
    Running(Pin<Box<B>>, Tray<T>),
    Ended,
}

impl<T, B> Unpin for Generator<T, B> {}

impl<T, B: Future<Output = ()>> Stream for Generator<T, B> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let Generator::Running(mut body, tray) = mem::replace(&mut *self, Generator::Ended) else {
            return Poll::Ready(None);
        };
        let polled = body.as_mut().poll(context);
        let envelope = tray.0.lock().unwrap().take();
        if polled.is_pending() {
            *self = Generator::Running(body, tray);
        }
        match envelope {
            Some(Envelope { item, was_taken }) => {
                was_taken.store(true, Ordering::Release);
                Poll::Ready(Some(item))
            }
            None => {
                ready!(polled);
                Poll::Ready(None)
            }
        }
    }
}

/// What a generator emits with.
pub struct Yielder<T> {
    tray: Tray<T>,
}

impl<T> Yielder<T> {
    /// Hands `item` to whoever asked for one, and stands still until the next one is asked for.
    pub async fn emit(&mut self, item: T) {
        let was_taken = Arc::new(AtomicBool::new(false));
        let mut envelope = Some(Envelope { item, was_taken: Arc::clone(&was_taken) });
        poll_fn(move |_| {
            if was_taken.load(Ordering::Acquire) {
                return Poll::Ready(());
            }
            let mut tray = self.tray.0.lock().unwrap();
            if tray.is_none() && envelope.is_some() {
                *tray = envelope.take();
            }
            Poll::Pending
        })
        .await
    }
}
