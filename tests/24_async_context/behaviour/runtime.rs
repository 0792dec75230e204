//! The runtime of the stories; futures that are polled once, given up, or caught when they panic; and failures as results.

use super::probe::SECOND;
use harness::{catch_panic, expect, paused_clock};
use std::future::poll_fn;
use std::panic::{panic_any, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use subject::Failure;
use tokio::runtime::{Handle, Runtime};
use tokio::time::{sleep, timeout};

pub(super) fn runtime() -> Runtime {
    paused_clock!()
}

pub(super) fn tasks_alive() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Lets happen whatever happens within a minute; the clock jumps over the rest.
pub(super) async fn settle() {
    sleep(60 * SECOND).await;
}

/// Drops a future that has not come to its end after so many milliseconds.
pub(super) async fn give_up_after<F: Future>(milliseconds: u64, future: F) {
    let given_up = timeout(Duration::from_millis(milliseconds), future).await;
    expect!(given_up.is_err(), format!("a future that has to wait, after {milliseconds} ms"), "pending", "ready");
}

pub(super) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

pub(super) fn failure<T, const N: usize>(error: &str, later: [&str; N]) -> Result<T, Failure<String>> {
    Err(Failure { error: error.into(), later: later.map(String::from).into() })
}

/// Never an error: a panic.
pub(super) fn panicking(payload: u8) -> Result<(), String> {
    panic_any(payload)
}

/// The payload of the future's panic, if it panics. Payloads of panics that were not planned go on.
pub(super) async fn panic_of<F: Future>(future: F) -> Option<u8> {
    let mut future = Box::pin(future);
    let outcome = poll_fn(|context| match catch_panic(|| future.as_mut().poll(context)) {
        Ok(poll) => poll.map(|_| None),
        Err(payload) => Poll::Ready(Some(payload)),
    });
    let payload = outcome.await?;
    Some(*payload.downcast::<u8>().unwrap_or_else(|other| resume_unwind(other)))
}
