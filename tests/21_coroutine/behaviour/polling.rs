//! `block_on`: each wake makes one poll, whoever wakes and whenever, and nothing else makes one.

use super::call::Call;
use harness::{actor, expect_eq, fact, quiesce};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use subject::block_on;

/// Each wake makes one poll, and without a wake there is none: the thread is blocked.
///
/// Next: after a pending poll wait until the waker is used, without a time-out, and then poll once.
#[fact(negated)]
fn each_wake_makes_one_poll() {
    let call = Call::new();
    let blocked = call.start("blocked");
    quiesce();
    expect_eq!(call.polls(), 1, "polls of a pending future that nobody has woken");
    for wakes in 1..=3 {
        call.waker(0).wake();
        quiesce();
        expect_eq!(call.polls(), wakes + 1, format!("polls of a pending future after {wakes} wakes, one by one"));
    }
    call.end();
    blocked.finish();
    expect_eq!(call.polls(), 5, "polls of a future that was woken three times, then woken and ready");
}

/// Wakes during a poll are not lost, and make one more poll, however many they are.
///
/// Next: being woken is a state, not a count. Forget it before a poll, never after one.
#[fact]
fn wakes_during_a_poll_make_one_more() {
    let call = Call::new();
    call.in_first_poll(|waker| {
        waker.wake_by_ref();
        let theirs = waker.clone();
        thread::spawn(move || theirs.wake()).join().expect("a wake does not panic");
        waker.wake_by_ref();
    });
    let blocked = call.start("blocked");
    quiesce();
    expect_eq!(call.polls(), 2, "polls of a future that was woken three times in its first poll, and never after");
    call.end();
    blocked.finish();
}

/// The waker of an early poll wakes as well as that of the latest.
///
/// Next: make the waker once per call, not once per poll: wakers of all polls must lead to the same place.
#[fact]
fn wakers_of_early_polls_stay_good() {
    let call = Call::new();
    let blocked = call.start("blocked");
    quiesce();
    call.waker(0).wake();
    quiesce();
    call.waker(0).wake();
    quiesce();
    expect_eq!(call.polls(), 3, "polls, after the waker of the first poll was used twice, with a poll in between");
    call.waker(1).wake();
    quiesce();
    expect_eq!(call.polls(), 4, "polls, after the waker of the second poll was used too");
    call.end();
    blocked.finish();
}

/// A waker whose call has returned wakes no later call on the same thread, and does no harm when the thread has ended.
///
/// Next: what a waker sets must belong to its call, not to the thread.
#[fact]
fn a_waker_wakes_no_later_call() {
    let (early, call) = (Call::new(), Call::new());
    early.end();
    let (first, second) = (early.clone(), call.clone());
    let blocked = actor("blocked", move || {
        block_on(first);
        block_on(second);
    });
    quiesce();
    for _ in 0..2 {
        early.waker(0).wake();
        quiesce();
    }
    expect_eq!(call.polls(), 1, "polls of a pending future, after wakes for an earlier call on its thread");
    call.end();
    blocked.finish();
    early.waker(0).wake();
    call.waker(0).wake();
}

/// A wake of the outer call, while a call inside of it waits, is kept for the outer one.
///
/// Next: two calls on one thread need two places for their wakes, and each must look at its own only.
#[fact]
fn nested_calls_do_not_take_each_others_wakes() {
    let (outer, inner) = (Call::new(), Call::new());
    let within = inner.clone();
    outer.in_first_poll(move |_| block_on(within));
    let blocked = outer.start("blocked");
    quiesce();
    outer.waker(0).wake();
    quiesce();
    expect_eq!(inner.polls(), 1, "polls of the future of an inner call, after a wake for the outer one");
    inner.end();
    quiesce();
    expect_eq!(inner.polls(), 2, "polls of the future of the inner call, after its own wake");
    expect_eq!(outer.polls(), 2, "polls of the future of the outer call, which was woken while the inner one waited");
    outer.end();
    blocked.finish();
}

/// A thread that is unparked without a wake does not poll.
///
/// Next: `park` may return for any reason. Go back to it until a waker has left its mark.
#[fact]
fn to_be_unparked_is_not_to_be_woken() {
    let call = Call::new();
    let (sender, receiver) = mpsc::channel();
    let theirs = call.clone();
    let blocked = actor("blocked", move || {
        sender.send(thread::current()).expect("the fact waits for it");
        block_on(theirs);
    });
    let thread = receiver.recv().expect("the actor sends its handle");
    for _ in 0..3 {
        quiesce();
        thread.unpark();
    }
    quiesce();
    expect_eq!(call.polls(), 1, "polls of a pending future, after its thread was unparked three times but never woken");
    call.end();
    blocked.finish();
}

/// A future that uses up the token of `unpark` while it is polled loses no wake by that.
///
/// Next: whether there was a wake must be written down in a place that only `block_on` and its wakers know.
#[fact]
fn a_future_that_parks_loses_no_wake() {
    let call = Call::new();
    call.in_first_poll(|waker| {
        waker.wake_by_ref();
        thread::park_timeout(Duration::ZERO);
    });
    let blocked = call.start("blocked");
    quiesce();
    expect_eq!(call.polls(), 2, "polls of a future whose first poll wakes itself and then takes the park token away");
    call.end();
    blocked.finish();
}
