//! The timer: one thread for all sleeps, which blocks, and which holds no lock while it calls or drops a waker.

use super::sleeps::{ATTEMPTS, HOUR, milliseconds};
use super::task::Task;
use harness::{actor, cpu_time, expect, expect_eq, fact, threads_alive};
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Wake, Waker};
use subject::{Sleep, block_on, sleep};

/// All sleeps share one timer thread, whichever thread they are polled on.
///
/// Next: one static timer, started by whoever comes first; sleeps only leave a deadline and a waker with it.
#[fact]
fn a_hundred_sleeps_share_one_thread() {
    let threads = threads_alive();
    let naps = fifty_pending_sleeps();
    let (polled, all_polled) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    let other = actor("other", move || {
        let _naps = fifty_pending_sleeps();
        polled.send(()).expect("the fact waits for it");
        ended.recv().is_err()
    });
    all_polled.recv().expect("the actor polls its sleeps");
    expect_eq!(threads_alive(), threads + 2, "threads, with one more that polls sleeps and a hundred of these pending");
    drop(end);
    other.finish();
    drop(naps);
}

/// Waiting for a sleep uses no processor time, on the waiting thread or on the timer's.
///
/// Next: both threads block: one until its waker is used, the other until the deadline.
#[fact]
fn waiting_uses_no_processor() {
    block_on(sleep(milliseconds(1)));
    let attempt = || {
        let before = cpu_time();
        block_on(sleep(milliseconds(150)));
        cpu_time() - before
    };
    // A virtual machine that stands still may count that time as used: who polls or spins does so every time.
    let used = (0..3).map(|_| attempt()).find(|used| *used < milliseconds(60)).unwrap_or_else(attempt);
    expect!(
        used < milliseconds(60),
        "processor time that all threads used during a sleep of 150 ms",
        "next to none",
        format!("{used:?}")
    );
}

/// A wake by the timer may poll, drop and create sleeps.
///
/// Next: take the waker out, let go of your lock, and only then call it.
#[fact]
fn a_wake_may_use_the_timer() {
    let (sender, receiver) = mpsc::channel();
    let mut other = sleep(HOUR);
    let _ = Task::new().poll(&mut other);
    let other = Mutex::new(Some(other));
    let waker = waker_of(move || {
        let mut fresh = sleep(milliseconds(1));
        let _ = Task::new().poll(&mut fresh);
        drop(other.lock().unwrap().take());
        let _ = sender.send(fresh);
    });
    // More than once only on a machine that is so slow that a first poll takes 2 ms.
    let nap = (0..ATTEMPTS).map(|_| sleep(milliseconds(2))).find_map(|mut nap| {
        let poll = Pin::new(&mut nap).poll(&mut Context::from_waker(&waker));
        poll.is_pending().then_some(nap)
    });
    drop(waker);
    let fresh = receiver.recv().expect("the wake creates a sleep, polls it, drops another, and returns");
    block_on(fresh);
    drop(nap);
}

/// The last clone of a waker may own sleeps: to let go of it may drop them.
///
/// Next: a waker that you replace or remove is dropped when your lock is free again, not before.
#[fact]
fn a_waker_may_own_a_sleep() {
    let owner = || {
        let mut owned = sleep(HOUR);
        let _ = Task::new().poll(&mut owned);
        let owned = Mutex::new(owned);
        waker_of(move || drop(owned.lock()))
    };
    let mut nap = sleep(HOUR);
    let _ = Pin::new(&mut nap).poll(&mut Context::from_waker(&owner()));
    // Replaces the waker, and with it drops the sleep that it owns.
    let _ = Pin::new(&mut nap).poll(&mut Context::from_waker(&owner()));
    drop(nap);
    let mut short = sleep(milliseconds(2));
    let _ = Pin::new(&mut short).poll(&mut Context::from_waker(&owner()));
    // If the timer's thread drops the sleep under its lock, it can serve no other.
    block_on(sleep(milliseconds(4)));
}

/// A waker that runs `action` whenever it is woken, and owns it.
fn waker_of(action: impl Fn() + Send + Sync + 'static) -> Waker {
    struct Run<F>(F);
    impl<F: Fn() + Send + Sync + 'static> Wake for Run<F> {
        fn wake(self: Arc<Self>) {
            (self.0)();
        }
    }
    Waker::from(Arc::new(Run(action)))
}

fn fifty_pending_sleeps() -> Vec<Sleep> {
    let task = Task::new();
    let mut naps: Vec<Sleep> = (0..50).map(|_| sleep(HOUR)).collect();
    for nap in &mut naps {
        let _ = task.poll(nap);
    }
    naps
}
