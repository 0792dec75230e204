//! A future that must not be moved once it was polled can be run, unboxed or boxed, and by reference.
use std::marker::PhantomPinned;
use std::pin::pin;
use subject::block_on;

async fn pinned() -> usize {
    let anchor = PhantomPinned;
    std::future::ready(()).await;
    let _ = &anchor;
    0
}

fn main() {
    block_on(pinned());
    block_on(Box::pin(pinned()));
    block_on(pin!(pinned()).as_mut());
}
