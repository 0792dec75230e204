//! `block_on`: on which thread it polls, and what becomes of the future, also in a panic.

use super::sleeps::{milliseconds, polls_of};
use harness::{DropCount, expect_eq, fact, panic_payload, threads_alive};
use std::future::poll_fn;
use std::panic::panic_any;
use std::task::Poll;
use std::thread;
use subject::block_on;

/// All polls, the first and the last, are on the thread that called `block_on`, and no other thread is started.
///
/// Next: the calling thread has nothing else to do: let it poll, and let it wait.
#[fact(negated)]
fn the_calling_thread_polls() {
    let threads = threads_alive();
    let caller = thread::current().id();
    let mut seen = Vec::new();
    let alive = block_on(poll_fn(|context| {
        seen.push(thread::current().id());
        context.waker().wake_by_ref();
        if seen.len() == 3 { Poll::Ready(threads_alive()) } else { Poll::Pending }
    }));
    let elsewhere = seen.iter().filter(|id| **id != caller).count();
    expect_eq!(seen.len(), 3, "polls of a future that wakes itself in each poll and is ready in the third");
    expect_eq!(elsewhere, 0, "polls, out of three, on another thread than the one that called block_on");
    expect_eq!(alive, threads, "threads of the process during block_on, compared with before");
}

/// The future is dropped once, before `block_on` returns.
///
/// Next: own the future inside `block_on`: `pin!` does, and nothing has to be boxed or forgotten.
#[fact(negated)]
fn the_future_is_dropped_before_block_on_returns() {
    let drops = DropCount::new();
    let counted = drops.token();
    block_on(poll_fn(move |_| {
        let _ = &counted;
        Poll::Ready(())
    }));
    expect_eq!(drops.get(), 1, "drops of what a future owns, when block_on has returned");
}

/// A panic in a poll comes out of `block_on` as it is, the future is dropped, and the thread can call `block_on` again.
///
/// Next: nothing has to be caught. Which of your locks or flags would a panic leave behind?
#[fact(panics)]
fn a_panic_comes_out_with_its_payload() {
    let drops = DropCount::new();
    let counted = drops.token();
    let mut waker = None;
    let panics_in_its_second_poll = poll_fn(|context| {
        if waker.replace(context.waker().clone()).is_some() {
            panic_any(42_u32);
        }
        context.waker().wake_by_ref();
        Poll::Pending
    });
    let owner = async move {
        let _counted = counted;
        panics_in_its_second_poll.await
    };
    let payload = panic_payload(|| -> () { block_on(owner) });
    expect_eq!(payload, Some(42_u32), "the payload that comes out of block_on, when the second poll panics with 42");
    expect_eq!(drops.get(), 1, "drops of what a future owns whose poll has panicked");
    expect_eq!(polls_of(milliseconds(1)), 2, "polls of a sleep, in the next call of block_on on this thread");
}
