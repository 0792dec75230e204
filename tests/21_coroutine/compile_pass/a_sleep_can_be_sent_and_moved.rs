//! A `Sleep` can be sent to another thread, moved between polls, kept in a struct and polled without pinning it.
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use subject::{Sleep, block_on, sleep};

struct Timeout<F> {
    future: Pin<Box<F>>,
    nap: Sleep,
}

impl<F: Future> Future for Timeout<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        if let Poll::Ready(output) = self.future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        Pin::new(&mut self.nap).poll(context).map(|()| None)
    }
}

fn is_send_and_static(_: &(impl Send + 'static)) {}

fn main() {
    let timeout = Timeout { future: Box::pin(async { 5 }), nap: sleep(Duration::ZERO) };
    is_send_and_static(&timeout);
    block_on(timeout);
}
